// Docs: docs/cli.md#long-work
import type { ScanAnswer } from '../store.ts';
import type { Connection } from './connect.ts';
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

/**
 * The pages of what a store holds, one `SCAN` and one script each, with a bar. The bar is of all keys of the server: those of
 * others are looked at, too.
 */
export async function* pagesOf(
  { store, command }: Pick<Connection, 'store' | 'command'>,
  { prefix, part }: Sought,
  io: Io,
): AsyncGenerator<ScanAnswer['entries']> {
  const total = io.isWatched ? Number(await command('DBSIZE').catch(() => 0)) : 0;
  const bar = createProgress(io, 'Reading', total);
  let cursor: string | undefined;
  let seen = 0;
  let limit = fewest;
  try {
    do {
      const asked = { prefix, part, limit, ...(cursor !== undefined && { cursor }) };
      const page = await unlessInterrupted(io, Promise.resolve(store.scan(asked)));
      bar.at((seen += limit));
      yield page.entries;
      limit = nextLimit(limit, page.entries.length);
      cursor = page.cursor;
    } while (cursor !== undefined);
  } finally {
    bar.end();
  }
}
