import { vi } from 'vitest';
import { z } from 'zod';
import type { CachedOptions } from '../../src/index.ts';
import { type Context, cacheOf, listen, t } from '../support/app.ts';

type Resolver = (opts: any) => unknown;

/** A cache whose hits are verified, with what it tells and a way to wait for what runs behind. */
export const verified = (resolver: Resolver, options: CachedOptions<Context, any> = {}, register = true) => {
  const behind: Promise<unknown>[] = [];
  const cache = cacheOf({ waitUntil: (work) => void behind.push(work), defaults: { verify: 1 } });
  const run = vi.fn(resolver);
  const router = t.router({
    at: t.procedure
      .input(z.any())
      .use(cache.cached({ ttl: '1h', ...options }))
      .query(run),
  });
  if (register) cache.register(router);
  const settled = async () => {
    while (behind.length > 0) await Promise.all(behind.splice(0));
  };
  const call = async (ctx: Context = {}, input?: unknown) => {
    const answer = await router.createCaller(ctx).at(input);
    await settled();
    return answer;
  };
  return {
    cache,
    router,
    run,
    call,
    settled,
    mismatches: listen(cache, 'mismatch'),
    hits: listen(cache, 'hit'),
    errors: listen(cache, 'error'),
    fills: listen(cache, 'fill'),
  };
};
