import { describe, expect, test } from 'vitest';
import { cacheOf, contextOf, counter, perUser, requester, t } from '../support/app.ts';
import { standalone } from '../support/http-adapters.ts';
import { directives, etagOf, expectNotModified, headersOf, outputOf, pass, useClock } from '../support/http-checks.ts';
import { serve, status } from '../support/query.ts';

describe('defects not to repeat, over HTTP', () => {
  useClock();

  test("D5: a user never gets another one's data, also not by the other one's tag", async () => {
    const { get } = await serve({ scope: perUser }, ({ ctx }) => ({ name: ctx.user?.id }));
    const ofAnn = await get({ 'x-user': 'ann' });
    const etag = etagOf(ofAnn);
    const ofBob = await get({ 'x-user': 'bob', 'if-none-match': etag });
    expect([ofBob.status, outputOf(ofBob)]).toEqual([200, { name: 'bob' }]);
    expect(etagOf(ofBob)).not.toBe(etag);
    for (const reply of [ofAnn, ofBob]) expect([...directives(reply).keys()]).toContain('private');
  });

  test('D9: a tag list, a star and a tag in another strength match; a tag without quotes never does', async () => {
    const { get } = await serve();
    const etag = etagOf(await get());
    const strong = etag.replace('W/', '');
    for (const held of [`"a", ${etag}`, `${strong},"b"`, '*', strong])
      expectNotModified(await get({ 'if-none-match': held }), etag);
    for (const held of [strong.replaceAll('"', ''), '"a"', `${strong}x`])
      expect((await get({ 'if-none-match': held })).status).toBe(200);
  });

  test('D24: MISS and HIT have the same headers', async () => {
    const { get } = await serve({ http: { browser: 60 } });
    const [miss, hit] = [await get(), await get()];
    expect([status(miss), status(hit)]).toEqual(['MISS', 'HIT']);
    expect(headersOf(hit, 'x-cache')).toEqual(headersOf(miss, 'x-cache'));
  });

  test('D25: over a real socket 200, 304 and 200 again have whole bodies', async () => {
    const cache = cacheOf();
    const rows = Array.from({ length: 500 }, (_, id) => ({ id, name: `row ${id}` }));
    const router = t.router({ list: t.procedure.use(cache.cached(60)).query(() => rows) });
    const request = await requester(cache.http({ router, createContext: contextOf }), standalone);
    const first = await request('list');
    const etag = etagOf(first);
    expectNotModified(await request('list', { headers: { 'if-none-match': etag } }), etag);
    const again = await request('list');
    expect([again.status, status(again), outputOf(again)]).toEqual([200, 'HIT', rows]);
    expect(again.body).toBe(first.body);
  });

  test('D27: a lifetime is a whole number of seconds, or is not sent', async () => {
    expect((await (await serve()).get()).headers.get('cache-control')).toBe('private, no-cache');
    const { get } = await serve({ ttl: '1500ms', http: { browser: '1500ms' } });
    for (const seconds of [0, 0.7, 0.6]) {
      pass(seconds);
      expect(directives(await get()).get('max-age')).toMatch(/^\d+$/);
    }
  });

  test.each([
    ['D41: by default a browser asks each time, so it sees new data after an invalidation', false],
    ['D50: the tag goes with its entry: after an invalidation the old one gives no 304', true],
  ])('%s', async (_, hadNotModified) => {
    const { cache, get } = await serve();
    const etag = etagOf(await get());
    expect((await get()).headers.get('cache-control')).toBe('private, no-cache');
    if (hadNotModified) expectNotModified(await get({ 'if-none-match': etag }), etag);
    await cache.invalidate('one');
    const fresh = await get({ 'if-none-match': etag });
    expect([fresh.status, outputOf(fresh)]).toEqual([200, 2]);
  });

  test('D34: a procedure that is not cached is never answered by one that is', async () => {
    const cache = cacheOf();
    const router = t.router({
      user: { byId: t.procedure.use(cache.cached(60)).query(counter()), me: t.procedure.query(counter()) },
    });
    const request = await requester(cache.http({ router, createContext: contextOf }));
    for (const expected of [1, 2]) {
      await request('user.byId');
      const me = await request('user.me');
      expect([status(me), outputOf(me)]).toEqual([null, expected]);
    }
  });
});
