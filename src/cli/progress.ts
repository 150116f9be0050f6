// Docs: docs/cli.md#long-work
import type { Io } from './io.ts';

/** A bar on stderr. A dependency for it would be one of everybody who installs the library. */
export interface Progress {
  /** So much is done by now. */
  readonly at: (done: number) => void;
  /** Takes the bar away. */
  readonly end: () => void;
}

const width = 30;

/** A bar for work of about this size; nothing where nobody looks. Draws at most ten times a second. */
export function createProgress(io: Pick<Io, 'err' | 'isWatched'>, label: string, total: number): Progress {
  if (!io.isWatched) return { at() {}, end() {} };
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    at(done) {
      const now = performance.now();
      if (now - drawnAt < 100) return;
      drawnAt = now;
      const share = total > 0 ? Math.min(1, done / total) : 0;
      const full = Math.round(share * width);
      io.err(`\r${label} [${'#'.repeat(full)}${'.'.repeat(width - full)}] ${Math.floor(share * 100)} %`);
    },
    end() {
      if (drawnAt > 0) io.err(`\r${' '.repeat(label.length + width + 10)}\r`);
    },
  };
}
