// Docs: docs/invalidation.md
import type { EpochNames } from './epochs.ts';
import { CacheError, shown } from './errors.ts';
import { canonical, isScope, type ScopeValue } from './key.ts';
import type { ResultOpts } from './policy.ts';

/**
 * What an invalidation makes unusable: a path or pattern; one input of it, in every scope; one user's entries of it; one
 * input of one user; the entries under a tag; everything of a scope. A leading dot is relative to the mutation's router.
 *
 * @example
 * ```ts
 * import type { Target } from 'trpc-cached';
 *
 * const targets: Target[] = [
 *   'post.byId', 'post.*', '*.list', '.list',
 *   { path: 'post.byId', input: { id: 7 } },
 *   { path: 'draft.*', scope: 'user-7' },
 *   { tag: 'author:7' },
 *   { scope: 'user-7' },
 * ];
 * ```
 */
export type Target<Path extends string = string> =
  | Path
  | { path: Path; input?: unknown; scope?: ScopeValue; external?: boolean; key?: never; tag?: never; targets?: never }
  | { path: Path; key: string; external?: boolean; input?: never; scope?: never; tag?: never; targets?: never }
  | { tag: string; scope?: never; path?: never; input?: never; key?: never; external?: never; targets?: never }
  | { scope: ScopeValue; path?: never; input?: never; tag?: never; key?: never; external?: never; targets?: never };

/** One target, several, or none. */
export type Targets = Target | readonly Target[] | null | undefined | false;

/** Computes targets from a finished mutation; may be async and may return nothing. */
export type TargetFn<C, I> = (opts: ResultOpts<C, I>) => Targets | Promise<Targets>;

/** What the registered routers know of paths. */
export interface PathBook {
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

const forms =
  "'post.byId', 'post.*', { path, input }, { path, scope }, { path, input, scope }, { path, key }, { tag } or { scope }";

/** Throws for a static target that no call can mean. */
export function checkTarget(target: unknown, where: string): void {
  if (typeof target === 'string') {
    checkPattern(target, where);
    return;
  }
  const fields = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : undefined;
  const names = fields ? Object.keys(fields).sort().join(',') : '';
  const allowed = ['path', 'input,path', 'path,scope', 'input,path,scope', 'key,path', 'tag', 'scope'];
  if (fields === undefined || !allowed.includes(names.replace(/(^|,)external/, '').replace(/^,/, ''))) {
    throw new CacheError(
      'INVALID_TARGET',
      `${where}: ${shown(target)} is not a target. Write ${forms}; to mean two things, pass two targets.`,
    );
  }
  if ('path' in fields) checkPattern(fields.path, where);
  if ('tag' in fields && (typeof fields.tag !== 'string' || fields.tag === '')) {
    throw new CacheError(
      'INVALID_TARGET',
      `${where}: tag: expected a non-empty string, received ${shown(fields.tag)}.`,
    );
  }
  if ('scope' in fields && fields.scope !== undefined && !isScope(fields.scope)) {
    throw new CacheError(
      'INVALID_TARGET',
      `${where}: scope: expected a string, null or everyone, received ${shown(fields.scope)}.`,
    );
  }
}

function checkPattern(pattern: unknown, where: string): void {
  const segments = typeof pattern === 'string' ? pattern.replace(/^\./, '').split('.') : [''];
  if (segments.every((segment) => segment !== '' && (segment === '*' || !segment.includes('*')))) return;
  throw new CacheError(
    'INVALID_TARGET',
    `${where}: ${shown(pattern)} is not a path pattern. Segments are joined by dots, and * stands for a whole segment (last: the whole subtree): 'post.byId', 'post.*', '*.list'.`,
  );
}

/** Whether a path matches an absolute pattern, segment by segment; a trailing `*` is the whole subtree. */
export function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('.');
  const actual = path.split('.');
  const subtree = wanted.at(-1) === '*';
  if (subtree ? actual.length < wanted.length : actual.length !== wanted.length) return false;
  return wanted.every((segment, index) => segment === '*' || segment === actual[index]);
}

/** A pattern with its leading dot replaced by the router of `base`, the path of the mutation. */
export function absolute(pattern: string, base: string | undefined): string | undefined {
  if (!pattern.startsWith('.')) return pattern;
  if (base === undefined) return undefined;
  const router = base.split('.').slice(0, -1);
  return [...router, pattern.slice(1)].join('.');
}

/** The text of a target in events and results; inputs and scopes are not shown. */
export function labelOf(target: unknown): string {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return shown(target);
  const { path, tag } = target as { path?: unknown; tag?: unknown };
  const details = ['input', 'scope', 'key'].filter((name) => name in target);
  if (typeof tag === 'string') return `tag ${tag}`;
  if (typeof path === 'string') return details.length > 0 ? `${path} (${details.join(', ')})` : path;
  return details.length > 0 ? details.join(', ') : 'unknown';
}

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
  const label = labelOf(target);
  const exactly = (epochs: readonly string[]): Resolved => ({ label, epochs });
  const widened = (to: string, reason: string, epochs: readonly string[]): Resolved => ({
    label,
    epochs,
    widened: { target: label, to, reason },
  });
  const everything = (reason: string) => widened('*', reason, [names.namespace]);

  const fields: Record<string, unknown> =
    typeof target === 'string' ? { path: target } : typeof target === 'object' && target !== null ? { ...target } : {};
  if ('tag' in fields && Object.keys(fields).length > 1) return everything('a tag goes with nothing else');
  if (typeof fields.tag === 'string' && fields.tag !== '') return exactly([names.guard, names.tag(fields.tag)]);
  if (fields.path === undefined && 'scope' in fields) {
    return isScope(fields.scope) ? exactly([names.scope(fields.scope)]) : everything('the scope is not known');
  }
  if (typeof fields.path !== 'string' || fields.path === '') return everything('this is not a target');
  const pattern = absolute(fields.path, base);
  if (pattern === undefined) return everything('a relative pattern needs a mutation');

  const onPath = resolvePattern(pattern, names, book);
  const toPath = (reason: string) => widened(onPath.to, reason, onPath.epochs);
  if ('key' in fields) return toPath('a key cannot be traced to its entries');
  const scoped = 'scope' in fields;
  if (scoped && !isScope(fields.scope)) return toPath('the scope is not known');
  if (!scoped && !('input' in fields))
    return onPath.reason === undefined ? exactly(onPath.epochs) : toPath(onPath.reason);

  const scope = fields.scope as ScopeValue;
  const { paths, complete } = pattern.includes('*') ? book.match(pattern) : { paths: [pattern], complete: true };
  if (!complete || paths.length === 0 || onPath.isRouter) {
    const reason = onPath.reason ?? 'the pattern cannot be expanded without all routers loaded';
    return scoped ? widened('the scope', reason, [names.scope(scope)]) : toPath(reason);
  }
  const toProcedures = () => paths.map((path) => names.scopedProcedure('q', path, scope));
  if (!('input' in fields)) return exactly(toProcedures());
  try {
    const inputs = await Promise.all(paths.map((path) => inputsOf(path, fields.input, book)));
    return exactly(
      paths.flatMap((path, index) =>
        (inputs[index] ?? []).map((input) =>
          scoped ? names.scopedInput('q', path, scope, input) : names.input('q', path, input),
        ),
      ),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return scoped ? widened(`${pattern} of the scope`, reason, toProcedures()) : toPath(reason);
  }
}

/** An input as given and as the procedure's own parsers give it: an entry carries both. */
async function inputsOf(path: string, input: unknown, book: PathBook): Promise<string[]> {
  return [...new Set([canonical(input), canonical(await book.parse(path, input))])];
}

function resolvePattern(
  pattern: string,
  names: EpochNames,
  book: PathBook,
): { epochs: readonly string[]; to: string; reason?: string; isRouter?: boolean } {
  const segments = pattern.split('.');
  const star = segments.indexOf('*');
  const subtreeOf = (prefix: readonly string[]) =>
    prefix.length === 0 ? names.namespace : names.subtree(prefix.join('.'));
  const literal = segments.slice(0, star < 0 ? undefined : star);
  if (star < 0) {
    const inside = book.match(`${pattern}.*`).paths.length > 0 && book.match(pattern).paths.length === 0;
    // 'post' where only a router is called so: whoever writes it means what is in it.
    return inside
      ? {
          epochs: [subtreeOf(segments)],
          to: `${pattern}.*`,
          reason: 'this is a router, not a procedure',
          isRouter: true,
        }
      : { epochs: [names.procedure('q', pattern)], to: pattern };
  }
  if (star === segments.length - 1) return { epochs: [subtreeOf(literal)], to: pattern };
  const { paths, complete } = book.match(pattern);
  if (complete) return { epochs: paths.map((path) => names.procedure('q', path)), to: pattern };
  return {
    epochs: [subtreeOf(literal)],
    to: [...literal, '*'].join('.'),
    reason: 'the pattern cannot be expanded without all routers loaded',
  };
}

/** One target or callback, as `invalidates` takes them. */
export type TargetSource<C, I> = Target | TargetFn<C, I>;
