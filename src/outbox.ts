// Docs: docs/invalidation.md#when-the-store-fails
import { late, pause, within } from './deadline.ts';
import { CacheError } from './errors.ts';
import type { Mode, PartsConfirmed, Store } from './store.ts';

/** Moves epochs on, and keeps those that could not be moved until they are. */
export interface Outbox {
  /** Resolves when the store confirmed every epoch; rejects otherwise, and goes on trying. */
  readonly write: (epochs: readonly string[], mode?: Mode) => Promise<void>;
  /** Writes what is waiting; false while something still is. With a part of the store: while something waits for that one. */
  readonly flush: (part?: number) => boolean | Promise<boolean>;
  /** How many epochs wait. */
  readonly waiting: () => number;
  /** Resolves when nothing waits any more, or after `forMs`. */
  readonly drain: (forMs: number) => Promise<void>;
  /** Tries once more and stops retrying. */
  readonly close: () => Promise<void>;
}

/** What waits for a store: of all caches that share the store object, so that each of them refuses it at once. */
interface Waiting {
  /** Each with the number of its last failure: a confirmation covers only what had failed before it was sent. */
  readonly epochs: Map<string, WaitingEpoch>;
  failures: number;
  flushing: { readonly result: Promise<boolean>; readonly since: number } | undefined;
}

interface WaitingEpoch {
  readonly failure: number;
  readonly mode: Mode;
  /** The parts of the store that confirmed it nevertheless. */
  readonly parts: PartsConfirmed;
  /** Whom to tell, of the caches that wait for it: any of them may be the one that gets it written. */
  readonly tell: readonly Confirmed[];
}

type Confirmed = (epochs: readonly string[], mode: Mode) => void;

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
  /** These, which had been refused before, are written now. @default nobody wants to know */
  readonly confirmed?: Confirmed;
}

/** Invalidations of one process on their way to the store. They ignore the breaker: they must get through (law 4). */
export function createOutbox({ store, namespace, writeMs, collapsed, confirmed }: OutboxParts): Outbox {
  let retrying: Promise<void> | undefined;
  let closed = false;
  // Until the store is opened there is nothing that could be shared.
  let own: Waiting | undefined;
  const here = (): Waiting => (own ??= newWaiting());
  const waiting = (): Waiting => {
    let shared: Waiting;
    try {
      shared = waitingFor(store(), here);
    } catch {
      return here();
    }
    if (own !== undefined && own !== shared) {
      // Refused while the store could not be opened, and it turns out to be one that others use already.
      for (const [epoch, one] of own.epochs) shared.epochs.set(epoch, one);
      own = shared;
    }
    return shared;
  };

  async function send(epochs: readonly string[], mode: Mode, confirmed: PartsConfirmed): Promise<void> {
    const to = store();
    const sent = to.advance(epochs, mode, confirmed);
    if (sent === undefined) return; // a store in the process, done at once
    // Not every promise is a Promise of this realm; one that is not waited for would count as confirmed.
    if ((await within(Promise.resolve(sent), writeMs)) === late) {
      throw new Error(`the store did not confirm within ${writeMs} ms`);
    }
  }

  function keep(given: readonly string[], mode: Mode, parts: PartsConfirmed): void {
    const shared = waiting();
    const { epochs } = shared;
    shared.failures += 1;
    for (const epoch of given) {
      // What is to be removed is not left to the stale windows because somebody else expires it.
      const before = epochs.get(epoch);
      const stronger = before?.mode === 'remove' ? 'remove' : mode;
      epochs.set(epoch, {
        failure: shared.failures,
        mode: stronger,
        parts: stronger === mode ? parts : new Set(),
        tell: withUs(before),
      });
    }
    const prefix = namespace.replace(/[^:]*$/, '');
    const ours = [...epochs.keys()].filter((epoch) => epoch.startsWith(prefix));
    if (ours.length <= mostWaiting) return;
    collapsed(ours.length);
    const tell = [...new Set(ours.flatMap((epoch) => epochs.get(epoch)?.tell ?? []))];
    for (const epoch of ours) epochs.delete(epoch);
    epochs.set(namespace, { failure: shared.failures, mode: 'remove', parts: new Set(), tell });
  }

  const withUs = (before: WaitingEpoch | undefined): readonly Confirmed[] => [
    ...new Set([...(before?.tell ?? []), ...(confirmed ? [confirmed] : [])]),
  ];

  async function flushNow({ epochs }: Waiting): Promise<boolean> {
    const sent = [...epochs];
    try {
      for (const mode of ['remove', 'expire'] as const) {
        const some = sent.filter(([, one]) => one.mode === mode);
        const epochsOf = (list: typeof sent) => list.map(([epoch]) => epoch);
        const confirmed = ofAll(some.map(([, one]) => one.parts));
        if (some.length > 0) await send(epochsOf(some), mode, confirmed);
        for (const tell of new Set(some.flatMap(([, one]) => one.tell)))
          tell(epochsOf(some.filter(([, one]) => one.tell.includes(tell))), mode);
      }
    } catch {
      return false;
    }
    for (const [epoch, one] of sent) if (epochs.get(epoch) === one) epochs.delete(epoch);
    return epochs.size === 0;
  }

  function flush(part?: number): boolean | Promise<boolean> {
    const shared = waiting();
    if (shared.epochs.size === 0) return true;
    if (part !== undefined && ofAll([...shared.epochs.values()].map(({ parts }) => parts)).has(part)) return true;
    // On Workers a promise of a request that has ended never settles: whoever comes after its time starts anew.
    const { flushing } = shared;
    if (flushing !== undefined && Math.abs(Date.now() - flushing.since) <= 2 * writeMs) return flushing.result;
    const result = flushNow(shared).finally(() => {
      if (shared.flushing?.result === result) shared.flushing = undefined;
    });
    shared.flushing = { result, since: Date.now() };
    return result;
  }

  async function retry(): Promise<void> {
    for (let wait = shortestMs; waiting().epochs.size > 0 && !closed; wait = Math.min(wait * 2, longestMs)) {
      await pause(wait);
      await flush();
    }
  }

  return {
    async write(epochs, mode = 'remove') {
      if (epochs.length === 0) return;
      const parts = new Set<number>();
      try {
        await send(epochs, mode, parts);
      } catch (cause) {
        keep(epochs, mode, parts);
        retrying ??= retry().finally(() => {
          retrying = undefined;
        });
        throw new CacheError(
          'NOT_ACKNOWLEDGED',
          `The store did not acknowledge the invalidation${parts.size > 0 ? ` (${parts.size} of its parts did)` : ''}. It is kept and written before this process trusts the store again; other processes may serve older data until then.`,
          { cause },
        );
      }
    },
    flush,
    waiting: () => waiting().epochs.size,
    async drain(forMs) {
      if (retrying !== undefined) await within(retrying, forMs);
    },
    async close() {
      await flush();
      closed = true;
    },
  };
}

/** What confirms all of these confirms each of them; what any of them lacks, all are sent again. */
const ofAll = (sets: readonly PartsConfirmed[]): PartsConfirmed => ({
  has: (part) => sets.every((set) => set.has(part)),
  add(part) {
    for (const set of sets) set.add(part);
  },
});

const newWaiting = (): Waiting => ({ epochs: new Map(), failures: 0, flushing: undefined });

// On the store itself, by a name that every copy of this module knows: a server with two module graphs has two of them.
const name = Symbol.for('trpc-cached.waiting');

function waitingFor(store: Store, fallback: () => Waiting): Waiting {
  const holder = store as Store & { [name]?: Waiting };
  if (holder[name] === undefined && Object.isExtensible(store)) {
    Object.defineProperty(store, name, { value: fallback(), enumerable: false });
  }
  return holder[name] ?? fallback();
}
