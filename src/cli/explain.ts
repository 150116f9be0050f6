// Docs: docs/cli.md#explain
import { type ListedEntry, listed, partOf } from '../entries.ts';
import { epochNames } from '../epochs.ts';
import { carriedBy, type ExplainedEpoch, spanOf } from '../explanation.ts';
import { canonical } from '../key.ts';
import { createLabels, type Labels } from '../label.ts';
import type { ScanAnswer } from '../store.ts';
import { isPattern } from '../targets.ts';
import type { Arguments } from './arguments.ts';
import type { Connection } from './connection.ts';
import { type Io, UsageError } from './io.ts';
import { shortest } from './list.ts';
import { pagesOf } from './pages.ts';
import { bytesOf, plainly } from './table.ts';

type Stored = ScanAnswer['entries'][number];

const most = 20;

/** Says of the entries of a key, or of a path and an input, whether they would be served and why. */
export async function explain(
  { namespace, hashKeys, json, targets, input }: Arguments,
  connection: Connection,
  io: Io,
): Promise<number> {
  const [wanted] = targets;
  if (wanted === undefined) throw new UsageError('explain takes a path, or a key as ls shows it.');
  const labels = createLabels(namespace, hashKeys);
  const isKey = wanted.startsWith('#') || wanted.startsWith(labels.prefix);
  if (isKey && input !== undefined) throw new UsageError('--input goes with a path: a key has its input in it.');
  if (!isKey && (!isPattern(wanted) || wanted.includes('*') || wanted.startsWith('.')))
    throw new UsageError(
      `${JSON.stringify(wanted)} is neither a path nor a key of ${namespace}. Write 'post.byId', or a key as ls shows it.`,
    );
  const isShort = wanted.startsWith('#') && wanted.length >= shortest;
  if (wanted.startsWith('#') && !isShort)
    throw new UsageError(`${JSON.stringify(wanted)} is too short to be one key. Write it as ls shows it.`);
  // Of the names that a forgotten --hash-keys would make, too.
  const names = [epochNames(namespace, true), epochNames(namespace, false)];
  const epochs =
    input &&
    names.flatMap(({ input: of }) => (['q', 'w'] as const).map((kind) => of(kind, wanted, canonical(input.value))));
  const isMeant = ({ head }: Stored): boolean => {
    const { key, path } = labels.key(head.key);
    if (isKey) return key === wanted || head.key === wanted || (isShort && key.includes(`:${wanted}`));
    return path === wanted && (epochs === undefined || epochs.some((name) => head.epochs.includes(name)));
  };

  const found = new Map<string, Stored>();
  search: for await (const page of pagesOf(
    connection,
    { prefix: labels.prefix, part: isKey ? '' : partOf(wanted) },
    io,
  )) {
    for (const one of page) {
      if (isMeant(one)) found.set(one.head.key, one);
      if (found.size > most) break search;
    }
  }
  const now = Date.now();
  const explained = [...found.values()].slice(0, most).map((one) => ({
    ...listed(one, labels, now),
    epochs: dependencesOf(one, labels),
  }));
  if (json) io.out(`${JSON.stringify({ namespace, wanted, entries: explained, more: found.size > most }, null, 2)}\n`);
  else for (const one of explained) io.out(`${textOf(one)}\n`);
  if (explained.length === 0) {
    const what = isKey || input === undefined ? plainly(wanted) : `${plainly(wanted)} with this input`;
    io.err(`No entry of ${what}: a call runs the procedure.\n`);
    return 1;
  }
  if (found.size > most) io.err(`There are more than ${most}. Name one by --input, or by its key.\n`);
  return 0;
}

function dependencesOf({ head, own }: Stored, labels: Labels): readonly ExplainedEpoch[] {
  const scope = labels.scope(head.epochs);
  return carriedBy(head, own).map(({ name, state }) => ({ target: labels.epoch(name, scope), state }));
}

function textOf(entry: ListedEntry & { readonly epochs: readonly ExplainedEpoch[] }): string {
  const { path, key, state, ageMs, ttlLeftMs, staleLeftMs, errorLeftMs, bytes, scope, tags, failure, epochs } = entry;
  const changed = epochs.filter((epoch) => epoch.state !== 'unchanged');
  const because = changed.map((one) => `${plainly(one.target)} (${one.state})`).join(', ');
  const verdict = {
    fresh: `a hit for another ${spanOf(ttlLeftMs)}`,
    stale: `given stale for another ${spanOf(staleLeftMs)}, while the procedure runs behind`,
    expired: `expired: the procedure runs${errorLeftMs > 0 ? `, and if it fails, this is given for another ${spanOf(errorLeftMs)}` : ''}`,
    invalidated: `never served again${because === '' ? '' : `, because of ${because}`}`,
  }[state];
  return [
    `${plainly(path)}: ${verdict}`,
    `  key      ${plainly(key)}`,
    `  stored   ${spanOf(ageMs)} ago, ${bytesOf(bytes)}${failure === undefined ? '' : `, the failure ${plainly(failure)}`}`,
    `  scope    ${scope === undefined ? '-' : [scope.kind, scope.id].filter(Boolean).join(' ')}`,
    ...(tags.length > 0 ? [`  tags     ${tags.map(plainly).join(', ')}`] : []),
    '  depends on',
    ...epochs.map(({ target, state: standing }) => `    ${standing.padEnd(11)}  ${plainly(target)}`),
    '',
  ].join('\n');
}
