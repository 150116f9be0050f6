import { initTRPC } from '@trpc/server';
import { vi } from 'vitest';
import { type Cache, type CacheEvents, type CreateCacheOptions, createCache } from '../../src/index.ts';
import { type Adapter, overFetch, type Reply, type ServeOptions } from './http-adapters.ts';
import { requestHeaders } from './http-router.ts';

/** The context of the tests: who calls, and with which request headers. */
export interface Context {
  user?: { id: string } | null | undefined;
  headers?: Record<string, string> | undefined;
}

export const t = initTRPC.context<Context>().create();

/** A cache whose answers everybody shares, unless a test says otherwise. */
export const cacheOf = (options: Partial<CreateCacheOptions<Context>> = {}): Cache<Context> =>
  createCache<Context>({ scope: 'public', ...options });

/** A scope of one's own for each user. */
export const perUser = ({ ctx }: { ctx: Context }): string | null => ctx.user?.id ?? null;

export const ann: Context = { user: { id: 'ann' } };
export const bob: Context = { user: { id: 'bob' } };

/** A resolver whose output is the number of its run: equal outputs are one run. */
export const counter = () => {
  let runs = 0;
  return vi.fn((_opts?: unknown) => ++runs);
};

/** Every event of one name, as it comes. */
export const listen = <Name extends keyof CacheEvents>(
  cache: Pick<Cache<Context>, 'on'>,
  name: Name,
): CacheEvents[Name][] => {
  const seen: CacheEvents[Name][] = [];
  cache.on(name, (event) => seen.push(event));
  return seen;
};

/** A promise that a test settles. */
export const deferred = <T = void>() => {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
};

/** The error that something throws or rejects with; fails when there is none. */
export const errorOf = async (work: () => unknown): Promise<Error & { code?: string }> => {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

/** A caller as that of a server action: it knows no path. */
export const withoutPath =
  (type: 'query' | 'mutation') =>
  ({ invoke }: { invoke: (opts: any) => Promise<unknown> }): Promise<unknown> =>
    invoke({ type, ctx: {}, path: '', input: undefined, getRawInput: async () => undefined, batchIndex: 0 });

/** The procedure at a dotted path of a caller, for tests that choose paths at run time. */
export const at = (caller: unknown, path: string): ((input?: unknown) => Promise<any>) => {
  let found = caller as Record<string, unknown>;
  for (const segment of path.split('.')) found = found[segment] as Record<string, unknown>;
  return found as never;
};

/** The context of a request: its user is what it says in `x-user`. */
export const contextOf = (opts: Parameters<typeof requestHeaders>[0]): Context => {
  const headers = Object.fromEntries(requestHeaders(opts));
  return { user: headers['x-user'] === undefined ? null : { id: headers['x-user'] }, headers };
};

/** What a test says about a request. */
export interface RequestParts {
  input?: unknown;
  headers?: Record<string, string>;
  method?: 'GET' | 'POST';
}

/** Sends requests for procedures to what `cache.http` gave, through an adapter. */
export const requester = async (options: ServeOptions, adapter: Adapter = overFetch) => {
  const { send } = await adapter.serve({ createContext: contextOf, ...options });
  return (path: string, { input, headers = {}, method = 'GET' }: RequestParts = {}): Promise<Reply> => {
    if (method === 'GET') {
      const query = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`;
      return send(`${path}${query}`, { headers });
    }
    const body = JSON.stringify(input ?? null);
    return send(path, { method, headers: { 'content-type': 'application/json', ...headers }, body });
  };
};
