// Docs: docs/http.md#with-your-own-responsemeta
import { mergeVary } from '../http/vary.ts';

/** Headers as `responseMeta` may return them. */
export type HeaderSource = Headers | Record<string, string | string[] | undefined>;

/** What `createContext` or an earlier layer set on the response, outside of `responseMeta`. */
export interface OuterResponse {
  /** Other than 200, it is the status of the response whatever `responseMeta` says: Node adapters keep it. */
  readonly status: () => number;
  readonly get: (name: string) => string | null;
  readonly remove: (name: string) => void;
  /** Adds a cookie beside those that are there; absent where there is no response to add it to. */
  readonly addCookie?: (cookie: string) => void;
  /** Whether tRPC adds them to the response by itself: the fetch adapter does, Node adapters overwrite them. */
  readonly merges: boolean;
}

/** A response of Node, or the reply that Fastify puts around one, as `raw`. */
interface NodeResponse {
  readonly statusCode?: number;
  readonly getHeader: (name: string) => unknown;
  readonly removeHeader: (name: string) => void;
  readonly setHeader?: (name: string, value: string[]) => void;
  readonly raw?: unknown;
  readonly header?: (name: string, value: string[]) => void;
}

/** The response as an adapter shows it to `createContext`. */
export function outerResponse(given: unknown): OuterResponse {
  const { resHeaders, res } = (given ?? {}) as { resHeaders?: Headers; res?: NodeResponse };
  if (resHeaders instanceof Headers) {
    return {
      status: () => 200,
      get: (name) => resHeaders.get(name),
      remove: (name) => resHeaders.delete(name),
      addCookie: (cookie) => resHeaders.append('set-cookie', cookie),
      merges: true,
    };
  }
  if (typeof res?.getHeader === 'function') {
    const get = (name: string) => {
      const value = res.getHeader(name);
      return value === undefined || value === null ? null : String(value);
    };
    const isFastify = typeof res.raw === 'object';
    return {
      // Fastify gives the reply the status that tRPC chose, whatever it was before.
      status: () => (isFastify ? 200 : (res.statusCode ?? 200)),
      get,
      remove: (name) => res.removeHeader(name),
      addCookie(cookie) {
        const cookies = [res.getHeader('set-cookie') ?? [], cookie].flat().map(String);
        // Removed first: Fastify's `header` appends cookies, and knows nothing of those on the raw response.
        res.removeHeader('set-cookie');
        if (isFastify) res.header?.('set-cookie', cookies);
        else res.setHeader?.('set-cookie', cookies);
      },
      merges: false,
    };
  }
  return { status: () => 200, get: () => null, remove: () => {}, merges: false };
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
  readonly cookie: (cookie: string) => void;
  readonly done: () => HeaderSource;
}

/** Starts from what the user's `responseMeta` returned. */
export function composeHeaders(user: HeaderSource | undefined, outer: OuterResponse): ComposedHeaders {
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
      const set = outer.get('vary') ?? '';
      // What stays beside ours: a plain object replaces what is nearest, and Node adapters overwrite what cors() set.
      const stays = outer.merges ? [baseVary, plain ? '' : set] : [plain ? '' : baseVary];
      const missing = mergeVary(stays.join(), [baseVary, set, headers.get('vary') ?? '', ...names]);
      headers.delete('vary');
      if (missing.length > 0) headers.set('vary', missing.join(', '));
    },
    cookie(cookie) {
      const own = headers.getSetCookie();
      // Node adapters write over the cookies of the outer response if there is one here; and of several here, early tRPC 11
      // sends the last alone: the user's own.
      if (own.length === 0 && outer.addCookie !== undefined) return outer.addCookie(cookie);
      headers.delete('set-cookie');
      for (const one of [cookie, ...own]) headers.append('set-cookie', one);
    },
    done: () => (plain ? toPlain(headers) : headers),
  };
}

function toPlain(headers: Headers): Record<string, string | string[]> {
  const cookies = headers.getSetCookie();
  return { ...Object.fromEntries(headers), ...(cookies.length > 0 && { 'set-cookie': cookies }) };
}
