// Docs: docs/freshness.md#stale-while-revalidate
import { getTRPCErrorFromUnknown } from '@trpc/server';
import type { MiddlewareOpts, MiddlewareResult } from './middleware.ts';
import type { Middleware, Place } from './registry.ts';

/**
 * Runs what stands behind a middleware of a registered procedure, as tRPC would, but with a signal of its own: that of the
 * request is aborted when its response is closed (by tRPC 11.0 also when it was sent), and the run outlives it.
 */
export function runBehind({ procedure, index }: Place, opts: MiddlewareOpts): Promise<MiddlewareResult> {
  return runFrom(procedure._def.middlewares, index + 1, opts, (procedure._def as { meta?: unknown }).meta);
}

async function runFrom(
  chain: readonly Middleware[],
  index: number,
  opts: MiddlewareOpts,
  meta: unknown,
): Promise<MiddlewareResult> {
  const next: MiddlewareOpts['next'] = (changed) => {
    const { ctx, ...rest } = (changed ?? {}) as {
      ctx?: object;
      input?: unknown;
      getRawInput?: MiddlewareOpts['getRawInput'];
    };
    const merged = ctx === undefined ? opts.ctx : { ...(opts.ctx as object), ...ctx };
    const getRawInput = rest.getRawInput ?? opts.getRawInput;
    const input = 'input' in rest ? rest.input : opts.input;
    return runFrom(chain, index + 1, { ...opts, ctx: merged, input, getRawInput }, meta);
  };
  try {
    const middleware = chain[index] as unknown as (opts: object) => Promise<MiddlewareResult>;
    return await middleware({ ...opts, meta, next });
  } catch (cause) {
    return { marker: 'middlewareMarker', ok: false, error: getTRPCErrorFromUnknown(cause) };
  }
}
