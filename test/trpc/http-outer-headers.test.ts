import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { describe, expect, test } from 'vitest';
import { type Adapter, adapters, type Outer, openShop } from '../support/http-adapters.ts';
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

/** Sets a header outside of `responseMeta`, where the adapter lets its users do so. */
const setters: Record<Adapter['outer'], (opts: ContextOpts, name: string, value: string) => void> = {
  resHeaders: ({ resHeaders }, name, value) => resHeaders?.append(name, value),
  res: ({ res }, name, value) => void (res as ServerResponse).appendHeader(name, value),
  reply: ({ res }, name, value) => void (res as FastifyReply).header(name, value),
  nothing: () => {},
};

const withOuter = adapters.filter(({ outer }) => outer !== 'nothing');
const withResponse = adapters.filter(({ outer }) => outer === 'res' || outer === 'reply');

/** Where headers are set: as the adapter offers it, and on the response of Node below Fastify's reply. */
const places = [
  ...withOuter.map((adapter) => ({
    place: `${adapter.outer} over ${adapter.name}`,
    adapter,
    set: setters[adapter.outer],
  })),
  ...withOuter
    .filter(({ outer }) => outer === 'reply')
    .map((adapter) => ({
      place: `reply.raw over ${adapter.name}`,
      adapter,
      set: ({ res }: ContextOpts, name: string, value: string) =>
        void (res as FastifyReply).raw.appendHeader(name, value),
    })),
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

  test('a cookie makes a public answer private, and stays on the 304 for the private copy', async () => {
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

  test.each(['fleeting', 'err', 'nowhere', 'pub,raw?batch=1', 'pub,err?batch=1', 'byId?input=%7B'])(
    'Vary: Origin is kept where there is nothing to describe: %s',
    async (path) => {
      for (const headers of [{}, new Headers(), { Vary: 'X-Tenant' }, new Headers({ Vary: 'X-Tenant' })]) {
        const shop = await shopThatSets([['Vary', 'Origin']], () => ({ headers }));
        const names = varyOf(await shop.send(path));
        expect(names).toEqual(expect.arrayContaining(['accept', 'origin', 'trpc-accept']));
        expect(new Set(names).size).toBe(names.length);
      }
    },
  );

  test('Vary: Origin is kept where a query goes without the cache, or has a status of its own', async () => {
    const context = (opts: ContextOpts) => {
      set(opts, 'Vary', 'Origin');
      return createContext(opts);
    };
    const off = await openShop(adapter, { createContext: context, shop: { enabled: false } });
    const found = await openShop(adapter, { createContext: context, responseMeta: () => ({ status: 203 }) });
    for (const shop of [off, found])
      expect(varyOf(await shop.send('pub'))).toEqual(['accept', 'origin', 'trpc-accept']);
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

describe.each(withResponse)('what runs around tRPC over $name', (adapter) => {
  const shopBehind = (before: (outer: Outer) => void) => openShop(adapter, { before });

  test('the headers of cors() stand on the 200 and on the 304', async () => {
    const shop = await shopBehind(({ set }) => {
      set('Access-Control-Allow-Origin', 'https://shop.example');
      set('Vary', 'Origin');
    });
    const reply = await shop.send('pub');
    const short = await shop.send('pub', { headers: { 'if-none-match': etagOf(reply) } });
    expectNotModified(short, etagOf(reply));
    for (const { headers } of [reply, short]) {
      expect(headers.get('access-control-allow-origin')).toBe('https://shop.example');
      expect(headers.get('vary')?.toLowerCase()).toContain('origin');
    }
  });

  test('a status set before stands where plain tRPC keeps it, with the whole answer and neither tag nor lifetime', async () => {
    const before = ({ status }: Outer) => status(203);
    const shop = await shopBehind(before);
    const plain = await openShop(adapter, { before, shop: { library: false } });
    const { status } = await plain.send('pub');
    expect(status).toBe(adapter.outer === 'res' ? 203 : 200);
    for (let round = 0; round < 2; round++) {
      const reply = await shop.send('pub', { headers: { 'if-none-match': '"nope"' } });
      expect(reply.status).toBe(status);
      expect(outputOf(reply)).toEqual(full);
      if (status === 203) expectUndescribed(reply);
      else expect(life(reply)).toBe(60);
    }
  });

  test('a cookie that a member of the batch set on the response makes the whole answer private', async () => {
    const shop = await openShop(adapter, {
      responseMeta: ({ ctx }) => {
        setters[adapter.outer](ctx, 'set-cookie', 'late=1');
        return {};
      },
    });
    const reply = await shop.send('pub,cdn?batch=1');
    expectNoShare(reply);
    expect(life(reply)).toBe(0);
    expect(reply.headers.getSetCookie()).toEqual(['late=1']);
  });
});

describe.each(places)('the cookie of readYourWrites beside $place', ({ adapter, set }) => {
  test.each([
    ['by responseMeta, too', { headers: new Headers({ 'set-cookie': 'c=3' }) }, ['c=3']],
    ['there alone', {}, []],
  ])('is added to those that were set %s', async (_, meta, more) => {
    const shop = await openShop(adapter, {
      shop: { http: { readYourWrites: '10s' } },
      createContext: (opts: ContextOpts) => {
        set(opts, 'Set-Cookie', 'a=1');
        set(opts, 'Set-Cookie', 'b=2');
        return createContext(opts);
      },
      ...(more.length > 0 && { responseMeta: () => meta }),
    });
    const plain = await openShop(adapter, {
      shop: { library: false },
      createContext: (opts: ContextOpts) => {
        set(opts, 'Set-Cookie', 'a=1');
        set(opts, 'Set-Cookie', 'b=2');
        return createContext(opts);
      },
      ...(more.length > 0 && { responseMeta: () => meta }),
    });
    const post = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const expected = (await plain.send('m', post)).headers.getSetCookie();
    const cookies = (await shop.send('m', post)).headers.getSetCookie();
    expect(cookies.filter((cookie) => !cookie.startsWith('trpc-cached-exact=1;')).sort()).toEqual(expected.sort());
    expect(cookies).toHaveLength(expected.length + 1);
  });
});
