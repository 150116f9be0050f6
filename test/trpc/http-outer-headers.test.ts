import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { openShop, overFetch, standalone } from '../support/http-adapters.ts';
import {
  directives,
  etagOf,
  expectNoShare,
  expectNoStore,
  expectNotModified,
  expectUndescribed,
  headersOf,
  life,
  outputOf,
  useClock,
  varyOf,
} from '../support/http-checks.ts';
import { type ContextOpts, createContext } from '../support/http-router.ts';

useClock();

const full = { name: 'pub', stock: 1 };

/** What sets headers outside of `responseMeta`: the fetch adapter's `resHeaders`, or Node's `res`. */
const places = [
  {
    place: 'resHeaders of the fetch adapter',
    adapter: overFetch,
    set: (opts: ContextOpts, name: string, value: string) => opts.resHeaders?.append(name, value),
  },
  {
    place: 'res of the standalone adapter',
    adapter: standalone,
    set: (opts: ContextOpts, name: string, value: string) => opts.res?.appendHeader(name, value),
  },
];

describe.each(places)('headers set on $place', ({ adapter, set }) => {
  const shopThatSets = (fields: [string, string][], responseMeta?: () => object) =>
    openShop(adapter, {
      createContext: (opts: ContextOpts) => {
        for (const [name, value] of fields) set(opts, name, value);
        return createContext(opts);
      },
      ...(responseMeta !== undefined && { responseMeta }),
    });

  test('a Cache-Control is the only one', async () => {
    const shop = await shopThatSets([['Cache-Control', 'private, max-age=5']]);
    const reply = await shop.send('pub');
    expect(Object.fromEntries(directives(reply))).toEqual({ private: undefined, 'max-age': '5' });
    expect(etagOf(reply)).toMatch(/^W\//);
  });

  test('a Cache-Control gives way to no-store on a failure', async () => {
    const shop = await shopThatSets([
      ['Cache-Control', 'public, max-age=5'],
      ['ETag', '"v7"'],
      ['CDN-Cache-Control', 'max-age=300'],
      ['Surrogate-Control', 'max-age=300'],
      ['Cache-Tag', 'shop'],
    ]);
    expectNoStore(await shop.send('err'));
  });

  test('a tag is the only one, and decides about 304', async () => {
    const shop = await shopThatSets([['ETag', '"v7"']]);
    expect(etagOf(await shop.send('pub'))).toBe('"v7"');
    expectNotModified(await shop.send('pub', { headers: { 'if-none-match': '"v7"' } }), '"v7"');
  });

  test('a cookie makes a public answer private, and stays on the 304', async () => {
    const cookies: [string, string][] = [
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ];
    const shop = await shopThatSets(cookies);
    const reply = await shop.send('pub');
    expectNoShare(reply);
    expect(life(reply)).toBe(0);
    expect(reply.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const short = await shop.send('pub', { headers: { 'if-none-match': etagOf(reply) } });
    expectNotModified(short, etagOf(reply));
    expect(short.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  test.each([
    ['without responseMeta', undefined],
    ['beside Headers', () => ({ headers: new Headers({ 'x-a': '1' }) })],
    ['beside a plain object', () => ({ headers: { 'x-a': '1' } })],
    ['beside a Vary in Headers', () => ({ headers: new Headers({ Vary: 'X-Tenant' }) })],
    ['beside a Vary in a plain object', () => ({ headers: { Vary: 'X-Tenant' } })],
  ])('Vary: Origin, as cors() sets it, is kept %s', async (_, responseMeta) => {
    const shop = await shopThatSets([['Vary', 'Origin']], responseMeta);
    for (const path of ['pub', 'lang']) {
      const reply = await shop.send(path);
      const names = varyOf(reply);
      expect(names).toContain('origin');
      expect(names).toContain('trpc-accept');
      expect(names.includes('accept-language')).toBe(path === 'lang');
      expect(new Set(names).size).toBe(names.length);
      const short = await shop.send(path, { headers: { 'if-none-match': etagOf(reply) } });
      expectNotModified(short, etagOf(reply));
      expect(varyOf(short)).toEqual(names);
    }
  });

  test('headers on a query that is not cached are as plain tRPC sends them', async () => {
    const fields: [string, string][] = [
      ['Vary', 'Origin'],
      ['Cache-Control', 'public, max-age=5'],
      ['Set-Cookie', 'a=1'],
    ];
    const context = (opts: ContextOpts) => {
      for (const [name, value] of fields) set(opts, name, value);
      return createContext(opts);
    };
    const shop = await openShop(adapter, { createContext: context });
    const plain = await openShop(adapter, { createContext: context, shop: { library: false } });
    expect(headersOf(await shop.send('raw'))).toEqual(headersOf(await plain.send('raw')));
  });
});

describe('what runs around tRPC on a Node server', () => {
  const shopBehind = (prepare: (res: ServerResponse) => void) =>
    openShop(standalone, {
      middleware: (_req, res, next) => {
        prepare(res);
        next();
      },
    });

  test('the headers of cors() stand on the 200 and on the 304', async () => {
    const shop = await shopBehind((res) => {
      res.setHeader('Access-Control-Allow-Origin', 'https://shop.example');
      res.setHeader('Vary', 'Origin');
    });
    const reply = await shop.send('pub');
    const short = await shop.send('pub', { headers: { 'if-none-match': etagOf(reply) } });
    expectNotModified(short, etagOf(reply));
    for (const { headers } of [reply, short]) {
      expect(headers.get('access-control-allow-origin')).toBe('https://shop.example');
      expect(headers.get('vary')?.toLowerCase()).toContain('origin');
    }
  });

  test('a status set on res stands, with the whole answer and neither tag nor lifetime', async () => {
    const shop = await shopBehind((res) => {
      res.statusCode = 203;
    });
    for (let round = 0; round < 2; round++) {
      const reply = await shop.send('pub', { headers: { 'if-none-match': '*' } });
      expect(reply.status).toBe(203);
      expect(outputOf(reply)).toEqual(full);
      expectUndescribed(reply);
    }
  });

  test('a cookie that a member of the batch set on res makes the whole answer private', async () => {
    const shop = await openShop(standalone, {
      createContext: (opts: ContextOpts) => ({ ...createContext(opts), user: 'a' }),
      responseMeta: ({ ctx }) => {
        (ctx.res as ServerResponse).appendHeader('set-cookie', 'late=1');
        return {};
      },
    });
    const reply = await shop.send('pub,cdn?batch=1');
    expectNoShare(reply);
    expect(life(reply)).toBe(0);
    expect(reply.headers.getSetCookie()).toEqual(['late=1']);
  });
});
