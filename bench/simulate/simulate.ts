import { createBill, type Operation } from './bill.ts';
import { read } from './call.ts';
import { createClock } from './clock.ts';
import { createIsolate, type Memory, write } from './isolate.ts';
import type { Random } from './random.ts';
import { createRemote } from './remote.ts';
import { createTally, type Result } from './tally.ts';
import type { Traffic } from './traffic.ts';
import { createTruth } from './truth.ts';
import type { Answered, Delays, Keys, Settings, World } from './world.ts';

/** Everything that decides what a simulation measures: the same options, the same result. */
export interface SimulateOptions {
  readonly isolates: number;
  readonly settings: Settings;
  /** Of each isolate, where there is a tier. */
  readonly memory: Memory;
  readonly traffic: Traffic;
  readonly delays: Delays;
  readonly keys: Keys;
  /** For the rules of the library that leave something to chance. */
  readonly random: Random;
  /** Nothing is counted before. */
  readonly warmUpMs: number;
  readonly untilMs: number;
  /** Hears of every answer, request to the store, and run, of the warm-up too. */
  readonly answered?: (answer: Answered) => void;
  readonly asked?: (operation: Operation, at: number) => void;
  readonly ran?: (key: number, at: number) => void;
}

/** Nothing but the store: no option of `cached` or `createCache` that is off by default. */
export const plain: Settings = {
  jitter: 0,
  early: 0,
  lease: false,
  staleWhileRevalidateMs: 0,
  tier: false,
  asyncContext: false,
};

/** The bounds of `memoryStore`, by default. */
export const memoryDefaults: Memory = { maxBytes: 64 * 1024 * 1024, maxEntries: 10_000 };

/** Plays traffic to isolates that share a store, event by event, and measures. */
export function simulate(options: SimulateOptions): Result {
  const { isolates: count, memory, traffic, warmUpMs, untilMs, asked, ran, ...given } = options;
  const clock = createClock();
  const bill = createBill(clock, warmUpMs, asked);
  let last = 0;
  const world: World = {
    ...given,
    clock,
    remote: createRemote(clock, bill),
    truth: createTruth(),
    tally: createTally(clock, warmUpMs, ran),
    nextId: () => ++last,
  };
  const isolates = Array.from({ length: count }, (_, index) => createIsolate(index, memory));
  for (const happening of traffic) {
    clock.runUntil(happening.at);
    clock.in(happening.at - clock.now, () => {
      const isolate = isolates[happening.isolate] as (typeof isolates)[number];
      if (happening.kind === 'read') read(world, isolate, happening.key);
      else if (happening.kind === 'write') write(world, isolate, happening.key);
      else {
        isolate.isAlive = false;
        isolates[happening.isolate] = createIsolate(happening.isolate, memory);
      }
    });
  }
  clock.runUntil(untilMs);
  const billed = bill.total();
  clock.runUntil(Number.POSITIVE_INFINITY); // whoever asked in time is answered
  return world.tally.result(billed, untilMs);
}
