import { createRandom, exponential, type Random } from './random.ts';

/** Something that happens to an isolate from outside. */
export type Happening =
  | { readonly at: number; readonly isolate: number; readonly kind: 'read' | 'write'; readonly key: number }
  /** It is evicted; the next request finds a new one, with nothing in it. */
  | { readonly at: number; readonly isolate: number; readonly kind: 'death' };

/** What happens, in the order of time. */
export type Traffic = Iterable<Happening>;

export interface TrafficOptions {
  readonly isolates: number;
  readonly readsPerSecond: number;
  readonly writesPerSecond: number;
  /** How long an isolate lives, on average. */
  readonly lifeMs: number;
  readonly untilMs: number;
  /** Draws which key is asked for … */
  readonly keyOf: (random: Random) => number;
  /** … or written. @default as those that are asked for */
  readonly writtenKeyOf?: (random: Random) => number;
  readonly seed: number;
}

/**
 * Reads, writes and deaths, each a Poisson process; each request goes to any isolate. The independent reference model: what is
 * asked for does not depend on what was asked before.
 */
export function* poissonTraffic(options: TrafficOptions): Generator<Happening> {
  const { isolates, readsPerSecond, writesPerSecond, lifeMs, untilMs, keyOf, writtenKeyOf = keyOf } = options;
  const random = createRandom(options.seed);
  const [reads, writes, deaths] = [readsPerSecond / 1000, writesPerSecond / 1000, isolates / lifeMs];
  const all = reads + writes + deaths;
  for (let at = exponential(random, 1 / all); at < untilMs; at += exponential(random, 1 / all)) {
    const which = random() * all;
    const isolate = Math.floor(random() * isolates);
    if (which < deaths) yield { at, isolate, kind: 'death' };
    else if (which < deaths + writes) yield { at, isolate, kind: 'write', key: writtenKeyOf(random) };
    else yield { at, isolate, kind: 'read', key: keyOf(random) };
  }
}
