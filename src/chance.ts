// Docs: docs/freshness.md#many-at-once
import type { Entry } from './entry.ts';

/** Draws a number from 0 to below 1. */
type Random = () => number;

/** XFetch: whether a hit renews its entry. By chance, the likelier the closer the end is and the longer the procedure takes. */
export function isDueEarly({ freshUntil, ranMs = 0 }: Entry, beta: number, now: number, random: Random): boolean {
  return beta > 0 && now - ranMs * beta * Math.log(random()) >= freshUntil;
}

/** A lifetime that is shortened at random, by up to this share: what was filled together does not expire together. */
export const jittered = (ttlMs: number, jitter: number, random: Random): number => ttlMs * (1 - jitter * random());
