// Docs: docs/http.md#with-your-own-responsemeta
import { mergeVary } from '../http/vary.ts';

/** Headers as `responseMeta` may return them. */
export type HeaderSource = Headers | Record<string, string | string[] | undefined>;

/** What `createContext` or an earlier layer set on the response, outside of `responseMeta`. */
export interface OuterResponse {
  /** Other than 200, it is the status of the response whatever `responseMeta` says: Node adapters keep it. */
  readonly status: () => number;
  readonly get: (name: string) => string | null;
  /** Whether nothing was set so far, as far as that is quickly told. */
  readonly isBare: () => boolean;
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
      isBare: () => resHeaders.keys().next().done === true,
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
      isBare: () => false,
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
  return { status: () => 200, get: () => null, isBare: () => true, remove: () => {}, merges: false };
}

// tRPC sets this on every response; a Headers is appended to it, a plain object replaces it.
const baseVary = 'trpc-accept, accept';

/** The user's response headers with ours, in the form the user chose: tRPC treats the two forms differently. */
export interface ComposedHeaders {
  /** The value that the response will have, whoever set it. */
  readonly get: (name: string) => string | null;
  /** Appends to what is said already, by whomever. */
  readonly add: (name: string, value: string) => void;
  /** The only value, whoever set another one: duplicated directives are read differently by every cache. */
  readonly replace: (name: string, value: string) => void;
  readonly remove: (name: string) => void;
  readonly cookie: (cookie: string) => void;
  /** With these names in `vary` beside those that stand there: what cors() set would be written over otherwise. */
  readonly done: (vary?: readonly string[]) => HeaderSource;
}

/** Starts from what the user's `responseMeta` returned. */
export function composeHeaders(user: HeaderSource | undefined, outer: OuterResponse): ComposedHeaders {
  const isPlain = user !== undefined && !(user instanceof Headers);
  const fields = fieldsOf(user);
  const isBare = outer.isBare();
  const isAppended = outer.merges && !isPlain;
  const outside = (name: string) => (isBare ? null : outer.get(name));
  const own = (name: string) => fields.get(name)?.join(', ') ?? null;
  const append = (name: string, value: string) => {
    const lines = fields.get(name);
    if (lines === undefined) fields.set(name, [value]);
    else lines.push(value);
  };
  const remove = (name: string) => {
    fields.delete(name);
    if (!isBare) outer.remove(name);
  };
  return {
    get: (name) => own(name) ?? outside(name),
    add(name, value) {
      // Where tRPC does not append to what was set outside, it stays only as part of ours.
      const before = isAppended || fields.has(name) ? null : outside(name);
      if (before !== null) append(name, before);
      append(name, value);
    },
    replace(name, value) {
      remove(name);
      fields.set(name, [value]);
    },
    remove,
    cookie(cookie) {
      const cookies = fields.get('set-cookie') ?? [];
      // Node adapters write over the cookies of the outer response if there is one here; and of several here, early tRPC 11
      // sends the last alone: the user's own.
      if (cookies.length === 0 && outer.addCookie !== undefined) return outer.addCookie(cookie);
      fields.set('set-cookie', [cookie, ...cookies]);
    },
    done(names = []) {
      const vary = own('vary');
      const set = outside('vary');
      if (isPlain || vary !== null || set !== null || names.length > 0) {
        const missing = missingVary(isPlain, outer.merges, set ?? '', [vary ?? '', ...names]);
        if (missing === '') fields.delete('vary');
        else fields.set('vary', [missing]);
      }
      return isPlain ? plainOf(fields) : headersOf(fields);
    },
  };
}

/** Lines by lower-case name. */
function fieldsOf(user: HeaderSource | undefined): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  if (user === undefined) return fields;
  const all = user instanceof Headers ? [...user] : Object.entries(user);
  for (const [name, value] of all) {
    const lines = [value].flat().filter((line) => line !== undefined);
    if (lines.length > 0) fields.set(name.toLowerCase(), [...(fields.get(name.toLowerCase()) ?? []), ...lines]);
  }
  return fields;
}

/** The names that `vary` has to have beside those that tRPC sends anyway, and those that stay from outside. */
function missingVary(isPlain: boolean, merges: boolean, set: string, wanted: readonly string[]): string {
  // A plain object replaces what is nearest, and Node adapters overwrite what cors() set.
  const stays = merges ? [baseVary, isPlain ? '' : set] : [isPlain ? '' : baseVary];
  return mergeVary(stays.join(), [baseVary, set, ...wanted]).join(', ');
}

function headersOf(fields: ReadonlyMap<string, readonly string[]>): Headers {
  const headers = new Headers();
  for (const [name, lines] of fields) for (const line of lines) headers.append(name, line);
  return headers;
}

function plainOf(fields: ReadonlyMap<string, readonly string[]>): Record<string, string | string[]> {
  const plain: Record<string, string | string[]> = {};
  for (const [name, lines] of fields) plain[name] = name === 'set-cookie' ? [...lines] : lines.join(', ');
  return plain;
}
