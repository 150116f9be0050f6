// Docs: docs/how-it-works.md#epochs
import { canonical, field, type ScopeValue, scopeText, token } from './key.ts';

/** `q` for procedures, `w` for wrapped functions. */
export type Kind = 'q' | 'w';

/**
 * The names of the epochs of one namespace. They hold namespace, kind and target, and never version, codec or vary:
 * in a rolling deploy a mutation on either version kills the entries of both (docs/how-it-works.md, rule 5 of epochs).
 */
export interface EpochNames {
  readonly namespace: string;
  /** Moved on before the epochs of any tag; guards fills whose resolver adds tags (rule 4). */
  readonly guard: string;
  readonly subtree: (prefix: string) => string;
  readonly procedure: (kind: Kind, path: string) => string;
  readonly input: (kind: Kind, path: string, input: string) => string;
  readonly tag: (tag: string) => string;
  readonly scope: (scope: ScopeValue) => string;
  readonly scopedSubtree: (prefix: string, scope: ScopeValue) => string;
  readonly scopedProcedure: (kind: Kind, path: string, scope: ScopeValue) => string;
  readonly scopedInput: (kind: Kind, path: string, scope: ScopeValue, input: string) => string;
}

/** Epoch names for a namespace; free texts in them are hashed as those of entry keys are. */
export function epochNames(namespace: string, hash: boolean): EpochNames {
  const at = `${field(namespace)}:e:`;
  const free = (text: string) => token(text, hash);
  return {
    namespace: `${at}all`,
    guard: `${at}guard`,
    subtree: (prefix) => `${at}sub:${field(prefix)}`,
    procedure: (kind, path) => `${at}${kind}:${field(path)}`,
    input: (kind, path, input) => `${at}${kind}i:${field(path)}:${free(input)}`,
    tag: (tag) => `${at}tag:${free(canonical(tag))}`,
    scope: (scope) => `${at}scope:${free(scopeText(scope))}`,
    scopedSubtree: (prefix, scope) => `${at}subs:${field(prefix)}:${free(scopeText(scope))}`,
    scopedProcedure: (kind, path, scope) => `${at}${kind}s:${field(path)}:${free(scopeText(scope))}`,
    scopedInput: (kind, path, scope, input) =>
      `${at}${kind}si:${field(path)}:${free(`[${scopeText(scope)},${input}]`)}`,
  };
}

/** Whether an epoch is one of those the router bounds (namespace, guard, paths): these have no TTL. */
export function isBounded(name: string): boolean {
  return /^[^:]*:e:(?:all|guard|sub|q|w)(?::|$)/.test(name);
}

/** The prefixes of a path whose subtree holds it: `a.b.c` lies in `a` and in `a.b`. */
export function prefixes(path: string): string[] {
  const segments = path.split('.');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('.'));
}

/** What a call depends on. */
export interface EpochOwner {
  readonly kind: Kind;
  readonly path: string;
  readonly scope: ScopeValue;
  /** Canonical texts of the input: as sent, as the middleware saw it, as the procedure's own parsers give it. */
  readonly inputs: readonly string[];
  readonly tags: readonly string[];
}

/** Every epoch that an entry of this call is filled under, each once. */
export function epochsOf(names: EpochNames, owner: EpochOwner): string[] {
  const { kind, path, scope } = owner;
  const list = [
    names.namespace,
    names.procedure(kind, path),
    names.scope(scope),
    names.scopedProcedure(kind, path, scope),
  ];
  if (kind === 'q') {
    for (const prefix of prefixes(path)) list.push(names.subtree(prefix), names.scopedSubtree(prefix, scope));
  }
  for (const input of new Set(owner.inputs)) {
    list.push(names.input(kind, path, input), names.scopedInput(kind, path, scope, input));
  }
  for (const tag of new Set(owner.tags)) list.push(names.tag(tag));
  return list;
}

/** A random whole number below 2^52: exact as a number of any client, never met twice. */
export function randomId(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2)) as Uint32Array & { 0: number; 1: number };
  return (high & 0xfffff) * 0x1_0000_0000 + low;
}

// An id is `hard`, or `hard~soft` once its epoch was expired: who knows the hard part alone may serve what is stale.
const softly = '~';

/** The id of an epoch that was expired rather than moved on: entries under the old one are stale, not gone. */
export const expiredId = (id: string, fresh: string): string => `${hardOf(id)}${softly}${fresh}`;

/** Whether all that happened to an epoch between two of its ids is that it was expired. */
export const isExpiredOnly = (before: string, now: string): boolean => hardOf(before) === hardOf(now);

// What a store puts behind an `@` (the life of its server) belongs to the hard part.
const hardOf = (id: string): string => id.replace(/~[^@]*/, '');
