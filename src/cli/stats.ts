// Docs: docs/cli.md#stats
import { listed } from '../entries.ts';
import { createLabels } from '../label.ts';
import type { Arguments } from './arguments.ts';
import type { Connection } from './connection.ts';
import type { Io } from './io.ts';
import { pagesOf } from './pages.ts';
import { bytesOf, plainly, table } from './table.ts';

/** The entries of one path. */
interface Count {
  readonly path: string;
  entries: number;
  bytes: number;
  fresh: number;
  stale: number;
  expired: number;
  invalidated: number;
}

const none = (path: string): Count => ({ path, entries: 0, bytes: 0, fresh: 0, stale: 0, expired: 0, invalidated: 0 });

/** Counts what a namespace holds. */
export async function stats({ namespace, hashKeys, json }: Arguments, connection: Connection, io: Io): Promise<number> {
  const labels = createLabels(namespace, hashKeys);
  const total = none('total');
  const paths = new Map<string, Count>();
  for await (const page of pagesOf(connection, { prefix: labels.prefix, part: '' }, io)) {
    const now = Date.now();
    for (const one of page) {
      const { path, state, bytes } = listed(one, labels, now);
      let count = paths.get(path);
      if (count === undefined) paths.set(path, (count = none(path)));
      for (const sum of [count, total]) {
        sum.entries += 1;
        sum.bytes += bytes;
        sum[state] += 1;
      }
    }
  }
  const sorted = [...paths.values()].sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1));
  if (json) {
    const { path: _, ...sums } = total;
    io.out(`${JSON.stringify({ namespace, total: sums, paths: sorted }, null, 2)}\n`);
    return 0;
  }
  if (total.entries === 0) {
    io.out(`No entries under the namespace ${plainly(namespace)}.\n`);
    return 0;
  }
  const row = ({ path, entries, bytes, ...states }: Count) => [
    plainly(path),
    ...[entries, states.fresh, states.stale, states.expired, states.invalidated].map(String),
    bytesOf(bytes),
  ];
  const head = ['PATH', 'ENTRIES', 'FRESH', 'STALE', 'EXPIRED', 'INVALIDATED', 'BYTES'];
  io.out(table(head, [...sorted, total].map(row), [1, 2, 3, 4, 5, 6]));
  return 0;
}
