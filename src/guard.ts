// Docs: docs/safety-nets.md#guard
import { CacheError, invalid, rejectUnknown } from './errors.ts';
import type { Emitter } from './events.ts';
import type { Wishes } from './fill.ts';
import { everyone, type ScopeValue } from './key.ts';
import { checkTexts, type Policy, type Scope } from './policy.ts';
import { userKeysOf } from './user-keys.ts';
import { watchCtx } from './watched-ctx.ts';

/**
 * What happens when a procedure whose answer is for everybody reads who calls: a `leak` event, or an error in the procedure,
 * for development and tests. With `keys`, the members of `ctx` that say who calls.
 *
 * @example
 * ```ts
 * import { createCache, type GuardOptions } from 'trpc-cached';
 *
 * const guard: GuardOptions = { action: 'throw', keys: ['user', 'tenant'] };
 * createCache({ scope: 'public', guard });
 * ```
 */
export type GuardOptions =
  | 'report'
  | 'throw'
  | { readonly action: 'report' | 'throw'; readonly keys: readonly string[] };

/** A run that a guard may watch. */
export interface GuardedRun {
  readonly policy: Policy;
  readonly path: string;
  readonly ctx: unknown;
  /** Whose answer it is. */
  readonly scope: ScopeValue;
  /** Where a run says that its answer must not be kept. */
  readonly wishes: Wishes;
}

/** Watches runs whose answers are for everybody. */
export interface Guard {
  /** The context for such a run; nothing where the answer is somebody's own, or has a key of its own. */
  readonly watch: (run: GuardedRun) => { readonly ctx: unknown } | undefined;
}

/** Checks the option. */
export function checkGuard(guard: unknown): asserts guard is GuardOptions | undefined {
  const option = 'createCache: guard';
  if (guard === undefined || guard === 'report' || guard === 'throw') return;
  if (typeof guard !== 'object' || guard === null)
    throw invalid(option, "'report', 'throw' or { action: 'report', keys: ['user'] }", guard);
  rejectUnknown(guard, ['action', 'keys'], option);
  const { action, keys } = guard as { action?: unknown; keys?: unknown };
  if (action !== 'report' && action !== 'throw') throw invalid(`${option}.action`, "'report' or 'throw'", action);
  checkTexts(keys, `${option}.keys`);
}

/** The guard of a cache, if it has one. */
export function createGuard(
  given: GuardOptions | undefined,
  scope: Scope<any, any>,
  emitter: Emitter,
): Guard | undefined {
  if (given === undefined) return undefined;
  const { action, keys } = typeof given === 'string' ? { action: given, keys: undefined } : given;
  const asked = new Map<string, readonly string[]>();
  const keysOf = (path: string) => {
    let found = keys ?? asked.get(path);
    if (found === undefined) asked.set(path, (found = userKeysOf(scope, path)));
    return found;
  };
  return {
    watch({ policy, path, ctx, scope: owner, wishes }) {
      if (policy.key !== undefined || owner !== everyone) return undefined;
      const guarded = keysOf(path);
      const told = new Set<string>();
      const watched = watchCtx(ctx, (key) => {
        if (!guarded.includes(key)) return;
        if (!told.has(key)) emitter.emit('leak', { path, key });
        told.add(key);
        if (action !== 'throw') return;
        wishes.veto ??= 'leak'; // the procedure may catch it, and answer all the same
        throw leak(path, key);
      });
      return watched === ctx ? undefined : { ctx: watched };
    },
  };
}

const leak = (path: string, key: string): CacheError =>
  new CacheError(
    'PUBLIC_READS_USER',
    `${path} is cached for everybody, and its resolver reads ctx.${key}: what one caller gets, all get. Remove scope: 'public' from its cached, or do not read ctx.${key}.`,
  );
