// Docs: docs/cli.md#long-work
import type { ScanAnswer } from '../store.ts';
import type { Connection } from './connection.ts';
import { type Io, unlessInterrupted } from './io.ts';
import { createProgress } from './progress.ts';

/** What to look for. */
export interface Sought {
  /** What the keys begin with. */
  readonly prefix: string;
  /** A text in them. */
  readonly part: string;
}

// The heads of 1,000 entries hold a server up for some 50 ms, 100 for 5: of many keys that are of others, more may be looked at.
const [fewest, most] = [100, 1_000];

/** How many keys to look at next, by how many entries were among the last. */
const nextLimit = (limit: number, found: number): number => {
  if (found > fewest) return Math.max(fewest, Math.ceil(limit / 2));
  return found < fewest / 4 ? Math.min(most, limit * 2) : limit;
};

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

/** The shard of a Cluster that a page begins in. */
const shardAt = (cursor = ''): number => (cursor.includes(':') ? Number.parseInt(cursor, 10) : 0);

/**
 * The pages of what a store holds, one `SCAN` and one script each, with a bar. The bar is of all keys of the server: those of
 * others are looked at, too. Each shard of a Cluster looks at all keys of its node.
 */
export async function* pagesOf(
  { store, sizes }: Pick<Connection, 'store' | 'sizes'>,
  { prefix, part }: Sought,
  io: Io,
): AsyncGenerator<ScanAnswer['entries']> {
  const toSee = io.isWatched ? await sizes().catch(() => []) : [];
  const bar = createProgress(io, 'Reading', sumOf(toSee));
  let cursor: string | undefined;
  let seen = 0;
  let limit = fewest;
  try {
    do {
      const asked = { prefix, part, limit, ...(cursor !== undefined && { cursor }) };
      const page = await unlessInterrupted(io, Promise.resolve(store.scan(asked)));
      const shard = shardAt(cursor);
      const isOver = page.cursor === undefined || shardAt(page.cursor) !== shard;
      seen = isOver ? 0 : seen + limit;
      const before = sumOf(toSee.slice(0, isOver ? shard + 1 : shard));
      bar.at(before + Math.min(seen, toSee[shard] ?? 0));
      yield page.entries;
      limit = nextLimit(limit, page.entries.length);
      cursor = page.cursor;
    } while (cursor !== undefined);
  } finally {
    bar.end();
  }
}
