// Docs: docs/stores.md#memory
import { LRUCache } from 'lru-cache';
import { encodedBytes } from '../codec.ts';
import { type Entry, heldBytesOf } from '../entry.ts';
import { expiredId, randomId } from '../epochs.ts';
import { checkBound, rejectUnknown } from '../errors.ts';
import { createLru } from '../lru.ts';
import type { Lease, LookupAnswer, ScanAnswer, ScanRequest, Store } from '../store.ts';

/** Bounds of a {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Most bytes of entries (estimated, decoded forms included). @default 67_108_864 (64 MiB) */
  readonly maxBytes?: number;
  /** Most entries. @default 10_000 */
  readonly maxEntries?: number;
  /** Most epochs; they are small and counted apart. An evicted epoch gives misses, never old data. @default 100_000 */
  readonly maxEpochs?: number;
}

interface Kept {
  readonly entry: Entry;
  readonly keepUntil: number;
  /** Its place among all fills, for listings. */
  readonly place: number;
  /** What was last answered, to which list of epochs, and after how many moves. */
  last?: { readonly epochs: readonly string[]; readonly moves: number; readonly answer: LookupAnswer };
}

const sweepEveryMs = 60_000;
const alone = 'alone'; // no token, which is a number

/**
 * The default store: in this process, bounded by bytes and by entries, least recently used first out.
 * Several caches may share one; it does no work and draws no random before its first use.
 *
 * @throws CacheError `INVALID_OPTION` for a bound that is not a whole number above zero.
 * @example
 * ```ts
 * import { createCache, memoryStore } from 'trpc-cached';
 *
 * createCache({ store: memoryStore({ maxBytes: 32 * 1024 * 1024 }), scope: 'public' });
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  rejectUnknown(options, ['maxBytes', 'maxEntries', 'maxEpochs'], 'memoryStore');
  const { maxBytes: maxSize = 67_108_864, maxEntries = 10_000, maxEpochs = 100_000 } = options;
  for (const [option, bound] of Object.entries({ maxBytes: maxSize, maxEntries, maxEpochs }))
    checkBound(bound, `memoryStore: ${option}`);
  // Its number is bounded by hand in `fill`: see createLru.
  const entries = new LRUCache<string, Kept>({
    maxSize,
    sizeCalculation: ({ entry }) => Math.min(heldBytesOf(entry), maxSize + 1),
  });
  const epochs = createLru<string>(maxEpochs, () => {
    moves += 1;
  });
  // How often an epoch was moved on or evicted: while that stays the same, so do all answers.
  let moves = 0;

  // Unique while the store lives, and its entries live no longer. The random start tells two stores apart.
  let last = 0;
  const newId = () => String((last = last === 0 ? randomId() : last + 1));
  const plant = (name: string, id = newId()) => {
    epochs.set(name, id);
    return id;
  };
  const leases = new Map<string, { readonly token: string; readonly until: number }>();
  const release = ({ name, token }: Lease, aloneMs = 0) => {
    if (leases.get(name)?.token !== token) return;
    if (aloneMs > 0) leases.set(name, { token: alone, until: Date.now() + aloneMs });
    else leases.delete(name);
  };

  let places = 0;
  let sweptAt = 0;
  const sweep = (now: number) => {
    if (Math.abs(now - sweptAt) < sweepEveryMs) return;
    sweptAt = now;
    for (const [key, kept] of entries.entries()) if (kept.keepUntil <= now) entries.delete(key);
  };

  const look = (key: string, names: readonly string[]): LookupAnswer => {
    const kept = entries.peek(key);
    const entry = kept !== undefined && kept.keepUntil > Date.now() ? kept.entry : undefined;
    return { ids: [], entry, own: (entry?.epochs ?? names).map((name) => epochs.peek(name)) };
  };

  return {
    name: 'memory',
    supports: { local: true },
    lookup({ key, epochs: names, held }) {
      // That is no copy, but somebody who looks: a look is no use, and puts off no eviction.
      if (key !== undefined && held?.id === '-') return look(key, held.epochs);
      const kept = key === undefined ? undefined : entries.get(key);
      const isOver = kept !== undefined && kept.keepUntil <= Date.now();
      if (isOver) entries.delete(kept.entry.key);
      if (kept === undefined || isOver || held !== undefined) {
        const ids = names.map((name) => epochs.get(name) ?? plant(name));
        const entry = isOver || kept?.entry.id === held?.id ? undefined : kept?.entry;
        return { ids, entry, own: (entry ?? held)?.epochs.map((name) => epochs.get(name)) ?? [] };
      }
      const { last: told, entry } = kept;
      if (told !== undefined && told.moves === moves && told.epochs === names) return told.answer;
      const before = moves;
      const ids = names.map((name) => epochs.get(name) ?? plant(name));
      const answer = { ids, entry, own: entry.epochs.map((name) => epochs.get(name)) };
      if (moves === before) kept.last = { epochs: names, moves, answer }; // else a planted epoch evicted another one
      return answer;
    },
    fill({ entry, unchanged, keepMs, lease }) {
      const now = Date.now();
      sweep(now);
      if (lease !== undefined) release(lease);
      if (unchanged.some(([name, id]) => epochs.get(name) !== id)) return 'invalidated';
      places += 1;
      entries.set(entry.key, { entry, keepUntil: now + keepMs, place: places });
      if (entries.size > maxEntries) entries.pop();
      return entries.has(entry.key) ? 'stored' : 'size';
    },
    advance(names, mode) {
      for (const name of names) {
        const id = mode === 'expire' ? epochs.get(name) : undefined;
        plant(name, id && expiredId(id, newId()));
      }
    },
    lease(lease, key, keepMs) {
      const now = Date.now();
      const held = leases.get(lease.name);
      if (lease.waitsFor === 'entry' && entries.has(key)) return 'there';
      if (held !== undefined && held.until > now && held.token !== lease.token)
        return held.token === alone ? 'alone' : 'taken';
      if (leases.size >= 1_000) for (const [name, { until }] of leases) if (until <= now) leases.delete(name);
      if (lease.waitsFor === 'holder' && held?.token !== lease.token && entries.has(key)) return 'there';
      leases.set(lease.name, { token: lease.token, until: now + keepMs });
      return entries.has(key) ? 'stored' : 'leased';
    },
    release,
    // In the order of fills: that of use changes while somebody reads on. A look is no use. Each page goes through all entries.
    scan({ prefix, part = '', cursor = '0', limit }: ScanRequest): ScanAnswer {
      const after = Number(cursor);
      const now = Date.now();
      const found: Kept[] = [];
      for (const [key, kept] of entries.entries()) {
        const isWanted = kept.place > after && kept.keepUntil > now && key.startsWith(prefix) && key.includes(part);
        if (isWanted) found.push(kept);
      }
      found.sort((one, other) => one.place - other.place);
      const page = found.slice(0, limit).map(({ entry: { body, outline: _, sum: __, ...head } }) => ({
        head: { ...head, bytes: encodedBytes(body) },
        own: head.epochs.map((name) => epochs.peek(name)),
      }));
      const next = found.length > limit ? found[limit - 1]?.place : undefined;
      return { entries: page, ...(next !== undefined && { cursor: String(next) }) };
    },
  };
}
