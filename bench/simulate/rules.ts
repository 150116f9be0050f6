// What the library leaves to chance it decides by functions of its own, which are given a stream here. The rest it keeps to
// itself; that it is the same is tested against the library (test/bench/simulate-library.test.ts).
import type { Random } from './random.ts';

export { isDueEarly, jittered } from '../../src/chance.ts';

/** A pause before a lease is asked for again, as `turn.ts` makes it; timers count whole milliseconds. */
export const pauseOf = (wait: number, random: Random): number => Math.floor(wait * (0.5 + random()));

/** The pauses of who waits for a lease: the first, by how much the next is longer, the longest. */
export const pauses = { first: 20, factor: 1.5, longest: 400 } as const;

/** Time budgets, in milliseconds: the defaults of `createCache`. */
export const timeouts = { read: 250, join: 10_000, lease: 5_000, revalidate: 30_000 } as const;
