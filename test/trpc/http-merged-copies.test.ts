import { initTRPC } from '@trpc/server';
import { createCache } from 'trpc-cached';
import { describe, expect, test } from 'vitest';
import { adapters, openShop, overFetch, type Reply } from '../support/http-adapters.ts';
import {
  directives,
  etagOf,
  expectNoShare,
  expectNotModified,
  isSharedStorable,
  life,
  pass,
  useClock,
} from '../support/http-checks.ts';

useClock();

const targeted = ({ headers }: Reply) => headers.get('cdn-cache-control');
const holding = (reply: Reply, more: Record<string, string> = {}) => ({
  headers: { 'if-none-match': etagOf(reply), ...more },
});

// RFC 9111 section 3.2: what a 304 does not say keeps its old value, and RFC 9213 section 2.2: that of a CDN goes first.
describe.each(adapters)('what a cache holds after a 304 over $name', (adapter) => {
  test('a CDN is told its time on every 304, also where browsers may keep the answer for as long, and once it is stale', async () => {
    const shop = await openShop(adapter);
    const full = await shop.send('ebb');
    expect(targeted(full)).toBe('max-age=30, stale-while-revalidate=30');
    pass(45);
    const equal = await shop.send('ebb', holding(full));
    expectNotModified(equal, etagOf(full));
    expect([directives(equal).get('max-age'), targeted(equal)]).toEqual([
      '15',
      'max-age=15, stale-while-revalidate=30',
    ]);
    shop.data.ebb = new Promise(() => {});
    pass(30);
    const stale = await shop.send('ebb', holding(full));
    expectNotModified(stale, etagOf(full));
    expect([directives(stale).get('max-age'), targeted(stale)]).toEqual(['0', 'max-age=0']);
  });

  test.each(['pub', 'cdn', 'pub,cdn?batch=1'])(
    'A30, A48: %s with a cookie is sent whole to whoever holds what CDNs may keep, and is 304 for the private copy',
    async (path) => {
      let cookie: string | undefined;
      const shop = await openShop(adapter, {
        responseMeta: () => (cookie === undefined ? {} : { headers: { 'set-cookie': cookie } }),
      });
      const everyones = await shop.send(path);
      expect(targeted(everyones)).not.toBeNull();
      cookie = 'session=1';
      const own = await shop.send(path, holding(everyones));
      expect([own.status, own.body]).toEqual([200, everyones.body]);
      expectNoShare(own);
      expect(isSharedStorable(own)).toBe(false);
      const again = await shop.send(path, holding(own));
      expectNotModified(again, etagOf(own));
      expectNoShare(again);
      cookie = undefined;
      expect((await shop.send(path, holding(own))).status).toBe(200);
      expectNotModified(await shop.send(path, holding(everyones)), etagOf(everyones));
    },
  );

  test('A31, A48: so is one to a request with credentials', async () => {
    const shop = await openShop(adapter);
    const authorization = { authorization: 'Bearer x' };
    const everyones = await shop.send('pub');
    const own = await shop.send('pub', holding(everyones, authorization));
    expect([own.status, own.body]).toEqual([200, everyones.body]);
    expectNoShare(own);
    const again = await shop.send('pub', holding(own, authorization));
    expectNotModified(again, etagOf(own));
    expectNoShare(again);
  });

  test('so is one with a Cache-Control of the user, which says nothing to a CDN', async () => {
    let own = false;
    const shop = await openShop(adapter, {
      responseMeta: () => (own ? { headers: { 'cache-control': 'private, max-age=5' } } : {}),
    });
    const everyones = await shop.send('cdn');
    own = true;
    const users = await shop.send('cdn', holding(everyones));
    expect([users.status, users.headers.get('cache-control')]).toEqual([200, 'private, max-age=5']);
    expectNotModified(await shop.send('cdn', holding(users)), etagOf(users));
  });

  test('with a tag of the user, which is the same for both, it is sent whole as long as no CDN may keep it', async () => {
    let cookie = {};
    const shop = await openShop(adapter, { responseMeta: () => ({ headers: { etag: '"v7"', ...cookie } }) });
    const everyones = await shop.send('pub');
    expectNotModified(await shop.send('pub', holding(everyones)), '"v7"');
    expect((await shop.send('pub', holding(everyones, { authorization: 'Bearer x' }))).status).toBe(200);
    cookie = { 'set-cookie': 'session=1' };
    expect((await shop.send('pub', holding(everyones))).status).toBe(200);
    expectNotModified(await shop.send('def', holding(everyones)), '"v7"');
  });

  test('a query that no CDN may keep is 304 with a cookie and with credentials as without', async () => {
    let cookie = {};
    const shop = await openShop(adapter, { responseMeta: () => ({ headers: { ...cookie } }) });
    for (const path of ['def', 'fixed']) {
      cookie = {};
      const full = await shop.send(path);
      expectNotModified(await shop.send(path, holding(full, { authorization: 'Bearer x' })), etagOf(full));
      cookie = { 'set-cookie': 'session=1' };
      const short = await shop.send(path, holding(full));
      expectNotModified(short, etagOf(full));
      expect([short.headers.getSetCookie(), life(short)]).toEqual([['session=1'], 0]);
    }
  });
});

test('a deployment that takes the lifetime for CDNs away sends an equal answer whole', async () => {
  const t = initTRPC.create();
  const deploy = async (http: { browser: '20s'; cdn?: '30s' }) => {
    const cache = createCache({ scope: 'public' });
    const router = t.router({ news: t.procedure.use(cache.cached({ ttl: '1m', http })).query(() => 'none') });
    return overFetch.serve(cache.http({ router }));
  };
  const before = await (await deploy({ browser: '20s', cdn: '30s' })).send('news');
  const after = await (await deploy({ browser: '20s' })).send('news', holding(before));
  expect([after.status, after.body, targeted(after)]).toEqual([200, before.body, null]);
});
