// Docs: docs/stores.md#scripts
import { epochCounts } from './wire.ts';

/** How long epochs have to live. Here nothing depends on it but the bill: to plant them and to let them live longer are commands. */
export interface Lives {
  /** Plants those that a lookup of a key misses; says how many. */
  readonly plant: (key: number, keepMs: number) => number;
  /** Moves that of an input on; it is planted where it is missing. */
  readonly advance: (key: number) => void;
  /** Lets those of a key outlive its entry; says how many would not have. */
  readonly extend: (key: number, keepMs: number) => number;
}

const spareMs = 600_000;

/** Of each key those of its input, the first of which is what an invalidation moves on, and those that all keys share. */
export function createLives(clock: { readonly now: number }): Lives {
  const { ofInput, shared, timed } = epochCounts;
  const ends = new Map<number, number[]>();
  const sharedEnds: number[] = [];

  const endOf = (keepMs: number): number => Math.floor(clock.now) + Math.ceil(keepMs) + spareMs;
  const of = (key: number): number[] => {
    const list = ends.get(key) ?? [];
    if (list.length === 0) ends.set(key, list);
    return list;
  };
  const fillUp = (list: number[], count: number, end: number): number => {
    let planted = 0;
    for (let at = 0; at < count; at++) {
      if (list[at] !== undefined) continue;
      list[at] = end;
      planted += 1;
    }
    return planted;
  };
  const extend = (list: number[], end: number): number => {
    let extended = 0;
    list.forEach((before, at) => {
      if (before >= end) return;
      list[at] = end;
      extended += 1;
    });
    return extended;
  };

  return {
    plant(key, keepMs) {
      const end = endOf(keepMs);
      const without = sharedEnds.length === 0 ? shared - timed : 0; // a time to live
      return without + fillUp(sharedEnds, timed, end) + fillUp(of(key), ofInput, end);
    },
    advance: (key) => void fillUp(of(key), 1, endOf(0)),
    extend: (key, keepMs) => extend(sharedEnds, endOf(keepMs)) + extend(of(key), endOf(keepMs)),
  };
}
