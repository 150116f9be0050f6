// Docs: docs/how-it-works.md
import type { Policy } from '../policy.ts';
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
