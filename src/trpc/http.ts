// Docs: docs/http.md
import type { Exchange, RequestFacts } from './calls.ts';
import { describe } from './description.ts';
import type { HttpParts, Meta, MetaOpts, RequestInfo } from './exchange.ts';
import { composeHeaders, outerResponse } from './headers.ts';
import { refuse } from './refusal.ts';
import { requestOf } from './requests.ts';
import { tellWriter } from './writer.ts';

/** The two hooks that `cache.http` puts around the user's own. */
export interface Hooks {
  readonly enter: (given: unknown) => void;
  readonly leave: (meta: MetaOpts, user: Meta) => Meta;
}

/** Reads the request on the way in, describes the response on the way out. */
export function createHooks(parts: HttpParts): Hooks {
  return {
    enter(given) {
      const { info } = (given ?? {}) as { info?: RequestInfo };
      const shown = requestOf(given);
      if (info?.calls === undefined || shown === undefined) return;
      const exact = parts.options.readYourWritesMs > 0 && wroteLately.test(shown.header('cookie') ?? '');
      const { req } = given as { req?: object };
      const splices = req && parts.splices.get(req);
      const { method, header } = shown;
      const request: RequestFacts = { method, header, exact, lends: isLender(method, info) };
      const end = exact ? parts.exact.begin() : undefined;
      const exchange = { request, outer: outerResponse(given), end, splices, isAnswered: false };
      for (const { getRawInput } of info.calls) {
        const record = parts.calls.of(getRawInput);
        record.request = request;
        record.exchange = exchange;
      }
    },
    leave: (meta, user) => answerOf(meta, user, parts.calls.find(meta.info?.calls[0]?.getRawInput)?.exchange, parts),
  };
}

/** Of a stream, headers are sent before any call is answered, and outputs one by one: none is ours to write. */
const isLender = (method: string, { accept }: RequestInfo): boolean =>
  method === 'GET' && accept !== 'application/jsonl';

const wroteLately = /(?:^|;\s*)trpc-cached-exact=1(?:;|$)/;

/** What is said of a response: of one to mutations what they did, of one to queries how it may be kept. */
function answerOf(meta: MetaOpts, user: Meta, exchange: Exchange | undefined, parts: HttpParts): Meta {
  if (exchange?.isAnswered === true) return failedLate(user, exchange, parts);
  if (exchange !== undefined) exchange.isAnswered = true;
  const outer = exchange?.outer ?? outerResponse(undefined);
  const told = tellWriter(meta, user, outer, parts);
  // Streams send their headers before any procedure has run (eager): there is nothing true to say.
  if (meta.eagerGeneration === true) return told;
  exchange?.end?.();
  // Errors are stored by nobody: 404, 405 and others are cacheable by heuristics (RFC 9110 section 15.1).
  if (meta.errors.length > 0) {
    const headers = composeHeaders(told.headers, outer);
    refuse(headers, parts.options);
    return { ...told, headers: headers.done() };
  }
  if (meta.type !== 'query' || meta.info === undefined || exchange === undefined) return told;
  return describe(meta, meta.info, exchange, told, parts);
}

/**
 * An output that could not be serialized. tRPC has the headers of the first answer already, and puts these beside them: what
 * was said of the cache, or told to the client, is not said again.
 */
function failedLate(user: Meta, { outer }: Exchange, { options }: HttpParts): Meta {
  const { statusHeader, tellInvalidated } = options;
  // The fetch adapter gives all that was set outside once more.
  if (outer.merges) for (const name of ['vary', 'set-cookie', 'cache-status']) outer.remove(name);
  if (outer.merges && statusHeader !== false) outer.remove(statusHeader);
  if (outer.merges && tellInvalidated !== false) outer.remove(tellInvalidated);
  const headers = composeHeaders(user.headers, outer);
  refuse(headers, options);
  return { ...user, headers: headers.done() };
}
