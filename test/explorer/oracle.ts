import { lifetimes, type Query, writes } from './program.ts';

/** What the procedures read from the database, and when they had it. */
export interface Versioned {
  readonly version: number;
  readonly readAt: number;
}

export type Row = 'plain' | 'tagged' | 'mine' | 'stale';

const rowOf = (query: Query): Row => (query === 'outer' ? 'plain' : query === 'over' ? 'stale' : query);

/** A database of versions, and the least that a read has to give. */
export interface Oracle {
  readonly current: (row: Row) => number;
  /** Commits new versions; the returned function notes that their invalidation ended, at a moment, with or without the store's word. */
  readonly commit: (how: keyof typeof writes, at: number) => (elapsed: number, isAcknowledged: boolean) => void;
  /** Notes that a read starts; the returned function says what is wrong with its answer, if anything. */
  readonly expect: (
    query: Query,
    at: number,
    elapsed: number,
  ) => (answer: Versioned, isTimed: boolean) => string | undefined;
}

/** `trustMs`: how much later than an acknowledgement another process may still answer with what was before. */
export function createOracle(trustMs: number): Oracle {
  const rows: Record<Row, number> = { plain: 1, tagged: 1, mine: 1, stale: 1 };
  const ended: { row: Row; version: number; at: number; elapsed: number; isAcknowledged: boolean; only?: Query }[] = [];
  return {
    current: (row) => rows[row],
    commit(how, at) {
      const versions = writes[how].rows.map((row) => ({ row, version: ++rows[row] }));
      return (elapsed, isAcknowledged) => {
        // What is expired may be given while it is stale: no promise but that of the windows.
        if (how === 'expire stale') return;
        const only = how === 'expire both' ? ({ only: 'over' } as const) : {};
        for (const one of versions) ended.push({ ...one, at, elapsed, isAcknowledged, ...only });
      };
    },
    expect(query, at, elapsed) {
      const row = rowOf(query);
      const startedAt = Date.now();
      const concerned = ended.filter((one) => one.row === row && (one.only ?? query) === query);
      const binding = concerned.filter(
        (one) => one.at === at || (one.isAcknowledged && one.elapsed + trustMs < elapsed),
      );
      // Without trust, what was acknowledged at this very moment counts: moments of a schedule are long.
      const now = trustMs > 0 ? [] : concerned.filter((one) => one.isAcknowledged);
      const least = Math.max(1, ...[...binding, ...now].map(({ version }) => version));
      return ({ version, readAt }, isTimed) => {
        if (version < least) return `${query} gave version ${version} after ${least} was acknowledged`;
        const windowMs = lifetimes.ttlMs + (query === 'stale' ? lifetimes.staleMs : 0);
        if (query === 'outer' || query === 'over' || !isTimed || startedAt - readAt <= windowMs) return undefined;
        return `${query} gave an answer ${startedAt - readAt} ms old`;
      };
    },
  };
}
