// Docs: docs/inspector.md#what-is-shown
import { digest } from './digest.ts';
import { type EpochNames, epochNames } from './epochs.ts';
import { CacheError } from './errors.ts';
import { everyone, field, token } from './key.ts';

/** Who shares an entry, as it may be shown to somebody else. */
export interface ShownScope {
  /** Everybody, all who are not signed in, or one scope of its own. */
  readonly kind: 'everyone' | 'signed-out' | 'private';
  /** A digest that tells private scopes apart; the scope itself is never shown. */
  readonly id?: string;
}

/** What the key of an entry says, as it may be shown: inputs and scopes are a digest. */
export interface ShownKey {
  /** The key with its last part hashed. */
  readonly key: string;
  /** The path of the procedure, or the name of the wrapped function. */
  readonly path: string;
  /** A procedure, or a function of `cache.wrap`. */
  readonly kind: 'query' | 'wrapped';
}

/** Reads the keys and epoch names of a namespace back, and shows nothing that belongs to a scope. */
export interface Labels {
  /** What the keys of the namespace begin with. */
  readonly prefix: string;
  readonly key: (key: string) => ShownKey;
  /** An epoch as the target that moves it on: `post.*`, `post.byId (input)`, `tag feed`. */
  readonly epoch: (name: string, scope: ShownScope | undefined) => string;
  /** The tags among epochs. Those of an entry of one scope may name whose it is: only a word before a colon stays. */
  readonly tags: (epochs: readonly string[], scope: ShownScope | undefined) => readonly string[];
  /** A tag of which nobody knows whose entries have it, as an entry of one scope shows it. */
  readonly tag: (tag: string) => string;
  /** Whose entry it is that carries these epochs. */
  readonly scope: (epochs: readonly string[]) => ShownScope | undefined;
}

/** The labels of one namespace. */
export function createLabels(namespace: string, hashKeys: boolean): Labels {
  const names: EpochNames = epochNames(namespace, hashKeys);
  const prefix = `${field(namespace)}:`;
  const at = `${prefix}e:`;
  const mark = (text: string) => `#${digest(`${namespace}\n${text}`).slice(0, 8)}`;
  const partsOf = (name: string): readonly string[] => (name.startsWith(at) ? split(name.slice(at.length), 3) : []);

  function tagIn(free: string, scope: ShownScope | undefined): string {
    if (free.startsWith('#')) return free.slice(0, 9);
    const tag = parsed(free);
    if (scope !== undefined && scope.kind !== 'private') return tag;
    return `${/^\p{L}[\p{L}_.-]{0,39}:/u.exec(tag)?.[0] ?? ''}${mark(tag)}`;
  }

  return {
    prefix,
    key(key) {
      const parts = split(key.slice(prefix.length), 6);
      const free = parts[5] ?? '';
      const hidden = free.startsWith('#') ? free : token(free, true);
      return {
        key: `${prefix}${[...parts.slice(0, 5), hidden].join(':')}`,
        path: unfield(parts[4] ?? ''),
        kind: parts[0] === 'w' ? 'wrapped' : 'query',
      };
    },
    epoch(name, scope) {
      if (name === names.namespace) return '*';
      const [kind = ''] = partsOf(name);
      // The text of a tag or a scope may hold colons.
      if (kind === 'tag') return `tag ${tagIn(name.slice(at.length + 4), scope)}`;
      if (kind === 'scope') return 'scope';
      const [, base, details = ''] = /^(sub|q|w)(s?i?)$/.exec(kind) ?? [];
      const path = unfield(partsOf(name)[1] ?? '');
      const shown = base === 'sub' ? `${path}.*` : path;
      const parts = [details.includes('i') && 'input', details.includes('s') && 'scope'].filter(
        (part) => part !== false,
      );
      return parts.length > 0 ? `${shown} (${parts.join(', ')})` : shown;
    },
    tags: (epochs, scope) =>
      epochs.flatMap((name) => (name.startsWith(`${at}tag:`) ? [tagIn(name.slice(at.length + 4), scope)] : [])),
    tag: (tag) => tagIn(names.tag(tag).slice(at.length + 4), undefined),
    scope(epochs) {
      const name = epochs.find((one) => one.startsWith(`${at}scope:`));
      if (name === undefined) return undefined;
      if (name === names.scope(everyone)) return { kind: 'everyone' };
      if (name === names.scope(null)) return { kind: 'signed-out' };
      return { kind: 'private', id: mark(name) };
    },
  };
}

/**
 * An error as it may be shown: its class, and its code if it has one as systems have them (`ECONNREFUSED`). A message may quote
 * values; so it is shown only where this library wrote all of it, and no listener, callback or procedure can have thrown it.
 */
export function errorLabel(error: unknown, isFromStore = false): string {
  if (!(error instanceof Error)) return typeof error;
  const { name, code, cause } = error as { name: unknown; code?: unknown; cause?: unknown };
  const isOurs = error instanceof CacheError && (cause === undefined || error.code === 'NOT_ACKNOWLEDGED');
  if (isOurs && isFromStore) return error.message;
  const isName = typeof name === 'string' && /^[A-Za-z_$][\w$]{0,59}$/.test(name);
  const isCode = typeof code === 'string' && /^[A-Z][A-Z_]{2,39}$/.test(code);
  return `${isName ? name : 'Error'}${isCode ? ` ${code}` : ''}`;
}

/** The first fields of a text, and all that is left. */
function split(text: string, count: number): string[] {
  const parts = text.split(':');
  return parts.length <= count ? parts : [...parts.slice(0, count - 1), parts.slice(count - 1).join(':')];
}

/** A field of a key as it was before. */
function unfield(text: string): string {
  return text.includes('%') ? parsed(decoded(text)) : text;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parsed(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}
