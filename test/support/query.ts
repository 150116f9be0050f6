import { vi } from 'vitest';
import type { CachedOptions, CreateCacheOptions } from '../../src/index.ts';
import { type Context, cacheOf, contextOf, counter, requester, t } from './app.ts';

/** A router with one query of these options, behind the fetch adapter. */
export const serve = async (
  given: CachedOptions<any, any> = {},
  resolve: (opts: any) => any = counter(),
  options: Partial<CreateCacheOptions<Context>> = {},
) => {
  const cache = cacheOf(options);
  const run = vi.fn(resolve);
  const router = t.router({ one: t.procedure.use(cache.cached({ ttl: 60, ...given })).query(run) });
  const request = await requester(cache.http({ router, createContext: contextOf }));
  return { cache, run, router, get: (headers: Record<string, string> = {}) => request('one', { headers }) };
};

/** What the cache did for a reply. */
export const status = (reply: { headers: Headers }) => reply.headers.get('x-cache');
