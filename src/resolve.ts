// Docs: docs/invalidation.md#targets
import { late, within } from './deadline.ts';
import type { EpochNames } from './epochs.ts';
import { canonical, everyone, isScope, type ScopeValue } from './key.ts';
import { absolute, fieldsOf, isPattern, labelOf } from './targets.ts';

/** What the registered routers know of paths. */
export interface PathBook {
  /** Whether there is no router at all: then every path may be a procedure of another process. */
  readonly isEmpty: () => boolean;
  /** Every procedure that a pattern matches, and whether none can be missing (no router, a lazy one not loaded). */
  readonly match: (pattern: string) => { readonly paths: readonly string[]; readonly complete: boolean };
  /** The input as the procedure's own parsers give it. Throws, with the reason, when that cannot be known. */
  readonly parse: (path: string, input: unknown) => Promise<unknown>;
  /** Whether a pattern matches cached queries, and the scope of each is `'public'`: none of their entries is anybody's own. */
  readonly isPublic?: (pattern: string) => boolean;
}

/** A target as epochs to move on, and how it had to be widened. */
export interface Resolved {
  readonly label: string;
  readonly epochs: readonly string[];
  readonly widened?: { readonly target: string; readonly to: string; readonly reason: string };
}

/** Epochs that stand for a path or pattern, and how it is widened if it is. */
interface OnPath {
  readonly epochs: readonly string[];
  readonly to: string;
  readonly reason?: string;
  /** The epochs of one scope in it. */
  readonly ofScope: (scope: ScopeValue) => readonly string[];
  /** Its procedures, where none can be missing. */
  readonly paths?: readonly string[];
}

const unexpanded = 'the pattern cannot be expanded without all routers loaded';
const unscoped = 'the query is public, and none of its entries is in a scope';

/**
 * The epochs that a target moves on. What cannot be resolved exactly is widened, never dropped: to the path, to the
 * literal prefix of a pattern, to the namespace.
 */
export async function resolveTarget(
  target: unknown,
  names: EpochNames,
  book: PathBook,
  base?: string,
): Promise<Resolved> {
  let label = labelOf(target);
  const exactly = (epochs: readonly string[]): Resolved => ({ label, epochs });
  const widened = (to: string, reason: string, epochs: readonly string[]): Resolved => {
    return { label, epochs, widened: { target: label, to, reason } };
  };
  const everything = (reason: string) => widened('*', reason, [names.namespace]);

  const fields = fieldsOf(target);
  if ('tag' in fields) {
    if (Object.keys(fields).length > 1) return everything('a tag goes with nothing else');
    return typeof fields.tag === 'string' && fields.tag !== ''
      ? exactly([names.guard, names.tag(fields.tag)])
      : everything('this is not a tag');
  }
  if (fields.path === undefined && 'scope' in fields) {
    return isScope(fields.scope) ? exactly([names.scope(fields.scope)]) : everything('the scope is not known');
  }
  if (!isPattern(fields.path)) return everything('this is not a target');
  const pattern = absolute(fields.path, base);
  if (pattern === undefined) return everything('a relative pattern needs a mutation');
  label = labelOf(typeof target === 'string' ? pattern : { ...fields, path: pattern });

  const onPath = resolvePattern(pattern, names, book, fields.external === true);
  if ('key' in fields) return widened(onPath.to, 'a key cannot be traced to its entries', onPath.epochs);
  if ('scope' in fields && !isScope(fields.scope)) return widened(onPath.to, 'the scope is not known', onPath.epochs);
  const named = isScope(fields.scope) ? fields.scope : undefined;
  // What is wrapped may be in a scope, too, and `*` means it.
  const mayBeUnscoped = named !== undefined && named !== everyone && pattern !== '*' && fields.external !== true;
  const isUnscoped = mayBeUnscoped && book.isPublic?.(pattern) === true;
  const scope = isUnscoped ? undefined : named;
  const scopedTo = onPath.to === '*' ? 'the scope' : `${onPath.to} of the scope`;
  const [to, epochs] = scope === undefined ? [onPath.to, onPath.epochs] : [scopedTo, onPath.ofScope(scope)];
  const wider = (reason: string) => widened(to, reason, epochs);
  if (!('input' in fields)) {
    const reason = onPath.reason ?? (isUnscoped ? unscoped : undefined);
    return reason === undefined ? exactly(epochs) : wider(reason);
  }
  const { paths } = onPath;
  if (paths === undefined) return wider(onPath.reason ?? unexpanded);
  const epochOf = (path: string) => (input: string) =>
    scope === undefined ? names.input('q', path, input) : names.scopedInput('q', path, scope, input);
  try {
    const found = (
      await Promise.all(paths.map(async (path) => (await inputsOf(path, fields.input, book)).map(epochOf(path))))
    ).flat();
    return isUnscoped ? widened(`${to} (input)`, unscoped, found) : exactly(found);
  } catch (error) {
    return wider(error instanceof Unparsed ? error.message : 'the input was refused, by the parsers or as a key');
  }
}

/** Why an input cannot be known, in words of this library. What a parser throws may quote the input, and is not told. */
export class Unparsed extends Error {}

// A parser that asks a service which never answers must not hold a mutation.
const parseMs = 1_000;

/** An input as given and as the procedure's own parsers give it: an entry carries both. */
async function inputsOf(path: string, input: unknown, book: PathBook): Promise<string[]> {
  const parsed = await within(book.parse(path, input), parseMs);
  if (parsed === late) throw new Unparsed(`the parsers did not answer within ${parseMs} ms`);
  return [...new Set([canonical(input), canonical(parsed)])];
}

function resolvePattern(pattern: string, names: EpochNames, book: PathBook, external: boolean): OnPath {
  const segments = pattern.split('.');
  const star = segments.indexOf('*');
  if (star < 0) return resolvePath(pattern, names, book, external);
  const literal = segments.slice(0, star);
  const prefix = literal.join('.');
  const subtree = {
    epochs: [prefix === '' ? names.namespace : names.subtree(prefix)],
    to: [...literal, '*'].join('.'),
    ofScope: (scope: ScopeValue) => [prefix === '' ? names.scope(scope) : names.scopedSubtree(prefix, scope)],
  };
  const { paths, complete } = book.match(pattern);
  // What another deployment has cannot be expanded here.
  const isWhole = complete && !external;
  if (isWhole && paths.length === 0) return { ...subtree, reason: 'no registered router has such a procedure' };
  if (star === segments.length - 1) return isWhole ? { ...subtree, paths } : subtree;
  if (!isWhole) return { ...subtree, reason: unexpanded };
  return {
    epochs: paths.map((path) => names.procedure('q', path)),
    to: pattern,
    ofScope: (scope) => paths.map((path) => names.scopedProcedure('q', path, scope)),
    paths,
  };
}

function resolvePath(path: string, names: EpochNames, book: PathBook, external: boolean): OnPath {
  const procedure = names.procedure('q', path);
  const procedureOf = (scope: ScopeValue) => names.scopedProcedure('q', path, scope);
  if (external || book.match(path).paths.length > 0) {
    return { epochs: [procedure], to: path, ofScope: (scope) => [procedureOf(scope)], paths: [path] };
  }
  const below = (scope: ScopeValue) => names.scopedSubtree(path, scope);
  // 'post' where only a router is called so: whoever writes it means what is in it.
  if (book.match(`${path}.*`).paths.length > 0) {
    const reason = 'this is a router, not a procedure';
    return { epochs: [names.subtree(path)], to: `${path}.*`, reason, ofScope: (scope) => [below(scope)] };
  }
  // It may be either of them: in another process, or in a lazy router that is not loaded yet.
  const either = {
    epochs: [procedure, names.subtree(path)],
    to: path,
    ofScope: (scope: ScopeValue) => [procedureOf(scope), below(scope)],
  };
  return book.isEmpty()
    ? { ...either, paths: [path] }
    : { ...either, reason: 'no registered router has this procedure' };
}
