// Docs: docs/tiers.md#trust
/** What a process knows of epochs that moved on, in the order of its own events: what it sends, and what it hears. */
export interface Moves {
  /** The next place in that order, for something that is sent now. */
  readonly mark: () => number;
  /** These epochs move on about now. */
  readonly note: (epochs: readonly string[]) => void;
  /** Any epoch may have moved on. */
  readonly noteAll: () => void;
  /** Whether no move of an epoch is known that came after this place. */
  readonly isUnmoved: (epoch: string, mark: number) => boolean;
}

/** Remembers the last `most` epochs that moved; of what was sent before those it forgot, everything counts as moved. */
export function createMoves(most = 10_000): Moves {
  const lastMove = new Map<string, number>(); // in the order of the moves
  let order = 0;
  let floor = 0;
  return {
    mark: () => ++order,
    note(epochs) {
      order += 1;
      for (const epoch of epochs) {
        lastMove.delete(epoch);
        lastMove.set(epoch, order);
      }
      for (const [epoch, at] of lastMove) {
        if (lastMove.size <= most) break;
        lastMove.delete(epoch);
        floor = at;
      }
    },
    noteAll() {
      floor = ++order;
      lastMove.clear();
    },
    isUnmoved: (epoch, mark) => mark > floor && (lastMove.get(epoch) ?? 0) < mark,
  };
}
