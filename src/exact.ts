// Docs: docs/invalidation.md#read-your-own-writes
/** Requests under way of clients that wrote a moment ago. */
export interface Exact {
  /** Returns what is to be called when the request has been answered. */
  readonly begin: () => () => void;
  readonly any: () => boolean;
}

// A request whose end is never told must not make all others exact for ever.
const longestMs = 60_000;

/** Reads of such requests may be made anywhere, in nested calls too: while there is one, all reads are exact. */
export function createExact(): Exact {
  const under = new Set<{ readonly since: number }>(); // in the order of their beginnings
  return {
    begin() {
      const request = { since: performance.now() };
      under.add(request);
      return () => void under.delete(request);
    },
    any() {
      for (const request of under) {
        if (performance.now() - request.since <= longestMs) break;
        under.delete(request);
      }
      return under.size > 0;
    },
  };
}
