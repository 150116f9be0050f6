// Docs: docs/keys-and-scopes.md#which-procedure
import type { Wishes } from '../fill.ts';
import type { Calls, GetRawInput } from './calls.ts';
import type { CachedDefinition } from './definition.ts';
import type { MiddlewareOpts, MiddlewareResult } from './middleware.ts';

/** Runs a procedure that no router describes, and learns what stands behind `cached` before anything is stored. */
export async function runLearning(
  definition: CachedDefinition,
  opts: MiddlewareOpts,
  wishes: Wishes,
  calls: Calls,
): Promise<MiddlewareResult> {
  const before = definition.learned.get(opts.path);
  let parsed = false;
  const getRawInput: GetRawInput = () => {
    parsed = true;
    return opts.getRawInput();
  };
  if (before === undefined) calls.alias(getRawInput, opts.getRawInput);
  const result = await opts.next(before === undefined ? { getRawInput } : { getRawInput: opts.getRawInput });
  if (!result.ok) {
    if (before === undefined) wishes.veto = 'error'; // the failure of one input, under a key that may span many
    return result;
  }
  if (result.ctx !== opts.ctx) {
    definition.learned.set(opts.path, 'skips'); // somebody behind changed ctx: a hit would skip them
    wishes.veto = 'middleware-behind';
  } else if (before === undefined) {
    definition.learned.set(opts.path, parsed ? 'raw' : 'parsed');
    if (parsed && opts.input !== undefined) wishes.veto = 'middleware-behind'; // looked up under the wrong key
  }
  return result;
}
