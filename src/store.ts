// Docs: docs/stores.md
import type { Entry } from './entry.ts';

/** What one call asks of a store. */
export interface LookupRequest {
  /** The key of the entry; without one, only epochs are read and planted. */
  readonly key?: string;
  /** Epochs whose ids the call needs; missing ones are planted (only if absent) in the same trip. */
  readonly epochs: readonly string[];
  /** How long a planted epoch of input, scope or tag has to live at least, in milliseconds. */
  readonly keepMs: number;
}

/** What a store knows. Every id was read from the store after planting; `undefined` where it is not known. */
export interface LookupAnswer {
  /** The ids of the request's epochs, in their order. */
  readonly ids: readonly (string | undefined)[];
  /** The entry as it was stored; the cache decides whether it may be served. */
  readonly entry: Entry | undefined;
  /** The ids, now, of the epochs that the entry was filled under, in its order; never planted. */
  readonly own: readonly (string | undefined)[];
}

/** What a fill writes. */
export interface FillRequest {
  /** What to store, under its own key. */
  readonly entry: Entry;
  /** Epochs that must exist unchanged, with the ids they were read with, or nothing is stored. */
  readonly unchanged: readonly (readonly [name: string, id: string])[];
  /** How long the entry may stay in the store, in milliseconds. Epochs live longer than it. */
  readonly keepMs: number;
}

/** Stored, dead on arrival because an epoch moved on, or too large for the store. */
export type FillAnswer = 'stored' | 'invalidated' | 'size';

/** A promise, or the value at once where a store has it in the process. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Where entries and epochs live. Three operations, each one trip whatever the number of keys:
 * read and plant, write if unchanged, move on.
 *
 * @example
 * ```ts
 * import { createCache, memoryStore, type Store } from 'trpc-cached';
 *
 * const store: Store = memoryStore({ maxEntries: 10_000 });
 * createCache({ store, scope: 'public' });
 * ```
 */
export interface Store {
  /** For messages: `'memory'`, `'upstash'`. */
  readonly name: string;
  /** What the core has to know about the store. */
  readonly supports: {
    /** The store lives in this process, keeps objects, answers at once, and needs no namespace. */
    readonly local: boolean;
  };
  /** Reads an entry and epochs, planting those that are missing with ids never used before. */
  readonly lookup: (request: LookupRequest) => Awaitable<LookupAnswer>;
  /** Stores an entry if its epochs are unchanged, atomically, and says what became of it. */
  readonly fill: (request: FillRequest) => Awaitable<FillAnswer>;
  /**
   * Moves epochs on: afterwards each has an id that no entry carries (or is gone), also when the call is applied twice or
   * late. Resolves only when the store confirmed all of them.
   */
  readonly advance: (epochs: readonly string[]) => Awaitable<void>;
}
