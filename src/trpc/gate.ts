// Docs: docs/decisions/0013-outputs-that-nobody-looks-at.md
import type { Calls } from './calls.ts';
import type { MiddlewareOpts, MiddlewareResult } from './middleware.ts';
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
    const { loan, outcome } = record;
    if (loan !== undefined && outcome !== undefined) outcome.returned = loan.settle(result);
    return result;
  };
  return Object.assign(gate as unknown as Middleware, outer._type !== undefined && { _type: outer._type });
}
