import { expect, vi } from 'vitest';
import type { CachedOptions, CreateCacheOptions } from '../../src/index.ts';
import { type Context, cacheOf, counter, listen, t } from '../support/app.ts';

/** A query that is fresh for a minute and of use for ten more. */
export const open = (
  given: CachedOptions<any, any> = {},
  resolve: (opts: any) => any = counter(),
  options: Partial<CreateCacheOptions<Context>> = {},
) => {
  const cache = cacheOf(options);
  const run = vi.fn(resolve);
  const router = cache.register(
    t.router({
      one: t.procedure.use(cache.cached({ ttl: '1m', staleWhileRevalidate: '10m', ...given })).query(run),
    }),
  );
  const behind: Promise<unknown>[] = [];
  return {
    cache,
    run,
    router,
    behind,
    call: (callOptions = {}) => router.createCaller({}, callOptions).one(),
    ran: (times: number) => vi.waitFor(() => expect(run).toHaveBeenCalledTimes(times)),
    stale: listen(cache, 'stale'),
    revalidated: listen(cache, 'revalidate'),
    filled: listen(cache, 'fill'),
    failed: listen(cache, 'error'),
  };
};
