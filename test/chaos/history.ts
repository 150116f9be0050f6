import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';

/** Milliseconds of a clock that all processes of this machine share and nobody sets (CLOCK_MONOTONIC). */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/**
 * The database of the checker, and what is known of its invalidations: for each row the version that was committed last, and
 * the last one whose invalidation was acknowledged. It is a file, because the kernel keeps what a killed process wrote, and
 * shows it to all others at once. Each row has one writer at a time.
 */
export interface History {
  readonly committed: (row: number) => number;
  /** Writes the next version; from now on every procedure reads it. */
  readonly commit: (row: number) => number;
  /** The invalidation of this version was acknowledged: who begins to read from now on must not be given an older one. */
  readonly acknowledge: (row: number, version: number) => void;
  readonly acknowledged: (row: number) => number;
  /** The last version acknowledged before a time. Of one too long ago to be known it says less, never more. */
  readonly acknowledgedBefore: (row: number, time: number) => number;
  /** The last version committed before a time, in the same way. */
  readonly committedBefore: (row: number, time: number) => number;
  /** Whether the scheduler is at work on a fault right now. */
  readonly isFaulty: () => boolean;
  readonly setFaulty: (is: boolean) => void;
  readonly close: () => void;
}

const remembered = 64;
const looksBack = 32; // half: what a later version is written over is never read
const slotWords = 3; // version, when committed, when acknowledged
const rowWords = 2 + remembered * slotWords;
const headWords = 1;
const word = 8;

/** Makes an empty history for so many rows. */
export const createHistory = (path: string, rows: number): void =>
  writeFileSync(path, new Uint8Array((headWords + rows * rowWords) * word));

/** Opens a history that somebody made. */
export function openHistory(path: string): History {
  const file = openSync(path, 'r+');
  const one = new Float64Array(1);
  const all = new Float64Array(rowWords);
  const at = (row: number, offset = 0) => (headWords + row * rowWords + offset) * word;
  const slotOf = (version: number) => 2 + (version % remembered) * slotWords;
  const get = (position: number): number => {
    readSync(file, one, 0, word, position);
    return one[0]!;
  };
  const put = (position: number, ...values: number[]) => {
    writeSync(file, new Float64Array(values), 0, values.length * word, position);
  };
  const committed = (row: number) => get(at(row));
  const acknowledged = (row: number) => get(at(row, 1));
  /** Newest first, as far back as is safe. */
  const lastBefore = (row: number, time: number, newest: 0 | 1, when: 1 | 2) => {
    readSync(file, all, 0, rowWords * word, at(row));
    const from = all[newest]!;
    for (let version = from; version > Math.max(0, from - looksBack); version--) {
      const slot = slotOf(version);
      const time2 = all[slot + when]!;
      if (all[slot] === version && time2 > 0 && time2 <= time) return version;
    }
    return 0;
  };
  return {
    committed,
    commit(row) {
      const version = committed(row) + 1;
      put(at(row), version);
      // After the write: a reader may see it a little earlier than the history says, never later.
      put(at(row, slotOf(version)), version, now(), 0);
      return version;
    },
    acknowledged,
    acknowledge(row, version) {
      if (acknowledged(row) >= version) return;
      put(at(row, slotOf(version)), version, get(at(row, slotOf(version) + 1)), now());
      put(at(row, 1), version);
    },
    acknowledgedBefore: (row, time) => lastBefore(row, time, 1, 2),
    committedBefore: (row, time) => lastBefore(row, time, 0, 1),
    isFaulty: () => get(0) !== 0,
    setFaulty: (is) => put(0, is ? 1 : 0),
    close: () => closeSync(file),
  };
}
