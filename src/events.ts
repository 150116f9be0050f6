// Docs: docs/how-it-works.md#events

/** Why a call ran its procedure without the cache. */
export type BypassReason =
  | 'disabled'
  | 'when'
  | 'scope'
  | 'input'
  | 'callback'
  | 'vary'
  | 'store'
  | 'no-path'
  | 'unregistered'
  | 'middleware-behind';

/** Why the answer of a procedure was not kept. */
export type SkipReason =
  | 'no-store'
  | 'size'
  | 'unstorable'
  | 'invalidated'
  | 'ttl'
  | 'error'
  | 'callback'
  | 'store'
  | 'late'
  | 'middleware-behind'
  | 'unfinished'
  | 'leak';

/** The events of a cache by name, each with what its listeners receive. Keys and inputs are never part of an event. */
export interface CacheEvents {
  /** Answered from the cache. `ageMs` is the time since the entry was stored. */
  hit: { path: string; ageMs: number };
  /** Answered with what had expired, while it was revalidated behind, or in place of a failure. */
  stale: { path: string; ageMs: number; reason: 'revalidating' | 'error'; error?: unknown };
  /** The procedure began to run behind a response: behind a stale one, or `early`, behind a hit. */
  revalidate: { path: string; early: boolean };
  /** The procedure ran, or, when `coalesced`, the run of another caller was shared. */
  miss: { path: string; coalesced: boolean };
  /** The procedure ran as if there was no cache. */
  bypass: { path: string; reason: BypassReason; error?: unknown };
  /** An answer was stored. `bytes` is the length of its encoded form, `ranMs` how long the procedure took. */
  fill: { path: string; bytes: number; ttlMs: number; ranMs: number };
  /** An answer was not stored. */
  skip: { path: string; reason: SkipReason; error?: unknown };
  /** An invalidation was written (`acknowledged`) or is kept and retried. */
  invalidate: { targets: readonly string[]; acknowledged: boolean; error?: unknown };
  /** A target could not be resolved exactly and was widened, so that nothing stale survives. */
  widen: { target: string; to: string; reason: string };
  /** The breaker keeps lookups away from a store that fails (`open`), lets one try (`half-open`), or trusts it again; from one `part` of a store that has parts. */
  breaker: { state: 'open' | 'half-open' | 'closed'; part?: number };
  /**
   * A hit was verified (`verify`), and the procedure gives something else while the entry still counts. `keys` are the members
   * of `ctx` that the procedure read and that were others when the entry was filled; absent where that is not known.
   */
  mismatch: { path: string; ageMs: number; keys?: readonly string[] };
  /** A procedure whose answer is for everybody read the member `key` of `ctx`, which says who calls (`guard`). */
  leak: { path: string; key: string };
  /** Something behind a call failed; the procedure answered. The error is as it was thrown: its message may quote values. */
  error: {
    operation: 'lookup' | 'fill' | 'lease' | 'revalidate' | 'verify' | 'invalidate' | 'purge' | 'waitUntil' | 'http';
    error: unknown;
  };
}

/** A function that receives one kind of event. */
export type Listener<Name extends keyof CacheEvents> = (event: CacheEvents[Name]) => void;

/** Where the parts of a cache report what they do. */
export interface Emitter {
  readonly on: <Name extends keyof CacheEvents>(name: Name, listener: Listener<Name>) => () => void;
  /** Whether anybody listens; an event that nobody hears need not be made where every bit counts. */
  readonly hears: (name: keyof CacheEvents) => boolean;
  readonly emit: <Name extends keyof CacheEvents>(name: Name, event: CacheEvents[Name]) => void;
}

/** Listeners by event name. A listener that throws or rejects changes nothing for anybody else. */
export function createEmitter(): Emitter {
  const listeners = new Map<string, Set<(event: never) => void>>();
  return {
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(listener));
      return () => void set.delete(listener);
    },
    hears: (name) => (listeners.get(name)?.size ?? 0) > 0,
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          const result = (listener as (event: unknown) => unknown)(event);
          if (result instanceof Promise) result.catch(() => {}); // an async listener: a rejection would end the process
        } catch {
          // A broken subscriber must not break a procedure, and there is nobody to tell.
        }
      }
    },
  };
}
