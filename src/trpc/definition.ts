// Docs: docs/how-it-works.md
import { type CachedOptions, type Policy, resolvePolicy, type Scope } from '../policy.ts';
import type { InvalidatesDefinition } from './invalidates.ts';

/** One use of `cached(…)`. */
export interface CachedDefinition {
  readonly kind: 'cached';
  readonly policy: Policy;
  /** `ttl` was given in this use, not by `defaults`. */
  readonly hasTtl: boolean;
  /** So was `staleWhileRevalidate`. */
  readonly hasStale: boolean;
  /** Has options that a second `cached` in a chain cannot honour: the answer is then not kept at all. */
  readonly narrows: boolean;
  /** What was learned of procedures that no registered router holds, by path. */
  readonly learned: Map<string, 'parsed' | 'raw' | 'skips'>;
}

/** One use of a middleware of this library. */
export type Definition = CachedDefinition | InvalidatesDefinition | { readonly kind: 'settle' };

/** Checks what was given to `cached` at definition time. */
export function defineCached(
  given: unknown,
  { defaults, scope }: { readonly defaults: CachedOptions<any, any>; readonly scope: Scope<any, any> },
): CachedDefinition {
  const policy = resolvePolicy(given, defaults, defaults.scope ?? scope, 'cached');
  const hasStale = isGiven(given, 'staleWhileRevalidate');
  const hasTtl = typeof given === 'object' ? isGiven(given, 'ttl') : given !== undefined;
  return { kind: 'cached', policy, hasTtl, hasStale, narrows: narrows(given), learned: new Map() };
}

const isGiven = (given: unknown, option: string): boolean =>
  typeof given === 'object' && (given as Record<string, unknown> | null)?.[option] !== undefined;

/** Whether a use of `cached` sets more than a second one in a chain can. */
function narrows(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  return Object.keys(given).some((option) => !['ttl', 'staleWhileRevalidate', 'tags'].includes(option));
}
