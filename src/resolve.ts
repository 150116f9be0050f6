// Docs: docs/invalidation.md#targets
import type { EpochNames } from './epochs.ts';
import { canonical, isScope } from './key.ts';
import { absolute, isPattern, labelOf } from './targets.ts';

/** What the registered routers know of paths. */
export interface PathBook {
  /** Whether there is no router at all: then every path may be a procedure of another process. */
  readonly isEmpty: () => boolean;
  /** Every procedure that a pattern matches, and whether none can be missing (no router, a lazy one not loaded). */
  readonly match: (pattern: string) => { readonly paths: readonly string[]; readonly complete: boolean };
  /** The input as the procedure's own parsers give it. Throws, with the reason, when that cannot be known. */
  readonly parse: (path: string, input: unknown) => Promise<unknown>;
}

/** A target as epochs to move on, and how it had to be widened. */
export interface Resolved {
  readonly label: string;
  readonly epochs: readonly string[];
  readonly widened?: { readonly target: string; readonly to: string; readonly reason: string };
}

/** Epochs that stand for a path or pattern: exactly (`paths` are its procedures, where they are known), or widened. */
type OnPath =
  | { readonly epochs: readonly string[]; readonly to: string; readonly paths: readonly string[] | undefined }
  | { readonly epochs: readonly string[]; readonly to: string; readonly reason: string };

const unexpanded = 'the pattern cannot be expanded without all routers loaded';

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
  const toPath = (reason: string) => widened(onPath.to, reason, onPath.epochs);
  if ('key' in fields) return toPath('a key cannot be traced to its entries');
  const { scope } = fields;
  if ('scope' in fields && !isScope(scope)) return toPath('the scope is not known');
  if (!isScope(scope) && !('input' in fields))
    return 'reason' in onPath ? toPath(onPath.reason) : exactly(onPath.epochs);

  const paths = 'reason' in onPath ? undefined : onPath.paths;
  if (paths === undefined) {
    const reason = 'reason' in onPath ? onPath.reason : unexpanded;
    return isScope(scope) ? widened('the scope', reason, [names.scope(scope)]) : toPath(reason);
  }
  const ofScope = () => (isScope(scope) ? paths.map((path) => names.scopedProcedure('q', path, scope)) : []);
  if (!('input' in fields)) return exactly(ofScope());
  try {
    const found = await Promise.all(
      paths.map(async (path) => ({ path, inputs: await inputsOf(path, fields.input, book) })),
    );
    const inputs = found.flatMap((one) => one.inputs.map((input) => [one.path, input] as const));
    return exactly(
      inputs.map(([path, input]) =>
        isScope(scope) ? names.scopedInput('q', path, scope, input) : names.input('q', path, input),
      ),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return isScope(scope) ? widened(`${pattern} of the scope`, reason, ofScope()) : toPath(reason);
  }
}

function fieldsOf(target: unknown): Record<string, unknown> {
  if (typeof target === 'string') return { path: target };
  return typeof target === 'object' && target !== null ? { ...target } : {};
}

/** An input as given and as the procedure's own parsers give it: an entry carries both. */
async function inputsOf(path: string, input: unknown, book: PathBook): Promise<string[]> {
  return [...new Set([canonical(input), canonical(await book.parse(path, input))])];
}

function resolvePattern(pattern: string, names: EpochNames, book: PathBook, external: boolean): OnPath {
  const segments = pattern.split('.');
  const star = segments.indexOf('*');
  if (star < 0) return resolvePath(pattern, names, book, external);
  const literal = segments.slice(0, star);
  const prefix = {
    epochs: [literal.length === 0 ? names.namespace : names.subtree(literal.join('.'))],
    to: [...literal, '*'].join('.'),
  };
  const { paths, complete } = book.match(pattern);
  const isSubtree = star === segments.length - 1;
  if (complete && paths.length === 0 && !external)
    return { ...prefix, reason: 'no registered router has such a procedure' };
  if (isSubtree) return { ...prefix, paths: complete ? paths : undefined };
  if (!complete) return { ...prefix, reason: unexpanded };
  return { epochs: paths.map((path) => names.procedure('q', path)), to: pattern, paths };
}

function resolvePath(path: string, names: EpochNames, book: PathBook, external: boolean): OnPath {
  if (external || book.match(path).paths.length > 0)
    return { epochs: [names.procedure('q', path)], to: path, paths: [path] };
  // 'post' where only a router is called so: whoever writes it means what is in it.
  if (book.match(`${path}.*`).paths.length > 0) {
    return { epochs: [names.subtree(path)], to: `${path}.*`, reason: 'this is a router, not a procedure' };
  }
  // It may be either of them: in another process, or in a lazy router that is not loaded yet.
  const either = [names.procedure('q', path), names.subtree(path)];
  if (book.isEmpty()) return { epochs: either, to: path, paths: [path] };
  return { epochs: either, to: path, reason: 'no registered router has this procedure' };
}
