import { mergeVary } from '../http/vary.ts';

/** Headers as `responseMeta` may return them. */
export type HeaderSource = Headers | Record<string, string | string[] | undefined>;

/** What `createContext` or an earlier layer set on the response, outside of `responseMeta`. */
export interface OuterHeaders {
  readonly get: (name: string) => string | null;
  readonly remove: (name: string) => void;
  /** Whether tRPC adds them to the response by itself: the fetch adapter does, Node adapters overwrite them. */
  readonly merges: boolean;
}

interface NodeResponse {
  readonly getHeader: (name: string) => unknown;
  readonly removeHeader?: (name: string) => void;
}

/** The response headers that an adapter shows to `createContext`. */
export function outerHeaders(given: unknown): OuterHeaders {
  const { resHeaders, res } = (given ?? {}) as { resHeaders?: Headers; res?: NodeResponse };
  if (resHeaders instanceof Headers)
    return { get: (name) => resHeaders.get(name), remove: (name) => resHeaders.delete(name), merges: true };
  if (typeof res?.getHeader === 'function') {
    const get = (name: string) => {
      const value = res.getHeader(name);
      return value === undefined || value === null ? null : String(value);
    };
    return { get, remove: (name) => res.removeHeader?.(name), merges: false };
  }
  return { get: () => null, remove: () => {}, merges: true };
}

// tRPC sets this on every response; a Headers is appended to it, a plain object replaces it.
const baseVary = 'trpc-accept, accept';

/** The user's response headers with ours, in the form the user chose: tRPC treats the two forms differently. */
export interface ComposedHeaders {
  /** The value that the response will have, whoever set it. */
  readonly get: (name: string) => string | null;
  readonly add: (name: string, value: string) => void;
  /** The only value, whoever set another one: duplicated directives are read differently by every cache. */
  readonly replace: (name: string, value: string) => void;
  readonly remove: (name: string) => void;
  readonly vary: (names: readonly string[]) => void;
  readonly done: () => HeaderSource;
}

/** Starts from what the user's `responseMeta` returned. */
export function composeHeaders(user: HeaderSource | undefined, outer: OuterHeaders): ComposedHeaders {
  const plain = user !== undefined && !(user instanceof Headers);
  const headers = new Headers(plain ? [] : user);
  if (plain) {
    for (const [name, value] of Object.entries(user)) {
      for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one);
    }
  }
  const remove = (name: string) => {
    headers.delete(name);
    outer.remove(name);
  };
  return {
    get: (name) => headers.get(name) ?? outer.get(name),
    add: (name, value) => headers.append(name, value),
    replace(name, value) {
      remove(name);
      headers.set(name, value);
    },
    remove,
    vary(names) {
      const given = headers.get('vary');
      // What cors() set on a Node response would be lost: tRPC writes its own Vary over it.
      const lost = outer.merges ? [] : (outer.get('vary') ?? '').split(',').map((name) => name.trim());
      const existing = [baseVary, given ?? '', outer.merges ? (outer.get('vary') ?? '') : '']
        .filter(Boolean)
        .join(', ');
      const added = mergeVary(existing, [...names, ...lost.filter(Boolean)]);
      const value = [plain && !outer.merges ? baseVary : '', given ?? '', ...added].filter(Boolean).join(', ');
      if (value !== '') headers.set('vary', value);
    },
    done: () => (plain ? toPlain(headers) : headers),
  };
}

function toPlain(headers: Headers): Record<string, string | string[]> {
  const cookies = headers.getSetCookie();
  return { ...Object.fromEntries(headers), ...(cookies.length > 0 && { 'set-cookie': cookies }) };
}
