// Docs: docs/invalidation.md

import type { ResultOpts } from './call-opts.ts';
import { CacheError, shown } from './errors.ts';
import { isScope, type ScopeValue } from './key.ts';

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

const forms =
  "'post.byId', 'post.*', { path, input }, { path, scope }, { path, input, scope }, { path, key }, { tag } or { scope }";

/** Throws for a static target that no call can mean. */
export function checkTarget(target: unknown, where: string): void {
  if (typeof target === 'string') {
    checkPattern(target, where);
    return;
  }
  const fields = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : undefined;
  const names = Object.keys(fields ?? {})
    .filter((name) => name !== 'external')
    .sort()
    .join();
  const allowed = ['path', 'input,path', 'path,scope', 'input,path,scope', 'key,path', 'tag', 'scope'];
  if (fields === undefined || !allowed.includes(names)) {
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

/** What a target says, whatever was given; a text is a path. */
export function fieldsOf(target: unknown): Record<string, unknown> {
  if (typeof target === 'string') return { path: target };
  return typeof target === 'object' && target !== null ? { ...target } : {};
}

/** Whether a text is a path or a pattern at all, relative ones included. */
export function isPattern(pattern: unknown): pattern is string {
  if (typeof pattern !== 'string') return false;
  const segments = pattern.replace(/^\./, '').split('.');
  return segments.every((segment) => segment !== '' && (segment === '*' || !segment.includes('*')));
}

function checkPattern(pattern: unknown, where: string): void {
  if (isPattern(pattern)) return;
  throw new CacheError(
    'INVALID_TARGET',
    `${where}: ${shown(pattern)} is not a path pattern. Segments are joined by dots, and * stands for a whole segment (last: the whole subtree): 'post.byId', 'post.*', '*.list'.`,
  );
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

/** One target or callback, as `invalidates` takes them. */
export type TargetSource<C, I> = Target | TargetFn<C, I>;
