// Docs: docs/cli.md#invalidate
import { epochNames } from '../epochs.ts';
import { inOrder } from '../invalidate.ts';
import { everyone, type ScopeValue } from '../key.ts';
import { type PathBook, resolveTarget } from '../resolve.ts';
import { isPattern } from '../targets.ts';
import type { Arguments } from './arguments.ts';
import type { Connection } from './connection.ts';
import { checkpoint, type Io, UsageError, unlessInterrupted } from './io.ts';
import { placeOf } from './redact.ts';
import { plainly } from './table.ts';

// Nothing is known of any router: a path may be a procedure or a router, an input is as it was sent.
const book: PathBook = {
  isEmpty: () => true,
  match: () => ({ paths: [], complete: false }),
  parse: async (_, input) => input,
};

/** Makes entries unusable, for every process that uses the store. */
export async function invalidate(given: Arguments, connection: Connection, io: Io): Promise<number> {
  const { namespace, hashKeys, json, yes, mode, address } = given;
  const targets = targetsOf(given);
  const names = epochNames(namespace, hashKeys);
  const resolvedBy = (by: typeof names) => Promise.all(targets.map((target) => resolveTarget(target, by, book)));
  const resolved = await resolvedBy(names);
  const labels = resolved.map(({ label }) => label);
  const meant = new Set(resolved.flatMap((one) => one.epochs));
  // Whoever forgot --hash-keys would be told that names moved on which no entry carries.
  const otherwise = await resolvedBy(epochNames(namespace, !hashKeys));
  const epochs = inOrder(new Set([...meant, ...otherwise.flatMap((one) => one.epochs)]), names.guard);

  if (!yes) {
    const what = labels.map(plainly).join(', ');
    const answer = await io.ask(
      `${mode === 'expire' ? 'Expire' : 'Invalidate'} ${what} of ${plainly(namespace)} on ${placeOf(address)}? [y/N] `,
    );
    checkpoint(io);
    if (answer === undefined) throw new UsageError('Nobody is there to be asked. Write --yes.');
    if (!/^y(?:es)?$/i.test(answer.trim())) {
      io.err('Nothing was done.\n');
      return 1;
    }
  }
  await unlessInterrupted(io, Promise.resolve(connection.store.advance(epochs, mode)));
  if (json) {
    io.out(
      `${JSON.stringify({ namespace, acknowledged: true, mode, targets: labels, epochs: meant.size }, null, 2)}\n`,
    );
    return 0;
  }
  const did = mode === 'expire' ? 'expired' : 'invalidated';
  for (const label of labels) io.out(`${plainly(label)}: ${did}\n`);
  io.out(`The store has confirmed it: ${meant.size} ${meant.size === 1 ? 'epoch' : 'epochs'} moved on.\n`);
  return 0;
}

/** What is meant by the options together. Throws where a target needs what only the application knows. */
function targetsOf({ targets, tags, scope, input }: Arguments): readonly unknown[] {
  if (targets.length === 0 && tags.length === 0 && scope === undefined)
    throw new UsageError("What? Write a pattern such as 'post.*', --tag or --scope; for all of the namespace, '*'.");
  if (targets.length === 0 && input !== undefined) throw new UsageError('--input goes with a path.');
  if (targets.length === 0 && tags.length > 0 && scope !== undefined)
    throw new UsageError('--tag goes with no --scope: a tag is a name in all scopes. Write two commands.');
  if (tags.includes('')) throw new UsageError('--tag: expected a text.');
  for (const target of targets) checkPattern(target, input !== undefined);
  const value: { readonly scope?: ScopeValue } =
    scope === undefined ? {} : { scope: scope.kind === 'one' ? scope.id : scope.kind === 'everyone' ? everyone : null };
  const hasMore = scope !== undefined || input !== undefined;
  return [
    ...targets.map((path) => (hasMore ? { path, ...(input && { input: input.value }), ...value } : path)),
    ...(targets.length === 0 && scope !== undefined ? [value] : []),
    ...tags.map((tag) => ({ tag })),
  ];
}

function checkPattern(pattern: string, hasInput: boolean): void {
  const shown = JSON.stringify(pattern);
  if (!isPattern(pattern)) throw new UsageError(`${shown} is no path pattern. Write 'post.byId' or 'post.*'.`);
  if (pattern.startsWith('.'))
    throw new UsageError(`${shown}: a leading dot is relative to a mutation. Write the whole path.`);
  const star = pattern.indexOf('*');
  if (star >= 0 && star < pattern.length - 1)
    throw new UsageError(
      `${shown}: a * before the end is expanded over the router, which is not known here. Name the paths, or call cache.invalidate(${shown}) in the application.`,
    );
  if (star >= 0 && hasInput) throw new UsageError(`${shown}: --input goes with one path, not with a pattern.`);
}
