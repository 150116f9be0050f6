// Docs: docs/cli.md#ls
import { type ListedEntry, listed, partOf } from '../entries.ts';
import { spanOf } from '../explanation.ts';
import { createLabels } from '../label.ts';
import { matches } from '../pattern.ts';
import { isPattern } from '../targets.ts';
import type { Arguments } from './arguments.ts';
import type { Connection } from './connection.ts';
import { type Io, UsageError } from './io.ts';
import { pagesOf } from './pages.ts';
import { bytesOf, leftOf, plainly, table } from './table.ts';

/** Shows entries, never what is in them. */
export async function list(
  { namespace, hashKeys, json, targets, limit }: Arguments,
  connection: Connection,
  io: Io,
): Promise<number> {
  const [match = '*'] = targets;
  if (!isPattern(match) || match.startsWith('.'))
    throw new UsageError(`${JSON.stringify(match)} is no path pattern. Write 'post.byId', 'post.*' or '*.list'.`);
  const labels = createLabels(namespace, hashKeys);
  const entries = new Map<string, ListedEntry>(); // SCAN may give one twice
  let isCut = false;
  for await (const page of pagesOf(connection, { prefix: labels.prefix, part: partOf(match) }, io)) {
    const now = Date.now();
    for (const one of page) {
      const entry = listed(one, labels, now);
      if (matches(match, entry.path)) entries.set(one.head.key, entry);
    }
    isCut = entries.size > limit;
    if (isCut) break;
  }
  const shown = [...entries.values()]
    .slice(0, limit)
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.ageMs - b.ageMs));
  if (json) {
    io.out(`${JSON.stringify({ namespace, match, entries: shown, more: isCut }, null, 2)}\n`);
    return 0;
  }
  if (shown.length === 0) io.out(`No entries of ${plainly(match)} under the namespace ${plainly(namespace)}.\n`);
  else
    io.out(table(['PATH', 'STATE', 'AGE', 'TTL LEFT', 'BYTES', 'SCOPE', 'TAGS', 'KEY'], shown.map(row), [2, 3, 4, 6]));
  if (isCut) io.err(`There are more. Write --limit ${limit * 10}.\n`);
  return 0;
}

/** So much of the end of a key tells entries apart for people. */
export const shortest = 11;

const row = ({ path, state, ageMs, ttlLeftMs, bytes, scope, tags, key }: ListedEntry): readonly string[] => [
  plainly(path),
  state,
  spanOf(ageMs),
  leftOf(ttlLeftMs),
  bytesOf(bytes),
  scope?.kind ?? '-',
  String(tags.length),
  plainly(key.slice(key.lastIndexOf('#')).slice(0, shortest)),
];
