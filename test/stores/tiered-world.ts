import { vi } from 'vitest';
import { standingOf } from '../../src/entry.ts';
import { expiredId } from '../../src/epochs.ts';
import { readEntry, writeEntry } from '../../src/frame.ts';
import { type Entry, type LookupAnswer, memoryStore, type Store, tieredStore } from '../../src/index.ts';
import type { BusListener, LookupRequest } from '../../src/store.ts';

/** What becomes of one trip to the remote store. */
export type Way = 'now' | 'hold the request' | 'hold the reply' | 'lose the request' | 'lose the reply';

/** A request as the remote store met it. */
export interface Asked {
  readonly operation: 'lookup' | 'fill' | 'advance';
  /** Whether the answer carried an entry. */
  payload: boolean;
  readonly exact: boolean;
}

/** A store of many processes that keeps texts, whose trips end when a test says so, and whose bus a test drives. */
export const createRemote = () => {
  const entries = new Map<string, string>();
  const epochs = new Map<string, string>();
  const waiting: (() => void)[] = [];
  const listeners = new Set<BusListener>();
  const messages: string[][] = [];
  const asked: Asked[] = [];
  let last = 0;
  const newId = () => String(++last);
  const idOf = (name: string) => epochs.get(name);
  const plant = (name: string) => {
    if (!epochs.has(name)) epochs.set(name, newId());
    return idOf(name);
  };
  const hold = () => new Promise<void>((resolve) => void waiting.push(resolve));

  const find = ({ key = '', epochs: names, held }: LookupRequest): LookupAnswer => {
    const ids = names.map(plant);
    const stored = readEntry(entries.get(key));
    const entry = stored !== undefined && held !== undefined && stored.id === held.id ? undefined : stored;
    return { ids, entry, own: (entry ?? held)?.epochs.map(idOf) ?? [] };
  };

  /** The store as one process reaches it; `way` says what becomes of its next trip. */
  const connect = () => {
    const link = { way: 'now' as Way };
    const trip = async <T>(one: Asked, work: () => T): Promise<T> => {
      const { way } = link;
      link.way = 'now';
      asked.push(one);
      if (way === 'lose the request') throw new Error('the request was lost');
      if (way === 'hold the request') await hold();
      const answer = work();
      if (way === 'lose the reply') throw new Error('the reply was lost');
      if (way === 'hold the reply') await hold();
      return answer;
    };
    const store: Store = {
      name: 'remote',
      supports: { local: false },
      lookup(request) {
        const one: Asked = { operation: 'lookup', payload: false, exact: request.exact === true };
        return trip(one, () => {
          const answer = find(request);
          one.payload = answer.entry !== undefined;
          return answer;
        });
      },
      fill: ({ entry, unchanged }) =>
        trip({ operation: 'fill', payload: false, exact: false }, () => {
          if (unchanged.some(([name, id]) => idOf(name) !== id)) return 'invalidated';
          entries.set(entry.key, writeEntry(entry));
          return 'stored';
        }),
      advance: (names, mode) =>
        trip({ operation: 'advance', payload: false, exact: false }, () => {
          for (const name of names) {
            const id = mode === 'expire' ? idOf(name) : undefined;
            epochs.set(name, id === undefined ? newId() : expiredId(id, newId()));
          }
          messages.push([...names]);
        }),
      subscribe(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    };
    return { store, link };
  };

  return {
    connect,
    entries,
    epochs,
    listeners,
    messages,
    asked,
    /** How many trips are held. */
    held: () => waiting.length,
    /** Lets a trip that is held go on. */
    release: (index = 0) => waiting.splice(index % Math.max(waiting.length, 1), 1)[0]?.(),
    tell: (tell: (listener: BusListener) => void) => listeners.forEach(tell),
  };
};

export type Remote = ReturnType<typeof createRemote>;

export const hour = 3_600_000;
let fills = 0;

/** A tier over its own connection, and what a call of the cache does with it. */
export const tierOn = (remote: Remote, options: Parameters<typeof tieredStore>[2] = {}, local = memoryStore()) => {
  const { store, link } = remote.connect();
  const tier = tieredStore(local, store, options);
  const lookup = (key: string, epochs: readonly string[], exact?: boolean) =>
    tier.lookup({ key, epochs, keepMs: hour, ...(exact === true && { exact }) });
  const fill = (key: string, epochs: readonly string[], ids: readonly unknown[], text: string) => {
    fills += 1;
    const now = Date.now();
    const life = { storedAt: now, freshUntil: now + hour, staleUntil: now + 2 * hour };
    const entry: Entry = { key, epochs, ids: ids as string[], ...life, id: `fill-${fills}`, body: { text } };
    const unchanged = epochs.map((name, index) => [name, ids[index] as string] as const);
    return tier.fill({ entry, unchanged, keepMs: 2 * hour });
  };
  return {
    tier,
    link,
    local,
    lookup,
    fill,
    /** What a call of these epochs is answered with from what is stored, if it is. */
    async read(key: string, epochs: readonly string[], exact?: boolean): Promise<string | undefined> {
      return freshText(key, await lookup(key, epochs, exact));
    },
    /** Runs and stores, as after a miss. */
    async store(key: string, epochs: readonly string[], text: string) {
      const { ids } = await lookup(key, epochs, true);
      return fill(key, epochs, ids, text);
    },
  };
};

/** The text of an answer's entry, if that may be served. */
export const freshText = (key: string, { entry, own }: LookupAnswer): string | undefined => {
  if (entry === undefined) return undefined;
  const standing = standingOf(entry, own, { key, required: [], now: Date.now() });
  return standing === 'fresh' ? entry.body.text : undefined;
};

/** Both clocks stand still until a test moves them; timers stay real. */
export const stopClocks = () => void vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_800_000_000_000 });

/** Lets everything go on that waits for nothing. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
