// Docs: docs/tiers.md
import { createMoves, type Moves } from '../../src/stores/moves.ts';
import { createFlights, type Flights } from './flights.ts';
import { createLru, type Lru } from './lru.ts';
import { type Ids, type Made, standing } from './remote.ts';
import { timeouts } from './rules.ts';
import { heldBytes } from './wire.ts';
import { ask, type Lookup, type World } from './world.ts';

/** A copy of an entry in an isolate, as in `tiered.ts`. */
interface Copy {
  readonly entry: Made;
  readonly until: number;
  /** The question whose answer confirmed it last: its place among the moves of epochs, and when it was sent. */
  mark: number;
  sentAt: number;
  /** The ids in that answer, where they may be trusted for a while. */
  ids: Ids | undefined;
}

/** One process at the edge: what it holds is gone when it is. */
export interface Isolate {
  readonly index: number;
  isAlive: boolean;
  /** Procedures at work. */
  runs: number;
  readonly copies: Lru<Copy>;
  readonly flights: Flights;
  readonly moves: Moves;
}

export interface Memory {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

export const createIsolate = (index: number, { maxBytes, maxEntries }: Memory): Isolate => ({
  index,
  isAlive: true,
  runs: 0,
  copies: createLru(maxBytes, maxEntries),
  flights: createFlights(),
  moves: createMoves(),
});

const epochOf = String;

/** The copy of a key, if its time is not over. */
function copyOf({ copies }: Isolate, key: number, now: number): Copy | undefined {
  const copy = copies.get(key);
  if (copy === undefined || now < copy.until) return copy;
  copies.delete(key);
  return undefined;
}

function keep(isolate: Isolate, key: number, copy: Copy, now: number): void {
  const present = copyOf(isolate, key, now);
  if (present !== undefined && present.mark > copy.mark) return;
  isolate.copies.set(key, copy, heldBytes(copy.entry.payload));
}

/** Whether a copy answers without a request: confirmed a moment ago, not moved on since, fresh. */
function isTrusted(isolate: Isolate, key: number, copy: Copy, trustMs: number, { clock, settings }: World): boolean {
  if (copy.ids === undefined || clock.now - copy.sentAt >= trustMs) return false;
  if (!settings.asyncContext && isolate.runs > 0) return false; // it might be read for what is being stored
  return isolate.moves.isUnmoved(epochOf(key), copy.mark) && standing(copy.entry, copy.ids, clock.now) === 'fresh';
}

/**
 * A lookup, through the tier where there is one; an exact one is not answered from trust. Nothing comes back where the store
 * was too late.
 */
export function lookUp(
  world: World,
  isolate: Isolate,
  key: number,
  answered: (lookup: Lookup | undefined) => void,
  isExact = false,
): void {
  const { clock, keys, settings, remote } = world;
  const { tier } = settings;
  const keepMs = keys.ttlMs(key) + settings.staleWhileRevalidateMs;
  const copy = tier === false ? undefined : copyOf(isolate, key, clock.now);
  if (!isExact && tier !== false && copy?.ids !== undefined && isTrusted(isolate, key, copy, tier.trustMs, world)) {
    answered({ ids: copy.ids, entry: copy.entry, expired: undefined, isEmpty: false, from: 'trusted' });
    return;
  }

  const mark = isolate.moves.mark();
  const sentAt = clock.now;
  ask(
    world,
    isolate.index,
    () => remote.lookup(key, copy?.entry.id, keepMs),
    (found) => {
      if (found === undefined) return answered(undefined);
      const { ids } = found;
      const entry = found.entry ?? copy?.entry;
      const how = entry === undefined ? 'gone' : standing(entry, ids, clock.now);
      if (copy !== undefined && entry?.id === copy.entry.id) confirm(copy, mark, sentAt, ids);
      else if (tier !== false && entry !== undefined && how !== 'gone') {
        const leftMs = Math.max(entry.freshUntil, entry.staleUntil ?? 0) - clock.now;
        if (leftMs > 0) keep(isolate, key, { entry, until: clock.now + leftMs, mark, sentAt, ids }, clock.now);
      }
      answered({
        ids,
        entry: how === 'fresh' ? entry : undefined,
        expired: how === 'expired' ? entry : undefined,
        isEmpty: entry === undefined,
        from: entry !== undefined && entry === copy?.entry ? 'confirmed' : 'remote',
      });
    },
    timeouts.read,
  );
}

function confirm(copy: Copy, mark: number, sentAt: number, ids: Ids): void {
  if (copy.mark > mark) return;
  copy.mark = mark;
  copy.sentAt = sentAt;
  copy.ids = ids;
}

/** Stores what was made, and keeps a copy of it once that is confirmed. A fill reads not every epoch: it is asked for once more. */
export function fill(
  world: World,
  isolate: Isolate,
  key: number,
  entry: Made,
  keepMs: number,
  lease: Parameters<World['remote']['fill']>[3],
  settled: () => void,
): void {
  const { clock, remote, settings } = world;
  const mark = isolate.moves.mark();
  const sentAt = clock.now;
  const work = () => remote.fill(key, entry, keepMs, lease);
  ask(world, isolate.index, work, (answer) => {
    const until = clock.now + keepMs;
    if (answer === 'stored' && settings.tier !== false)
      keep(isolate, key, { entry, until, mark, sentAt, ids: undefined }, clock.now);
    settled();
  });
}

/** A mutation: it commits, then its invalidation goes to the store, and is acknowledged. */
export function write(world: World, isolate: Isolate, key: number): void {
  const { clock, remote, truth, tally, settings } = world;
  const number = truth.commit(key);
  tally.wrote();
  const note = () => {
    if (settings.tier !== false && settings.tier.trustMs > 0) isolate.moves.note([epochOf(key)]);
  };
  note();
  ask(
    world,
    isolate.index,
    () => remote.advance(key),
    () => {
      note();
      truth.acknowledge(key, number, clock.now);
    },
  );
}
