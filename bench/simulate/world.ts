import type { Clock } from './clock.ts';
import type { Random } from './random.ts';
import type { Made, Remote } from './remote.ts';
import type { Outcome, Tally } from './tally.ts';
import type { Truth } from './truth.ts';

/** The options of `cached`, `createCache` and `tieredStore` that a simulation compares. */
export interface Settings {
  readonly jitter: number;
  /** `earlyRevalidation`, as its β; 0 is off. */
  readonly early: number;
  /** `coalesce: 'store'`. */
  readonly lease: boolean;
  readonly staleWhileRevalidateMs: number;
  readonly tier: false | { readonly trustMs: number };
  /** Whether `createCache` was given an `asyncContext`: without, nothing is trusted while a procedure runs. */
  readonly asyncContext: boolean;
}

/** How long things take, in milliseconds. */
export interface Delays {
  /** One way between an isolate and the store. */
  readonly trip: (isolate: number) => number;
  readonly run: (key: number) => number;
}

/** What is stored under a key. */
export interface Keys {
  readonly ttlMs: (key: number) => number;
  /** Bytes of the JSON of an answer. */
  readonly payload: (key: number) => number;
}

/** Everything around the isolates. */
export interface World {
  readonly clock: Clock;
  readonly remote: Remote;
  readonly truth: Truth;
  readonly tally: Tally;
  readonly settings: Settings;
  readonly delays: Delays;
  readonly keys: Keys;
  /** Of the rules: early revalidation, jitter, pauses. */
  readonly random: Random;
  /** Numbers that are given once, for entries and leases. */
  readonly nextId: () => number;
  /** Hears of every answer. */
  readonly answered?: ((answer: Answered) => void) | undefined;
}

export interface Answered {
  readonly isolate: number;
  readonly key: number;
  readonly outcome: Outcome;
  readonly version: number;
  readonly askedAt: number;
  readonly at: number;
}

/** A request to the store and back. Later than `budgetMs` there is no answer; what was asked for is done all the same. */
export function ask<T>(
  { clock, delays }: World,
  isolate: number,
  work: () => T,
  answered: (answer: T | undefined) => void,
  budgetMs = Number.POSITIVE_INFINITY,
): void {
  const up = delays.trip(isolate);
  const down = delays.trip(isolate);
  const isLate = up + down > budgetMs;
  clock.in(up, () => {
    const answer = work();
    if (!isLate) clock.in(down, () => answered(answer));
  });
  if (isLate) clock.in(budgetMs, () => answered(undefined));
}

/** What a lookup learned, as in `lookup.ts`: the entry if it may answer, or if it could but for its age. */
export interface Lookup {
  readonly ids: Made['ids'];
  readonly entry: Made | undefined;
  readonly expired: Made | undefined;
  /** Whether there is no entry at all, not even one of no use. */
  readonly isEmpty: boolean;
  readonly from: 'trusted' | 'confirmed' | 'remote';
}
