// Docs: docs/tiers.md
import { type Duration, durationMs } from '../duration.ts';
import { type Entry, standingOf } from '../entry.ts';
import { invalid, rejectUnknown } from '../errors.ts';
import type { LookupAnswer, LookupRequest, PartsConfirmed, Store } from '../store.ts';
import { createMoves } from './moves.ts';

/** The options of {@link tieredStore}. */
export interface TieredStoreOptions {
  /**
   * How long the process may answer from its own copy without asking the remote store, counted from when it last asked.
   * For so long it may not see an invalidation of another process. `0` asks on every lookup: coherent, and what the process
   * holds is not transferred again. @default 0
   */
  readonly trust?: Duration;
}

/** When something was sent, by everything that can tell. */
interface Sent {
  /** Its place among the moves of epochs. */
  readonly mark: number;
  readonly wall: number;
  readonly monotonic: number;
}

/** What the tier knows of an entry that it put into the container. */
interface Copy {
  /** By the monotonic clock: a wall clock that is set back must not lengthen a life. */
  readonly until: number;
  /** When the question was sent whose answer confirmed it last … */
  sent: Sent;
  /** … and the ids in that answer, where they may be trusted for a while. */
  ids: ReadonlyMap<string, string>;
}

type Ids = readonly (string | undefined)[];

/**
 * A store in front of another: decoded entries stay in the process, and what the remote store is asked for are the ids of
 * epochs. An invalidation that was acknowledged by anybody is seen by the next lookup; with `trust`, by lookups of other
 * processes at most that much later. `local` is a bounded container, used for nothing else.
 *
 * @throws CacheError `INVALID_OPTION` when `local` is no store of the process, or `remote` is one;
 * `INVALID_DURATION` when `trust` is neither 0 nor a duration.
 * @example
 * ```ts
 * import { Redis } from '@upstash/redis';
 * import { createCache, memoryStore, tieredStore } from 'trpc-cached';
 * import { upstashStore } from 'trpc-cached/upstash';
 *
 * const remote = upstashStore(new Redis({ url: 'https://example.upstash.io', token: 'secret' }));
 * createCache({
 *   store: tieredStore(memoryStore(), remote, { trust: '5s' }),
 *   namespace: 'shop-production',
 *   scope: 'public',
 * });
 * ```
 */
export function tieredStore(local: Store, remote: Store, options: TieredStoreOptions = {}): Store {
  if (local?.supports?.local !== true)
    throw invalid('tieredStore: local', 'a store of the process such as memoryStore()', local?.name ?? local);
  if (remote?.supports?.local !== false)
    throw invalid(
      'tieredStore: remote',
      'a store of many processes such as upstashStore(redis); of your own, one with supports: { local: false }',
      remote?.name ?? remote,
    );
  rejectUnknown(options, ['trust'], 'tieredStore');
  const { trust = 0 } = options;
  const trustMs = trust === 0 ? 0 : durationMs(trust, 'tieredStore: trust');

  const copies = new WeakMap<Entry, Copy>();
  const moves = createMoves();
  let unsubscribe: (() => void) | undefined;
  let listens = trustMs === 0 || remote.subscribe === undefined;

  function listen(): void {
    if (listens) return;
    listens = true;
    try {
      unsubscribe = remote.subscribe?.({ moved: moves.note, lost: moves.noteAll });
    } catch {
      // Without the bus, the whole of `trust` is waited for.
    }
  }

  const send = (): Sent => ({ mark: moves.mark(), wall: Date.now(), monotonic: performance.now() });

  /** The entry of a key that this tier put into the container, if its time is not over. */
  async function copyOf(key: string, keepMs: number): Promise<Entry | undefined> {
    const { entry } = await local.lookup({ key, epochs: [], keepMs });
    const copy = entry && copies.get(entry);
    return copy !== undefined && performance.now() < copy.until ? entry : undefined;
  }

  async function keep(entry: Entry, keepMs: number, sent: Sent, ids: Copy['ids']): Promise<void> {
    const present = await copyOf(entry.key, keepMs);
    const known = present && copies.get(present);
    if (known !== undefined && known.sent.mark > sent.mark) return; // a late answer is older than what came meanwhile
    copies.set(entry, { until: performance.now() + keepMs, sent, ids });
    await local.fill({ entry, unchanged: [], keepMs });
  }

  /** A part that confirmed goes on hitting while another one may never confirm: what was asked of it before is not trusted from then on. */
  const notedBy = (confirmed: PartsConfirmed, epochs: readonly string[]): PartsConfirmed => ({
    has: (part) => confirmed.has(part),
    add(part) {
      if (trustMs > 0) moves.note(epochs);
      return confirmed.add(part);
    },
  });

  /** A copy that the remote confirmed as it is. */
  function confirm(entry: Entry, sent: Sent, ids: Copy['ids']): void {
    const copy = copies.get(entry);
    if (copy === undefined || copy.sent.mark > sent.mark) return;
    copy.sent = sent;
    copy.ids = ids;
  }

  /** What an answer says of epochs, by name; nothing where it is not to be trusted. */
  function idsIn(...lists: readonly (readonly [names: readonly string[], ids: Ids])[]): Copy['ids'] {
    const known = new Map<string, string>();
    if (trustMs === 0) return known;
    for (const [names, ids] of lists) {
      names.forEach((name, index) => {
        const id = ids[index];
        if (typeof id === 'string' && id !== '') known.set(name, id);
      });
    }
    return known;
  }

  /** What the process may say for itself: only what is fresh, confirmed a moment ago, and not moved on since it was asked. */
  function trusted(entry: Entry, { key, epochs, exact }: LookupRequest): LookupAnswer | undefined {
    const copy = copies.get(entry);
    if (copy === undefined || trustMs === 0 || exact === true || !isRecent(copy.sent)) return undefined;
    const { mark } = copy.sent;
    const idOf = (epoch: string) => (moves.isUnmoved(epoch, mark) ? copy.ids.get(epoch) : undefined);
    const ids = epochs.map(idOf);
    if (ids.includes(undefined)) return undefined;
    const own = entry.epochs.map(idOf);
    const claim = { key: key ?? '', required: [], now: Date.now() };
    return standingOf(entry, own, claim) === 'fresh' ? { ids, entry, own, trusted: true } : undefined;
  }

  /** Either clock ends the trust: one may be set back, the other may stand still while the machine sleeps. */
  function isRecent({ wall, monotonic }: Sent): boolean {
    const elapsed = Date.now() - wall;
    return elapsed >= 0 && elapsed < trustMs && performance.now() - monotonic < trustMs;
  }

  return {
    name: `tiered(${local.name}, ${remote.name})`,
    supports: { ...remote.supports, local: false },

    async lookup(request) {
      listen();
      const { key, epochs, keepMs } = request;
      // Who holds a copy already needs none of ours.
      if (key === undefined || request.held !== undefined) return remote.lookup(request);
      const copy = await copyOf(key, keepMs);
      const known = copy && trusted(copy, request);
      if (known !== undefined) return known;

      const held = copy?.id === undefined ? undefined : { id: copy.id, epochs: copy.epochs };
      const sent = send(); // before the request leaves: what moves on while it is under way came after it
      const answer = await remote.lookup(held === undefined ? request : { ...request, held });
      if (!Array.isArray(answer?.ids) || !Array.isArray(answer.own)) return answer;
      const { ids, entry, own } = answer;
      if (copy !== undefined && held !== undefined) {
        const isSame = entry === undefined ? own.length === held.epochs.length : entry?.id === held.id;
        if (isSame) {
          confirm(copy, sent, idsIn([epochs, ids], [copy.epochs, own]));
          return { ids, entry: copy, own };
        }
      }
      const leftMs = entry?.key === key ? Math.min(leftOf(entry), keepMs) : 0;
      if (entry !== undefined && leftMs > 0 && !isGone(entry, own))
        await keep(entry, leftMs, sent, idsIn([epochs, ids], [entry.epochs, own]));
      return answer;
    },

    async fill(request) {
      const sent = send();
      const answer = await remote.fill(request);
      if (answer !== 'stored') return answer;
      const { entry, unchanged, keepMs } = request;
      const [names, ids] = [unchanged.map(([name]) => name), unchanged.map(([, id]) => id)];
      await keep(entry, keepMs, sent, idsIn([names, ids]));
      return answer;
    },

    async advance(epochs, mode, confirmed) {
      if (trustMs > 0) moves.note(epochs); // at once: what is asked from here on may be answered by either state …
      try {
        await remote.advance(epochs, mode, confirmed && notedBy(confirmed, epochs));
      } finally {
        if (trustMs > 0) moves.note(epochs); // … and is not trusted once this one is over
      }
    },

    ...(remote.partOf && { partOf: remote.partOf.bind(remote) }),
    ...(remote.scan && { scan: remote.scan.bind(remote) }),
    ...(remote.lease && { lease: remote.lease.bind(remote) }),
    ...(remote.release && { release: remote.release.bind(remote) }),
    ...(remote.subscribe && { subscribe: remote.subscribe.bind(remote) }),
    ...(remote.close && {
      close() {
        listens = true;
        unsubscribe?.();
        return remote.close?.();
      },
    }),
  };
}

/** How long an entry may still be of use, in milliseconds. */
const leftOf = ({ freshUntil, staleUntil = 0, errorUntil = 0 }: Entry): number =>
  Math.max(freshUntil, staleUntil, errorUntil) - Date.now();

const isGone = (entry: Entry, own: Ids): boolean =>
  standingOf(entry, own, { key: entry.key, required: [], now: Date.now() }) === 'gone';
