import { describe, expect, test } from 'vitest';
import { cacheOf, contextOf, counter, listen, requester, t } from '../support/app.ts';

describe('what is not a query over GET', () => {
  test('a mutation passes through', async () => {
    const cache = cacheOf();
    const bypassed = listen(cache, 'bypass');
    const router = cache.register(t.router({ act: t.procedure.use(cache.cached('1h')).mutation(counter()) }));
    const { act } = router.createCaller({});
    expect([await act(), await act()]).toEqual([1, 2]);
    expect(bypassed).toEqual([]);
  });

  test('a subscription passes through', async () => {
    const cache = cacheOf();
    const run = counter();
    const router = cache.register(
      t.router({
        ticks: t.procedure.use(cache.cached('1h')).subscription(async function* () {
          yield run();
        }),
      }),
    );
    for (const expected of [1, 2])
      for await (const tick of await router.createCaller({}).ticks()) expect(tick).toBe(expected);
  });

  test('a query by POST is cached, and never answered with 304', async () => {
    const cache = cacheOf();
    const router = t.router({ list: t.procedure.use(cache.cached('1h')).query(counter()) });
    const request = await requester({
      ...cache.http({ router, createContext: contextOf }),
      allowMethodOverride: true,
    });
    await request('list', { method: 'POST' });
    const hit = await request('list', { method: 'POST', headers: { 'if-none-match': '*' } });
    expect([hit.status, hit.body, hit.headers.get('x-cache')]).toEqual([200, '{"result":{"data":1}}', 'HIT']);
    expect(hit.headers.get('etag')).toBeNull();
  });
});
