// Docs: docs/decisions/0013-outputs-that-nobody-looks-at.md
import type { Calls } from './calls.ts';
import { handOn, type MiddlewareOpts, type MiddlewareResult } from './middleware.ts';
import type { Middleware } from './registry.ts';

/**
 * The outermost middleware that may look at a hit, with an eye on what comes out of it: the very result that `cached` gave, its
 * output untaken, was seen by nobody.
 */
export function gateAround(outer: Middleware, calls: Calls): Middleware {
  const run = outer as unknown as (opts: MiddlewareOpts) => Promise<MiddlewareResult>;
  const gate = async (opts: MiddlewareOpts): Promise<MiddlewareResult> => {
    const record = calls.find(opts.getRawInput);
    if (record?.request === undefined) return run(opts);
    record.isGated = true;
    const result = await run(opts);
    const { lentOut } = record;
    const outcome = lentOut?.outcome;
    if (lentOut === undefined || outcome === undefined) return result;
    outcome.returned = lentOut.loan.settle(result);
    record.outcome = outcome;
    // Another result for tRPC: whoever looks at this one later on takes the output as before.
    return lentOut.loan.isUntaken(result) ? { ...handOn(outcome.returned.value), ctx: result.ctx } : result;
  };
  return Object.assign(gate as unknown as Middleware, outer._type !== undefined && { _type: outer._type });
}
