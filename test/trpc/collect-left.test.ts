import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test, vi } from 'vitest';
import { cacheOf, counter, listen, t } from '../support/app.ts';

/** A stream that hangs after its first item, beside a query that has a stale window. */
const open = (asyncContext?: AsyncLocalStorage<unknown>) => {
  const cache = cacheOf(asyncContext && { asyncContext });
  const hangs = vi.fn();
  const live = t.procedure.use(cache.cached({ ttl: '1h', collect: { maxItems: 2 } })).query(async function* () {
    yield 1;
    hangs();
    await new Promise<never>(() => {});
  });
  const news = t.procedure.use(cache.cached({ ttl: '1h', staleWhileRevalidate: '1h' })).query(counter());
  const caller = cache.register(t.router({ live, news })).createCaller({});
  const stale = listen(cache, 'stale');
  /** Whether what an invalidation expired is still given to whoever asks. */
  const givesStale = async () => {
    await caller.news();
    await cache.invalidate('news', { mode: 'expire' });
    stale.length = 0;
    await caller.news();
    return stale.length > 0;
  };
  const begin = async () => {
    const stream = (await caller.live())[Symbol.asyncIterator]();
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    return stream;
  };
  return { givesStale, begin, hangs };
};

describe('a collected stream that is open', () => {
  test('may read what it stores, so nobody is given what an invalidation expired', async () => {
    const { givesStale, begin } = open();
    expect(await givesStale()).toBe(true);
    await begin();
    expect(await givesStale()).toBe(false);
  });

  test('may not any more when its reader has gone, also while its procedure waits for something', async () => {
    const { givesStale, begin, hangs } = open();
    const stream = await begin();
    void stream.next();
    await vi.waitFor(() => expect(hangs).toHaveBeenCalled());
    expect(await givesStale()).toBe(false);
    void stream.return?.();
    expect(await givesStale()).toBe(true);
  });

  test('stands in the way of nobody with an async context', async () => {
    const { givesStale, begin, hangs } = open(new AsyncLocalStorage());
    const stream = await begin();
    void stream.next();
    await vi.waitFor(() => expect(hangs).toHaveBeenCalled());
    expect(await givesStale()).toBe(true);
  });
});
