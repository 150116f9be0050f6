import { describe, expect, test } from 'vitest';
import { adapters, openShop } from '../support/http-adapters.ts';
import {
  directives,
  etagOf,
  expectNotModified,
  expectUndescribed,
  expectUntagged,
  headersOf,
  life,
  outputOf,
  pass,
  useClock,
  varyOf,
} from '../support/http-checks.ts';
import { createShop } from '../support/http-router.ts';

useClock();

type Fields = Record<string, string | string[]>;

const forms = [
  { form: 'Headers', make: (fields: Fields) => new Headers(Object.entries(fields).flatMap(lines)) },
  { form: 'a plain object', make: (fields: Fields) => fields },
];

function lines([name, value]: [string, string | string[]]): [string, string][] {
  return [value].flat().map((one) => [name, one]);
}

const cases = adapters.flatMap((adapter) => forms.map((form) => ({ ...form, adapter, name: adapter.name })));

describe.each(cases)('responseMeta with $form over $name', ({ adapter, make }) => {
  const shopThatSends = (fields: Fields) => openShop(adapter, { responseMeta: () => ({ headers: make(fields) }) });

  test('headers of the user stand beside those of the cache, on the 200 and on the 304', async () => {
    const shop = await shopThatSends({ 'X-Request-Id': 'r1' });
    const full = await shop.send('pub');
    expect(full.headers.get('x-request-id')).toBe('r1');
    expect(life(full)).toBe(60);
    const short = await shop.send('pub', { headers: { 'if-none-match': etagOf(full) } });
    expectNotModified(short, etagOf(full));
    expect(short.headers.get('x-request-id')).toBe('r1');
  });

  test('a Cache-Control of the user is the only one', async () => {
    const shop = await shopThatSends({ 'Cache-Control': 'public, max-age=7' });
    for (const path of ['def', 'pub', 'pub,def?batch=1']) {
      const reply = await shop.send(path);
      expect(Object.fromEntries(directives(reply))).toEqual({ public: undefined, 'max-age': '7' });
      expect(etagOf(reply)).toMatch(/^W\//);
    }
  });

  test('a CDN-Cache-Control of the user is the only one', async () => {
    const shop = await shopThatSends({ 'CDN-Cache-Control': 'max-age=7' });
    for (const path of ['cdn', 'pub', 'fixed', 'cdn,pub?batch=1'])
      expect((await shop.send(path)).headers.get('cdn-cache-control')).toBe('max-age=7');
  });

  test('a tag of the user is the only one, and decides about 304', async () => {
    const shop = await shopThatSends({ ETag: '"v7"' });
    const full = await shop.send('pub');
    expect(etagOf(full)).toBe('"v7"');
    expectNotModified(await shop.send('pub', { headers: { 'if-none-match': 'W/"v7"' } }), '"v7"');
    expect((await shop.send('pub', { headers: { 'if-none-match': '"v6"' } })).status).toBe(200);
  });

  test('a Vary of the user is joined with those of tRPC and of the query, each name once', async () => {
    const shop = await shopThatSends({ Vary: 'X-Tenant, Accept' });
    const full = await shop.send('lang');
    expect(varyOf(full)).toEqual(['accept', 'accept-language', 'trpc-accept', 'x-tenant']);
    const short = await shop.send('lang', { headers: { 'if-none-match': etagOf(full) } });
    expectNotModified(short, etagOf(full));
    expect(varyOf(short)).toEqual(varyOf(full));
  });

  test('cookies stay lines of their own, on the 200 and on the 304', async () => {
    const cookies = ['a=1; Path=/; Expires=Thu, 01 Jan 2026 00:00:00 GMT', 'b=2'];
    const shop = await shopThatSends({ 'Set-Cookie': cookies });
    const full = await shop.send('pub');
    expect(full.headers.getSetCookie()).toEqual(cookies);
    const short = await shop.send('pub', { headers: { 'if-none-match': etagOf(full) } });
    expectNotModified(short, etagOf(full));
    expect(short.headers.getSetCookie()).toEqual(cookies);
  });

  test('headers of the user on a query that is not cached are as plain tRPC sends them', async () => {
    const fields = {
      'Cache-Control': 'public, max-age=7',
      ETag: '"v7"',
      Vary: 'X-Tenant',
      'Set-Cookie': ['a=1', 'b=2'],
    };
    const responseMeta = () => ({ headers: make(fields) });
    const shop = await openShop(adapter, { responseMeta });
    const plain = await openShop(adapter, { responseMeta, shop: { library: false } });
    const reply = await shop.send('raw', { headers: { 'if-none-match': '"v7"' } });
    expect(reply.status).toBe(200);
    expect(headersOf(reply)).toEqual(headersOf(await plain.send('raw')));
  });
});

describe.each(adapters)('responseMeta over $name', (adapter) => {
  test('a status of the user stands, without tag and lifetime, and is never 304', async () => {
    const shop = await openShop(adapter, { responseMeta: () => ({ status: 203 }) });
    for (const path of ['pub', 'pub,def?batch=1']) {
      const reply = await shop.send(path, { headers: { 'if-none-match': '*' } });
      expect(reply.status).toBe(203);
      expect(reply.body).not.toBe('');
      expectUndescribed(reply);
    }
  });

  test('a status 200 of the user is no other status', async () => {
    const shop = await openShop(adapter, { responseMeta: () => ({ status: 200 }) });
    const etag = etagOf(await shop.send('pub'));
    expectNotModified(await shop.send('pub', { headers: { 'if-none-match': etag } }), etag);
  });

  test('responseMeta of the user sees the call as with plain tRPC, on a miss and on a hit', async () => {
    const seen: unknown[] = [];
    const responseMeta = ({ data, paths, type, errors, ctx, eagerGeneration }: any) => {
      seen.push(structuredClone({ data, paths, type, errors, user: ctx.user, eagerGeneration }));
      return {};
    };
    const shop = await openShop(adapter, { responseMeta });
    const plain = await openShop(adapter, { responseMeta, shop: { library: false } });
    for (const { send } of [plain, shop, shop]) await send('pub,byId?batch=1&input=%7B%221%22%3A%7B%22id%22%3A1%7D%7D');
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  test('a responseMeta that throws is a failure, as with plain tRPC', async () => {
    const responseMeta = ({ errors }: { errors: unknown[] }) => {
      if (errors.length === 0) throw new Error('no meta');
      return {};
    };
    const shop = await openShop(adapter, { responseMeta });
    const plain = await openShop(adapter, { responseMeta, shop: { library: false } });
    const reply = await shop.send('pub');
    expect(reply.status).toBe(500);
    expect(reply.body).toBe((await plain.send('pub')).body);
    expect([...directives(reply).keys()]).toEqual(['no-store']);
  });

  test('an answer that cannot be serialized is a failure with one no-store, though another was cached', async () => {
    const shop = await openShop(adapter);
    shop.data.raw = 1n;
    await shop.send('pub');
    const reply = await shop.send('pub,raw?batch=1');
    expect(reply.status).toBe(500);
    expect([...directives(reply).keys()]).toEqual(['no-store']);
    expectUntagged(reply);
  });

  test('a cached query whose answer cannot be serialized is a failure with one no-store', async () => {
    const shop = await openShop(adapter);
    shop.data.pub = 1n;
    const reply = await shop.send('pub');
    expect(reply.status).toBe(500);
    expect([...directives(reply).keys()]).toEqual(['no-store']);
    expectUntagged(reply);
  });

  test('the header that tells of hits has the name it is given', async () => {
    const shop = await openShop(adapter, { shop: { http: { statusHeader: 'X-Shop-Cache' } } });
    const words: (string | null)[] = [];
    for (let round = 0; round < 2; round++) {
      const { headers } = await shop.send('def');
      expect(headers.get('x-cache')).toBeNull();
      words.push(headers.get('x-shop-cache'));
    }
    pass(61);
    words.push((await shop.send('def')).headers.get('x-shop-cache'));
    expect(words).toEqual(['MISS', 'HIT', 'MISS']);
  });

  test('the header that tells of hits is absent when turned off', async () => {
    const shop = await openShop(adapter, { shop: { http: { statusHeader: false } } });
    const { headers } = await shop.send('pub');
    expect(headers.get('x-cache')).toBeNull();
    expect(headers.get('etag')).not.toBeNull();
  });

  test('a query that goes without the cache says so, without tag and lifetime', async () => {
    const shop = await openShop(adapter, { shop: { enabled: false } });
    const reply = await shop.send('pub', { headers: { 'if-none-match': '*' } });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('x-cache')).toBe('BYPASS');
    expect(outputOf(reply)).toEqual({ name: 'pub', stock: 1 });
    expectUndescribed(reply);
  });

  test('a query with http: false that goes without the cache says nothing either', async () => {
    const shop = await openShop(adapter, { shop: { enabled: false } });
    expect((await shop.send('bare')).headers.get('x-cache')).toBeNull();
  });

  test('cache.http made anew for every request is the same as made once', async () => {
    const shop = await openShop(adapter);
    const etag = etagOf(await shop.send('pub'));
    const again = shop.cache.http({ router: shop.router });
    expect(again.router).toBe(shop.router);
    expectNotModified(await shop.send('pub', { headers: { 'if-none-match': etag } }), etag);
  });
});

test('createContext gets all that an adapter gives it, as that of Hono gives a second argument', () => {
  const { cache, router } = createShop();
  const given = cache.http({ router, createContext: (...all: any[]) => all }).createContext as (
    ...all: unknown[]
  ) => unknown;
  const opts = { req: new Request('http://shop.test/trpc/def'), resHeaders: new Headers() };
  expect(given(opts, 'context of Hono')).toEqual([opts, 'context of Hono']);
});
