// Docs: docs/http.md#request-directives
import { TRPCError } from '@trpc/server';
import type { Call } from '../call.ts';
import { atOnce, type CallOpts } from '../call-opts.ts';
import { type Demand, demandOf, satisfies } from '../http/demand.ts';
import type { HttpSettings } from '../http-options.ts';
import type { RequestFacts } from './calls.ts';

/** What a request asks of the cache, as a call knows it. */
export interface Demanded {
  readonly demand: Demand;
  readonly asked: Pick<Call<unknown>, 'accepts' | 'maxStaleMs'>;
  /** Whether something stored was not good enough. */
  readonly hasRefused: () => boolean;
}

/** The directives of a request, where they count; those of a caller for whom the predicate fails do not. */
export function demandedBy(
  request: RequestFacts | undefined,
  { ctx, path }: CallOpts<unknown, unknown>,
  honours: HttpSettings['honours'],
): Demanded | undefined {
  if (honours === undefined || request === undefined) return undefined;
  const demand = demandOf(request.header('cache-control'), request.header('pragma'));
  if (demand === undefined || !isHonoured(honours, { ctx, path })) return undefined;
  let refused = false;
  const accepts: Call<unknown>['accepts'] = (entry, now) => {
    const does = satisfies(entry, demand, now);
    refused ||= !does;
    return does;
  };
  const maxStaleMs = (demand.maxStale ?? 0) * 1_000;
  return { demand, asked: { accepts, maxStaleMs }, hasRefused: () => refused };
}

function isHonoured(honours: NonNullable<HttpSettings['honours']>, opts: { ctx: unknown; path: string }): boolean {
  try {
    return atOnce(honours(opts), 'http.requestDirectives') === true;
  } catch {
    return false; // whoever is not known may not turn the cache off
  }
}

/** What answers `only-if-cached` where nothing is stored (RFC 9111 section 5.2.1.7). */
export const notCached = (): TRPCError =>
  new TRPCError({
    code: 'GATEWAY_TIMEOUT',
    message: 'Nothing is stored that answers this, and the request wants nothing else.',
  });
