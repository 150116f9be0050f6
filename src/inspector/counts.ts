// Docs: docs/inspector.md#what-is-counted
import type { CacheEvents } from '../events.ts';
import type { Cache } from '../surface.ts';

/** What became of the calls of one procedure, since the inspector was made. */
export interface PathCounts {
  /** The path of the procedure, or the name of the wrapped function. */
  readonly path: string;
  /** Answered from the cache. */
  readonly hit: number;
  /** Answered with what had expired. */
  readonly stale: number;
  /** Answered by the run of another caller. */
  readonly coalesced: number;
  /** The procedure ran. */
  readonly miss: number;
  /** The procedure ran as if there was no cache. */
  readonly bypass: number;
  /** How often for which reason: of a bypass, or of an answer that was not kept. */
  readonly why: readonly (readonly [reason: string, count: number])[];
  /** How long a run that was stored took on average, in milliseconds; absent while none was. */
  readonly ranMs?: number;
  /** How long an answer that was stored is on average, in bytes; absent while none was. */
  readonly bytes?: number;
}

/** The outcomes of ten seconds: `[time ÷ 10 s, hit, stale, coalesced, miss, bypass]`. */
export type Slot = readonly [at: number, hit: number, stale: number, coalesced: number, miss: number, bypass: number];

/** Counts what a cache tells, in bounded memory. */
export interface Counts {
  readonly paths: () => readonly PathCounts[];
  /** The last ten minutes; slots without a call are left out. */
  readonly slots: () => readonly Slot[];
  readonly stop: () => void;
}

/** How long a slot is, in milliseconds. */
export const slotMs = 10_000;
const mostSlots = 60;
const mostPaths = 1_000;
const mostReasons = 20;
const others = '(others)';

const outcomes = ['hit', 'stale', 'coalesced', 'miss', 'bypass'] as const;
type Outcome = (typeof outcomes)[number];

interface Tally {
  readonly count: Record<Outcome, number>;
  readonly why: Map<string, number>;
  fills: number;
  ranMs: number;
  bytes: number;
}

/** Listens from now on. */
export function countsOf(cache: Pick<Cache<any>, 'on'>): Counts {
  const tallies = new Map<string, Tally>();
  const slots: [number, Record<Outcome, number>][] = [];

  function tallyOf(path: string): Tally {
    const name = tallies.has(path) || tallies.size < mostPaths ? path : others;
    let tally = tallies.get(name);
    if (tally === undefined)
      tallies.set(name, (tally = { count: none(), why: new Map(), fills: 0, ranMs: 0, bytes: 0 }));
    return tally;
  }

  function slot(): Record<Outcome, number> {
    const at = Math.floor(Date.now() / slotMs);
    const last = slots.at(-1);
    if (last !== undefined && last[0] >= at) return last[1]; // a clock that is set back adds to the newest
    const next = none();
    slots.push([at, next]);
    if (slots.length > mostSlots) slots.shift();
    return next;
  }

  function count(path: string, outcome: Outcome, why?: string): void {
    tallyOf(path).count[outcome] += 1;
    slot()[outcome] += 1;
    if (why !== undefined) note(path, why);
  }

  function note(path: string, reason: string): void {
    const { why } = tallyOf(path);
    if (why.size < mostReasons || why.has(reason)) why.set(reason, (why.get(reason) ?? 0) + 1);
  }

  const ends = [
    cache.on('hit', ({ path }) => count(path, 'hit')),
    cache.on('stale', ({ path }) => count(path, 'stale')),
    cache.on('miss', ({ path, coalesced }) => count(path, coalesced ? 'coalesced' : 'miss')),
    cache.on('bypass', ({ path, reason }) => count(path, 'bypass', `bypass: ${reason}`)),
    cache.on('skip', ({ path, reason }) => note(path, `not kept: ${reason}`)),
    cache.on('fill', ({ path, bytes, ranMs }: CacheEvents['fill']) => {
      const tally = tallyOf(path);
      tally.fills += 1;
      tally.ranMs += ranMs;
      tally.bytes += bytes;
    }),
  ];

  return {
    paths: () =>
      Array.from(tallies, ([path, { count, why, fills, ranMs, bytes }]) => ({
        path,
        ...count,
        why: [...why],
        ...(fills > 0 && { ranMs: ranMs / fills, bytes: Math.round(bytes / fills) }),
      })),
    slots() {
      const oldest = Math.floor(Date.now() / slotMs) - mostSlots;
      return slots
        .filter(([at]) => at > oldest)
        .map(([at, { hit, stale, coalesced, miss, bypass }]) => [at, hit, stale, coalesced, miss, bypass] as const);
    },
    stop: () => {
      for (const end of ends) end();
    },
  };
}

const none = (): Record<Outcome, number> => ({ hit: 0, stale: 0, coalesced: 0, miss: 0, bypass: 0 });
