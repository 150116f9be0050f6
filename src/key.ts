// Docs: docs/keys-and-scopes.md
import { digest } from './digest.ts';
import { isBuiltIn, isLaden, isList, isPlain, nameOf } from './value.ts';

/** Thrown by {@link canonical} for a value that has no canonical text; the call is then a bypass. */
export class UncanonicalError extends Error {
  override readonly name = 'UncanonicalError';
}

const errors = new Set<object>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(({ prototype }) => prototype),
);
const deepest = 64;
const longest = 160;

/**
 * The canonical text of an input: equal inputs give equal texts, different ones never do (law 6).
 * Object keys are sorted, `undefined` is the same as absent; Date, Map, Set, bigint, -0, NaN … keep their type.
 */
export function canonical(value: unknown, depth = 0): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : ofObject(value, depth);
    default:
      throw new UncanonicalError(`a ${typeof value} cannot be part of a key`);
  }
}

// What JSON leaves as it is: short texts are most of all inputs, and a look is cheaper than a call of JSON.
const plainText = /^[ !#-[\]-\ud7ff\ue000-\uffff]{0,64}$/;

/** As JSON, which is well-formed: a lone surrogate becomes an escape, which Redis keeps. */
const quoted = (text: string): string => (plainText.test(text) ? `"${text}"` : JSON.stringify(text));

function ofObject(value: object, depth: number): string {
  if (depth >= deepest) throw new UncanonicalError(`the input is cyclic or deeper than ${deepest} levels`);
  if (Array.isArray(value)) return ofList(value, depth + 1);
  if (isPlain(value)) return ofPlain(value, depth + 1);
  const of = (inner: unknown) => canonical(inner, depth + 1);
  if (value instanceof Error) {
    // A class of one's own, or an AggregateError, is more than its name and message.
    if (!errors.has(Object.getPrototypeOf(value)))
      throw new UncanonicalError(`${nameOf(value)} cannot be part of a key`);
    return ofError(value, of);
  }
  // A date that knows its zone is another input than one that does not.
  if (!isBuiltIn(value)) throw new UncanonicalError(`${nameOf(value)} cannot be part of a key`);
  if (isLaden(value)) throw new UncanonicalError(`${nameOf(value)} with properties of its own cannot be part of a key`);
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof Map) return `Map(${Array.from(value, ([key, item]) => `${of(key)}:${of(item)}`).join(',')})`;
  if (value instanceof Set) return `Set(${Array.from(value, of).join(',')})`;
  if (value instanceof RegExp) return `RegExp(${of(value.source)},${of(value.flags)})`;
  if (value instanceof URL) return `URL(${of(value.href)})`;
  return ofTyped(value as ArrayLike<unknown>, of);
}

function ofList(value: readonly unknown[], depth: number): string {
  if (!isList(value))
    throw new UncanonicalError('an array of another class or with named properties cannot be part of a key');
  // `map` would skip holes; a hole and `undefined` are the same to a procedure.
  return `[${Array.from(value, (inner) => canonical(inner, depth)).join(',')}]`;
}

// Without `stack`, which is another one wherever the same error is made.
function ofError({ name, message, cause, stack: _stack, ...more }: Error, of: (inner: unknown) => string): string {
  return `Error(${[name, message, cause, more].map(of).join(',')})`;
}

function ofPlain(value: Record<string, unknown>, depth: number): string {
  if (Object.getOwnPropertySymbols(value).length > 0) throw new UncanonicalError('a symbol cannot be part of a key');
  const names = Object.keys(value);
  if (names.length > 1) names.sort();
  let members = '';
  for (const name of names) {
    const inner = value[name];
    if (inner === undefined) continue;
    members += `${members === '' ? '' : ','}${quoted(name)}:${canonical(inner, depth)}`;
  }
  return `{${members}}`;
}

function ofTyped(value: ArrayLike<unknown>, of: (inner: unknown) => string): string {
  return `${Object.prototype.toString.call(value).slice(8, -1)}(${Array.from(value, of).join(',')})`;
}

/** One field of a key whose fields are joined by `:`. Well-formed also where the name is not. */
export function field(text: string): string {
  return /^[\w.\-~/@]*$/.test(text) ? text : encodeURIComponent(JSON.stringify(text));
}

/**
 * The last, free part of a key: readable while short, a digest when long or when `hash` asks for it.
 * No canonical text starts with `#`, so a client cannot submit another one's digest as its input.
 */
export function token(text: string, hash: boolean): string {
  return hash || text.length > longest ? `#${digest(text)}` : text;
}

/** What makes an entry the one it is. Each part is a text that cannot run into the next. */
export interface EntryKeyParts {
  readonly namespace: string;
  /** The key space: `q` for queries, `w` for wrapped functions, one of its own for those that no router tells apart. */
  readonly kind: string;
  /** Of the cache, and of the policy. */
  readonly versions: readonly [string, string];
  readonly codec: string;
  readonly path: string;
  /** The text of {@link scopeText}. */
  readonly scope: string;
  /** How the input is told apart: parsed, raw or by the `key` option. */
  readonly input: string;
  readonly vary: readonly (readonly [string, string | null])[];
}

/** The key of an entry: the path readable, everything else canonical. */
export function entryKey(parts: EntryKeyParts, hash: boolean): string {
  const rest = parts.vary.length > 0 ? `,${canonical(parts.vary)}` : '';
  return [
    field(parts.namespace),
    parts.kind,
    ...parts.versions.map(field),
    parts.codec,
    field(parts.path),
    token(`[${parts.scope},${parts.input}${rest}]`, hash),
  ].join(':');
}

/**
 * Everybody: returned by a `scope` callback for an entry that all callers share.
 * A string that a callback returns is always a private scope, also the string `'public'`.
 *
 * @example
 * ```ts
 * import { createCache, everyone } from 'trpc-cached';
 *
 * createCache<{ user?: { id: string }; preview: boolean }>({
 *   scope: ({ ctx }) => (ctx.preview ? everyone : (ctx.user?.id ?? null)),
 * });
 * ```
 */
export const everyone: unique symbol = Symbol.for('trpc-cached.everyone');

/** Who shares an entry: a private scope, all who are not signed in (`null`), or everybody. */
export type ScopeValue = string | null | typeof everyone;

/** The text of a scope in keys and epoch names; the three kinds never meet. */
export function scopeText(scope: ScopeValue): string {
  if (scope === everyone) return '*';
  return scope === null ? '-' : JSON.stringify(scope);
}

/** Whether a callback returned a scope at all; `undefined`, `''` and numbers are a forgotten sign-in, not a scope. */
export function isScope(value: unknown): value is ScopeValue {
  return value === null || value === everyone || (typeof value === 'string' && value !== '');
}
