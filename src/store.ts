// Docs: docs/stores.md
import type { Entry } from './entry.ts';

/** What one call asks of a store. */
export interface LookupRequest {
  /** The key of the entry; without one, only epochs are read and planted. */
  readonly key?: string;
  /** Without `key`: that of the entry which the epochs are for, where a store keeps epochs beside entries. */
  readonly near?: string;
  /** Epochs whose ids the call needs; missing ones are planted (only if absent) in the same trip. */
  readonly epochs: readonly string[];
  /** How long a planted epoch of input, scope or tag has to live at least, in milliseconds. */
  readonly keepMs: number;
  /**
   * The copy that the asker holds. A store that knows of this leaves out an entry with that id, and then, as where it has
   * none, answers the ids of these epochs. Others may ignore it.
   */
  readonly held?: { readonly id: string; readonly epochs: readonly string[] };
  /** Nothing but the source of truth will do: neither a replica, nor a copy that is trusted for a while. */
  readonly exact?: boolean;
}

/** What a store knows. Every id was read from the store after planting; `undefined` where it is not known. */
export interface LookupAnswer {
  /** The ids of the request's epochs, in their order. */
  readonly ids: readonly (string | undefined)[];
  /** The entry as it was stored; the cache decides whether it may be served. */
  readonly entry: Entry | undefined;
  /** The ids, now, of the epochs that the entry was filled under, in its order; without an entry, of `held.epochs`. Never planted. */
  readonly own: readonly (string | undefined)[];
  /** The process answered for itself: nothing is known of how the store is. */
  readonly trusted?: true;
}

/** The right to run a procedure for all processes, for a while. */
export interface Lease {
  /** What it is a lease of: of one name there is one holder. */
  readonly name: string;
  /** The key of the entry it is about, where a store keeps leases beside entries. */
  readonly near?: string;
  /** Random: only who holds it may give it back (Redis' own pattern for locks). */
  readonly token: string;
  /**
   * Who asks has waited, and takes no lease to learn that the entry is there: for an entry where there was none, whoever holds
   * the lease by now; or for the end of a holder, where an old entry may still be there.
   */
  readonly waitsFor?: 'entry' | 'holder';
}

/**
 * What became of a wish for a lease. With `stored`, an entry is there by now: look again before running. With `there`, which is
 * said to those alone who waited, too, and they hold no lease. With `alone`, its last holder had nothing to share:
 * everybody runs.
 */
export type LeaseAnswer = 'taken' | 'leased' | 'stored' | 'alone' | 'there';

/** A page of what a store holds. */
export interface ScanRequest {
  /** What the keys of the namespace begin with. */
  readonly prefix: string;
  /** A text in the keys that are wanted. A store may give others, too. */
  readonly part?: string;
  /** Where the page before this one ended. @default the beginning */
  readonly cursor?: string;
  /** How many keys to look at, about. */
  readonly limit: number;
}

/** An entry without its body. */
export interface EntryHead extends Omit<Entry, 'body' | 'outline' | 'sum'> {
  /** How long its encoded output is, in bytes. */
  readonly bytes: number;
}

/** What a page holds: none to a few more than the limit. What was there all the time is in one of the pages. */
export interface ScanAnswer {
  /** Each with the ids, now, of the epochs that it was filled under, in its order. Nothing is planted. */
  readonly entries: readonly { readonly head: EntryHead; readonly own: readonly (string | undefined)[] }[];
  /** Where the next page begins; absent after the last. Holds nothing of a key. */
  readonly cursor?: string;
}

/** What a fill writes. */
export interface FillRequest {
  /** What to store, under its own key. */
  readonly entry: Entry;
  /** Epochs that must exist unchanged, with the ids they were read with, or nothing is stored. */
  readonly unchanged: readonly (readonly [name: string, id: string])[];
  /** How long the entry may stay in the store, in milliseconds. Epochs live longer than it. */
  readonly keepMs: number;
  /** Given back in the same trip, whatever becomes of the entry. */
  readonly lease?: Lease;
}

/** The parts of a store that have confirmed an invalidation already, by their numbers: a `Set` is one. */
export interface PartsConfirmed {
  /** Whether this part has confirmed. */
  has(part: number): boolean;
  /** Notes that it has. */
  add(part: number): unknown;
}

/** What an invalidation does to entries: `'expire'` leaves them to the stale windows. */
export type Mode = 'remove' | 'expire';

/** What somebody hears who keeps copies of what a store holds. */
export interface BusListener {
  /** These epochs moved on, somewhere. May come late, twice, or not at all. */
  readonly moved: (epochs: readonly string[]) => void;
  /** Messages may have been lost. */
  readonly lost: () => void;
}

/** Stored, dead on arrival because an epoch moved on, or too large for the store. */
export type FillAnswer = 'stored' | 'invalidated' | 'size';

/** A promise, or the value at once where a store has it in the process. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Where entries and epochs live. Three operations, each one trip whatever the number of keys:
 * read and plant, write if unchanged, move on. The others are for stores of many processes.
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
    /** `advance(epochs, 'expire')` leaves entries to the stale windows; `false` where it removes them, which is more. @default true */
    readonly expire?: boolean;
  };
  /** Reads an entry and epochs, planting those that are missing with ids never used before. */
  readonly lookup: (request: LookupRequest) => Awaitable<LookupAnswer>;
  /** Stores an entry if its epochs are unchanged, atomically, and says what became of it. */
  readonly fill: (request: FillRequest) => Awaitable<FillAnswer>;
  /**
   * Moves epochs on: afterwards each has an id that no entry carries (or is gone), also when the call is applied twice or
   * late. With `'expire'` the ids keep what entries need to be served stale. Resolves only when the store confirmed all.
   * A store of parts leaves out those that `confirmed` has, and adds each that did, also when another one never does.
   */
  readonly advance: (epochs: readonly string[], mode?: Mode, confirmed?: PartsConfirmed) => Awaitable<void>;
  /**
   * Where one part of the store may be down while others answer: which part the entry of a key is in, with all its epochs. A
   * whole number from zero, of few.
   */
  readonly partOf?: (key: string) => number;
  /** Takes a lease if nobody holds it, for `keepMs`; `key` is that of the entry it is about. For `coalesce: 'store'`. */
  readonly lease?: (lease: Lease, key: string, keepMs: number) => Awaitable<LeaseAnswer>;
  /** Gives a lease back, if it still is ours; for `aloneMs` whoever wants it is told that there was nothing to share. */
  readonly release?: (lease: Lease, aloneMs?: number) => Awaitable<void>;
  /** Lists entries without their bodies, page by page; what a page asks of a server is bounded. */
  readonly scan?: (request: ScanRequest) => Awaitable<ScanAnswer>;
  /** Tells a listener what moves on anywhere, until the returned function is called. */
  readonly subscribe?: (listener: BusListener) => () => void;
  /** Ends what the store opened itself; the user's client stays open. */
  readonly close?: () => Awaitable<void>;
}
