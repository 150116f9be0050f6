import { parseDictionary } from 'structured-headers';
import { createCache } from 'trpc-cached';
import { describe, expect, test } from 'vitest';
import { adapters, openShop, type Reply } from '../support/http-adapters.ts';
import {
  directives,
  etagOf,
  expectNoShare,
  expectNoStore,
  expectNotModified,
  life,
  outputOf,
  pass,
  useClock,
} from '../support/http-checks.ts';

useClock();

/** An output that is there when `open` is called. */
function gate() {
  let open: (value: unknown) => void = () => {};
  const opened = new Promise((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Waits for something that goes on behind a response; the clock stands still. */
async function until(isSo: () => boolean): Promise<void> {
  for (let round = 0; round < 10_000 && !isSo(); round++) await new Promise((resolve) => setImmediate(resolve));
  expect(isSo()).toBe(true);
}

/** The directives of every field that speaks to caches, by field. */
const fields = (reply: Reply) =>
  ['cache-control', 'cdn-cache-control']
    .filter((name) => reply.headers.has(name))
    .map((name) =>
      directives({ ...reply, headers: new Headers({ 'cache-control': reply.headers.get(name) as string }) }),
    );

describe.each(adapters)('windows over $name', (adapter) => {
  test('A24: in its window a stale answer comes at once and promises nothing, and the next one is new', async () => {
    const shop = await openShop(adapter);
    let fills = 0;
    shop.cache.on('fill', () => fills++);
    const first = await shop.send('swr');
    expect(directives(first).get('stale-while-revalidate')).toBe('30');
    const { opened, open } = gate();
    shop.data.swr = opened;
    pass(75);
    const stale = await shop.send('swr');
    expect(stale.body).toBe(first.body);
    expect(etagOf(stale)).toBe(etagOf(first));
    expect(stale.headers.get('x-cache')).toBe('STALE');
    expect(life(stale)).toBe(0);
    expect(directives(stale).has('stale-while-revalidate')).toBe(false);
    await until(() => shop.runs.swr === 2);
    open({ name: 'swr', stock: 2 });
    await until(() => fills === 2);
    const next = await shop.send('swr');
    expect(outputOf(next)).toEqual({ name: 'swr', stock: 2 });
    expect(next.headers.get('x-cache')).toBe('HIT');
    expect(life(next)).toBe(60);
    expect(shop.runs.swr).toBe(2);
  });

  test('A24: a client that holds the stale answer gets 304, which promises nothing either', async () => {
    const shop = await openShop(adapter);
    const etag = etagOf(await shop.send('swr'));
    shop.data.swr = gate().opened;
    pass(75);
    const reply = await shop.send('swr', { headers: { 'if-none-match': etag } });
    expectNotModified(reply, etag);
    expect(directives(reply).get('max-age')).toBe('0');
    expect(directives(reply).has('stale-while-revalidate')).toBe(false);
  });

  test('A25: after its window the caller waits for a new answer with its whole life', async () => {
    const shop = await openShop(adapter);
    await shop.send('swr');
    const { opened, open } = gate();
    shop.data.swr = opened;
    pass(95);
    const sending = shop.send('swr');
    await until(() => shop.runs.swr === 2);
    open({ name: 'swr', stock: 2 });
    const reply = await sending;
    expect(reply.headers.get('x-cache')).toBe('MISS');
    expect(outputOf(reply)).toEqual({ name: 'swr', stock: 2 });
    expect(life(reply)).toBe(60);
  });

  test('A26: for a failure the old answer stands in while its window lasts and promises nothing; after it, the failure is stored by nobody', async () => {
    const shop = await openShop(adapter);
    const first = await shop.send('sie');
    shop.data.sie = new Error('the database is gone');
    pass(75);
    const stale = await shop.send('sie');
    expect([stale.status, stale.headers.get('x-cache')]).toEqual([200, 'STALE']);
    expect(stale.body).toBe(first.body);
    expect(life(stale)).toBe(0);
    pass(20);
    const failed = await shop.send('sie', { headers: { 'if-none-match': etagOf(first) } });
    expect(failed.status).toBe(500);
    expectNoStore(failed);
    expect(shop.runs.sie).toBe(3);
  });

  const paths = ['def', 'pub', 'cdn', 'swr', 'tide', 'ebb', 'sie', 'fixed', 'swr,def?batch=1', 'swr,tide?batch=1'];

  test.each(paths)(
    'A27, A63: %s never has a stale window beside no-cache, must-revalidate or s-maxage',
    async (path) => {
      const shop = await openShop(adapter);
      for (const seconds of [0, 20, 25, 20, 20]) {
        pass(seconds);
        for (const found of fields(await shop.send(path))) {
          const forbids = ['no-cache', 'no-store', 'must-revalidate', 'proxy-revalidate', 's-maxage'];
          const stale = [...found.keys()].filter((name) => name.startsWith('stale-'));
          expect(forbids.some((name) => found.has(name)) ? stale : []).toEqual([]);
        }
      }
    },
  );

  test('A63: what Cache-Control may not say beside s-maxage, and a browser may not know, a CDN is told', async () => {
    const shop = await openShop(adapter);
    for (const path of ['tide', 'ebb'])
      expect((await shop.send(path)).headers.get('cdn-cache-control')).toMatch(/stale-while-revalidate=30/);
  });

  test('A47: a CDN is told its lifetime by a field of its own, and the browser to ask each time', async () => {
    const shop = await openShop(adapter);
    const reply = await shop.send('cdn');
    expect([...directives(reply).keys()].sort()).toEqual(['no-cache', 'public']);
    const dictionary = parseDictionary(reply.headers.get('cdn-cache-control') ?? '');
    expect([...dictionary]).toEqual([['max-age', [300, new Map()]]]);
    pass(100);
    const later = parseDictionary((await shop.send('cdn')).headers.get('cdn-cache-control') ?? '');
    expect(later.get('max-age')).toEqual([200, new Map()]);
  });

  test('A47: the 304 tells the CDN the same', async () => {
    const shop = await openShop(adapter);
    const full = await shop.send('cdn');
    const short = await shop.send('cdn', { headers: { 'if-none-match': etagOf(full) } });
    expectNotModified(short, etagOf(full));
    expect(fields(short)).toEqual(fields(full));
  });

  test('A48: a CDN is told nothing with a cookie, with credentials, and about a failure', async () => {
    const withCookie = await openShop(adapter, { responseMeta: () => ({ headers: { 'set-cookie': 'a=1' } }) });
    expectNoShare(await withCookie.send('cdn'));
    const shop = await openShop(adapter);
    expectNoShare(await shop.send('cdn', { headers: { authorization: 'Bearer x' } }));
    await shop.cache.clear();
    shop.data.cdn = new Error('the database is gone');
    expectNoStore(await shop.send('cdn'));
  });

  test('A65: immutable is said once, beside a lifetime, where it is asked for', async () => {
    const shop = await openShop(adapter);
    const full = await shop.send('fixed');
    expect(Object.fromEntries(directives(full))).toEqual({ public: undefined, 'max-age': '60', immutable: undefined });
    const short = await shop.send('fixed', { headers: { 'if-none-match': etagOf(full) } });
    expectNotModified(short, etagOf(full));
    expect(directives(short)).toEqual(directives(full));
    for (const path of ['pub', 'def', 'cdn', 'fixed,def?batch=1', 'fixed,pub?batch=1'])
      expect(directives(await shop.send(path)).has('immutable')).toBe(false);
  });
});

test('A65: immutable without a lifetime for browsers is refused where it is written', () => {
  const { cached } = createCache({ scope: 'public' });
  expect(() => cached({ ttl: '1m', http: { immutable: true } as never })).toThrow(/immutable/);
});
