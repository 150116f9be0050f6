/** What is so, whatever the cache says: how often each key was written, and when each write was acknowledged. */
export interface Truth {
  /** How many writes of a key were committed. */
  readonly version: (key: number) => number;
  /** A write commits; the returned number is its own. */
  readonly commit: (key: number) => number;
  /** Its invalidation was acknowledged. */
  readonly acknowledge: (key: number, write: number, now: number) => void;
  /**
   * For how long it had been acknowledged, when a read began, that its answer was out of date: 0 where it was not. This is
   * law 1 of the library as a number.
   */
  readonly behindMs: (key: number, version: number, readAt: number) => number;
}

export function createTruth(): Truth {
  const acknowledged = new Map<number, number[]>(); // by key: when each of its writes was, in their order
  const of = (key: number): number[] => {
    const list = acknowledged.get(key) ?? [];
    if (list.length === 0) acknowledged.set(key, list);
    return list;
  };
  return {
    version: (key) => acknowledged.get(key)?.length ?? 0,
    commit: (key) => of(key).push(Number.POSITIVE_INFINITY),
    acknowledge(key, write, now) {
      of(key)[write - 1] = now;
    },
    behindMs(key, version, readAt) {
      const list = acknowledged.get(key) ?? [];
      let behind = 0;
      for (let missed = version; missed < list.length; missed++)
        behind = Math.max(behind, readAt - (list[missed] as number));
      return behind;
    },
  };
}
