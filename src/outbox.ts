// Docs: docs/invalidation.md#when-the-store-fails
import { late, pause, within } from './deadline.ts';
import { CacheError } from './errors.ts';
import type { Mode, Store } from './store.ts';

/** Moves epochs on, and keeps those that could not be moved until they are. */
export interface Outbox {
  /** Resolves when the store confirmed every epoch; rejects otherwise, and goes on trying. */
  readonly write: (epochs: readonly string[], mode?: Mode) => Promise<void>;
  /** Writes what is waiting; false while something still is. */
  readonly flush: () => boolean | Promise<boolean>;
  /** Writes something more, that much later; at once when the cache is closed before. */
  readonly later: (ms: number, work: () => Promise<unknown>) => void;
  /** Resolves when nothing waits any more, or after `forMs`. */
  readonly drain: (forMs: number) => Promise<void>;
  /** Tries once more and stops retrying. */
  readonly close: () => Promise<void>;
}

const mostWaiting = 1_000;
const shortestMs = 100;
const longestMs = 10_000;

/** What an outbox needs around it. `namespace` is the epoch that stands for all others when too many wait. */
export interface OutboxParts {
  readonly store: () => Store;
  readonly namespace: string;
  readonly writeMs: number;
  /** So many became one. */
  readonly collapsed: (count: number) => void;
}

/** Invalidations of one process on their way to the store. They ignore the breaker: they must get through (law 4). */
export function createOutbox({ store, namespace, writeMs, collapsed }: OutboxParts): Outbox {
  // Each with the number of its last failure: a confirmation covers only what had failed before it was sent.
  const waiting = new Map<string, { readonly failure: number; readonly mode: Mode }>();
  let failures = 0;
  let flushing: { readonly result: Promise<boolean>; readonly since: number } | undefined;
  let retrying: Promise<void> | undefined;
  let closed = false;
  // What is to be written later, each with what brings its time forward.
  const planned = new Map<Promise<unknown>, () => void>();

  async function send(epochs: readonly string[], mode: Mode): Promise<void> {
    const sent = mode === 'remove' ? store().advance(epochs) : store().advance(epochs, mode);
    if (sent === undefined) return; // a store in the process, done at once
    // Not every promise is a Promise of this realm; one that is not waited for would count as confirmed.
    if ((await within(Promise.resolve(sent), writeMs)) === late) {
      throw new Error(`the store did not confirm within ${writeMs} ms`);
    }
  }

  function keep(epochs: readonly string[], mode: Mode): void {
    failures += 1;
    for (const epoch of epochs) {
      // What is to be removed is not left to the stale windows because somebody else expires it.
      const stronger = waiting.get(epoch)?.mode === 'remove' ? 'remove' : mode;
      waiting.set(epoch, { failure: failures, mode: stronger });
    }
    if (waiting.size <= mostWaiting) return;
    collapsed(waiting.size);
    waiting.clear();
    waiting.set(namespace, { failure: failures, mode: 'remove' });
  }

  async function flushNow(): Promise<boolean> {
    const sent = [...waiting];
    try {
      for (const mode of ['remove', 'expire'] as const) {
        const epochs = sent.flatMap(([epoch, one]) => (one.mode === mode ? [epoch] : []));
        if (epochs.length > 0) await send(epochs, mode);
      }
    } catch {
      return false;
    }
    for (const [epoch, one] of sent) if (waiting.get(epoch) === one) waiting.delete(epoch);
    return waiting.size === 0;
  }

  function flush(): boolean | Promise<boolean> {
    if (waiting.size === 0) return true;
    // On Workers a promise of a request that has ended never settles: whoever comes after its time starts anew.
    if (flushing !== undefined && Math.abs(Date.now() - flushing.since) <= 2 * writeMs) return flushing.result;
    const result = flushNow().finally(() => {
      if (flushing?.result === result) flushing = undefined;
    });
    flushing = { result, since: Date.now() };
    return result;
  }

  async function retry(): Promise<void> {
    for (let wait = shortestMs; waiting.size > 0 && !closed; wait = Math.min(wait * 2, longestMs)) {
      await pause(wait);
      await flush();
    }
  }

  return {
    async write(epochs, mode = 'remove') {
      if (epochs.length === 0) return;
      try {
        await send(epochs, mode);
      } catch (cause) {
        keep(epochs, mode);
        retrying ??= retry().finally(() => {
          retrying = undefined;
        });
        throw new CacheError(
          'NOT_ACKNOWLEDGED',
          'The store did not acknowledge the invalidation. It is kept and written before this process trusts the store again; other processes may serve older data until then.',
          { cause },
        );
      }
    },
    flush,
    later(ms, work) {
      let now = () => {};
      const early = new Promise<void>((resolve) => {
        now = resolve;
      });
      const done: Promise<unknown> = Promise.race([pause(ms), early])
        .then(work)
        .catch(() => {}) // kept by `write` like any other
        .finally(() => planned.delete(done));
      planned.set(done, now);
    },
    async drain(forMs) {
      const all = Promise.all([...planned.keys()]).then(() => retrying);
      if (retrying !== undefined || planned.size > 0) await within(all, forMs);
    },
    async close() {
      const last = [...planned];
      for (const [, now] of last) now();
      await Promise.all(last.map(([done]) => done));
      await flush();
      closed = true;
    },
  };
}
