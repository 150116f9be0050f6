// Docs: docs/inspector.md#status
import type { BreakerState } from './breaker.ts';

/** A procedure of the registered routers. */
export interface ListedProcedure {
  /** Its full path. */
  readonly path: string;
  /** What kind it is. */
  readonly type: 'query' | 'mutation' | 'subscription';
  /** Whether a `cached` stands in it. */
  readonly cached: boolean;
  /** Whether the literal `'public'` says that everybody shares its entries. */
  readonly public: boolean;
}

/** How a cache stands. Plain: it survives JSON. Asking does no work: nothing is sent to the store. */
export interface CacheStatus {
  /** Keeps applications apart in a shared database. */
  readonly namespace: string;
  /** Whether keys are hashed whole, tags too. */
  readonly hashKeys: boolean;
  /** The store's own name; `undefined` until a function of `{ ctx }` was called for it. */
  readonly store: string | undefined;
  /** Whether the store can list what it holds, for `cache.entries`. */
  readonly lists: boolean;
  /** Whether lookups are kept away from the store, by part where it has parts: only what is not `closed`. */
  readonly breaker: { readonly state: BreakerState; readonly parts: readonly number[] };
  /** How many epochs wait for the store to confirm that they moved on. */
  readonly waiting: number;
  /** What the registered routers have. */
  readonly procedures: readonly ListedProcedure[];
  /** Whether a lazy router is not loaded yet, so that procedures may be missing. */
  readonly complete: boolean;
}
