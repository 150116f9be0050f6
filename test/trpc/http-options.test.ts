import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CachedOptions, HttpOptions } from '../../src/index.ts';
import { cacheOf, contextOf, counter, errorOf, requester, t } from '../support/app.ts';
import { adapters } from '../support/http-adapters.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) }));
afterEach(() => void vi.useRealTimers());
const pass = (seconds: number) => void vi.setSystemTime(Date.now() + seconds * 1_000);

describe.each(adapters)('options over $name', (adapter) => {
  const open = async (http: HttpOptions, given: CachedOptions<any, any> = {}, more: object = {}) => {
    const cache = cacheOf({ http });
    const run = counter();
    const options = { ttl: '1m', http: { browser: '1m', cdn: '1m' }, ...given } as const;
    const router = t.router({ pub: t.procedure.use(cache.cached(options)).query(run) });
    const request = await requester(cache.http({ router, createContext: contextOf, ...more }) as never, adapter);
    const get = (headers: Record<string, string> = {}) => request('pub', { headers });
    return { cache, run, get, request };
  };

  describe('cacheStatus', () => {
    const read = async ({ get }: Awaited<ReturnType<typeof open>>, headers = {}) =>
      (await get(headers)).headers.get('cache-status');

    test('A49, A50, A52: a miss, then a hit with what is left, and no key', async () => {
      const opened = await open({ cacheStatus: 'trpc-cached' });
      expect(await read(opened)).toBe('trpc-cached; fwd=miss; stored');
      pass(20);
      expect(await read(opened)).toBe('trpc-cached; hit; ttl=40');
    });

    test('A51: a stale answer is a hit whose time is over', async () => {
      const opened = await open({ cacheStatus: 'trpc-cached' }, { staleWhileRevalidate: '30s' });
      await read(opened);
      pass(75);
      expect(await read(opened)).toBe('trpc-cached; hit; ttl=-15');
    });

    test('RFC 9211 section 2.2: what stands in for a failure was forwarded, and the answer behind it was not', async () => {
      const opened = await open({ cacheStatus: 'c' }, { staleWhileRevalidate: '5s', staleIfError: '30s' });
      await read(opened);
      opened.run.mockImplementation(() => {
        throw new Error('the database is gone');
      });
      pass(62);
      expect(await read(opened)).toBe('c; hit; ttl=-2');
      pass(13);
      const inPlace = await opened.get();
      expect([inPlace.headers.get('x-cache'), inPlace.headers.get('cache-status')]).toEqual(['STALE', 'c; fwd=stale']);
      expect(inPlace.headers.get('cache-control')).toBe('public, max-age=0');
    });

    test('a 304 from the cache is a hit', async () => {
      const opened = await open({ cacheStatus: 'trpc-cached' });
      const etag = (await opened.get()).headers.get('etag') ?? '';
      expect(await read(opened, { 'if-none-match': etag })).toBe('trpc-cached; hit; ttl=60');
    });

    test('caches nearer to the origin come first', async () => {
      const responseMeta = () => ({ headers: new Headers({ 'cache-status': 'inner; hit' }) });
      expect(await read(await open({ cacheStatus: 'outer' }, {}, { responseMeta }))).toBe(
        'inner; hit, outer; fwd=miss; stored',
      );
    });

    test('is off unless asked for', async () => {
      expect(await read(await open({}))).toBeNull();
    });
  });

  describe('requestDirectives', () => {
    test.each(['no-cache', 'no-store', 'max-age=0', 'min-fresh=9999', 'only-if-cached'])(
      'A53, A54: %s changes nothing by default',
      async (directive) => {
        const { get, run } = await open({});
        for (let times = 0; times < 5; times++) {
          expect((await get({ 'cache-control': directive, pragma: 'no-cache' })).status).toBe(200);
        }
        expect(run).toHaveBeenCalledTimes(1);
      },
    );

    test('A55: honoured, no-cache runs again and replaces the entry for everybody', async () => {
      const { get, run } = await open({ requestDirectives: 'honor', cacheStatus: 'c' });
      await get();
      const forced = await get({ 'cache-control': 'no-cache' });
      expect([forced.headers.get('x-cache'), forced.headers.get('cache-status')]).toEqual([
        'MISS',
        'c; fwd=request; stored',
      ]);
      const plain = await get();
      expect([plain.headers.get('x-cache'), plain.body]).toEqual(['HIT', forced.body]);
      expect(run).toHaveBeenCalledTimes(2);
    });

    test('A56: honoured, only-if-cached is a 504 of tRPC when nothing is stored, and runs nothing', async () => {
      const { get, run } = await open({ requestDirectives: 'honor' });
      const cold = await get({ 'cache-control': 'only-if-cached' });
      expect([cold.status, cold.headers.get('cache-control')]).toEqual([504, 'no-store']);
      expect(JSON.parse(cold.body).error.data.code).toBe('GATEWAY_TIMEOUT');
      expect(run).not.toHaveBeenCalled();
      await get();
      const warm = await get({ 'cache-control': 'only-if-cached' });
      expect([warm.status, warm.headers.get('x-cache')]).toEqual([200, 'HIT']);
    });

    test('honoured, they count for a query with http: false, too', async () => {
      const { get, run } = await open({ requestDirectives: 'honor' }, { http: false });
      expect((await get({ 'cache-control': 'only-if-cached' })).status).toBe(504);
      await get();
      expect((await get({ 'cache-control': 'only-if-cached' })).status).toBe(200);
      await get({ 'cache-control': 'no-cache' });
      expect(run).toHaveBeenCalledTimes(2);
    });

    test.each([
      ['max-age=30', 20, 'HIT'],
      ['max-age=10', 20, 'MISS'],
      ['min-fresh=30', 20, 'HIT'],
      ['min-fresh=50', 20, 'MISS'],
      ['max-stale=20', 75, 'MISS'],
    ])('honoured, %s of an answer of %d s is a %s', async (directive, age, expected) => {
      const { get } = await open({ requestDirectives: 'honor' });
      await get();
      pass(age);
      expect((await get({ 'cache-control': directive })).headers.get('x-cache')).toBe(expected);
    });

    test('honoured, max-stale reaches as far as the store keeps the entry, and no further', async () => {
      const { get } = await open({ requestDirectives: 'honor' }, { staleIfError: '1h' });
      await get();
      pass(75);
      expect((await get({ 'cache-control': 'max-stale=10' })).headers.get('x-cache')).toBe('MISS');
      pass(75);
      const stale = await get({ 'cache-control': 'max-stale=20' });
      expect([stale.headers.get('x-cache'), stale.headers.get('cache-control')]).toEqual([
        'STALE',
        'public, max-age=0',
      ]);
    });

    test('honoured, no-store takes what is stored and stores nothing new', async () => {
      const { get, run } = await open({ requestDirectives: 'honor' });
      const cold = await get({ 'cache-control': 'no-store' });
      expect([cold.headers.get('x-cache'), cold.headers.get('cache-control')]).toEqual(['MISS', 'no-store']);
      expect((await get()).headers.get('x-cache')).toBe('MISS');
      const warm = await get({ 'cache-control': 'no-store' });
      expect([warm.headers.get('x-cache'), warm.headers.get('cache-control')]).toEqual(['HIT', 'public, max-age=60']);
      expect(run).toHaveBeenCalledTimes(2);
    });

    test('a predicate says whose directives count; one that throws says nobody’s', async () => {
      const admins = await open({ requestDirectives: ({ ctx }) => ctx.user.id === 'admin' });
      const noCache = { 'cache-control': 'no-cache' };
      await admins.get();
      expect((await admins.get({ ...noCache, 'x-user': 'ann' })).headers.get('x-cache')).toBe('HIT');
      expect((await admins.get({ ...noCache, 'x-user': 'admin' })).headers.get('x-cache')).toBe('MISS');
      expect((await admins.get(noCache)).headers.get('x-cache')).toBe('HIT'); // nobody is signed in: it throws
    });

    test('A57: If-None-Match is looked at, whatever the directives', async () => {
      for (const requestDirectives of ['ignore', 'honor'] as const) {
        const cache = cacheOf({ http: { requestDirectives } });
        const router = t.router({ pub: t.procedure.use(cache.cached('1m')).query(() => 'same') });
        const request = await requester(cache.http({ router, createContext: contextOf }), adapter);
        const etag = (await request('pub')).headers.get('etag') ?? '';
        const reply = await request('pub', { headers: { 'cache-control': 'no-cache', 'if-none-match': etag } });
        expect(reply.status).toBe(304);
      }
    });
  });

  test('age: whole lifetimes with Age, which together are what is left; absent on a miss, present on a 304', async () => {
    const { get } = await open({ age: true });
    const cold = await get();
    expect([cold.headers.get('age'), cold.headers.get('cache-control')]).toEqual([null, 'public, max-age=60']);
    const etag = cold.headers.get('etag') ?? '';
    expect((await get({ 'if-none-match': etag })).headers.get('age')).toBe('0');
    pass(20);
    const warm = await get();
    expect([warm.headers.get('age'), warm.headers.get('cache-control')]).toEqual(['20', 'public, max-age=60']);
    const held = await get({ 'if-none-match': etag });
    expect([held.status, held.headers.get('age'), held.headers.get('cache-control')]).toEqual([
      304,
      '20',
      'public, max-age=60',
    ]);
  });

  test('age: what is stale says max-age=0 and nothing lasting, with the age it has', async () => {
    const lasting = { browser: '1m', cdn: '1m', immutable: true } as const;
    const { get, run } = await open({ age: true }, { staleWhileRevalidate: '30s', http: lasting });
    const etag = (await get()).headers.get('etag') ?? '';
    run.mockImplementation(() => new Promise(() => {}) as never);
    pass(75);
    for (const reply of [await get(), await get({ 'if-none-match': etag })]) {
      expect(reply.headers.get('cache-control')).toBe('public, max-age=0');
      expect(reply.headers.get('cdn-cache-control')).toBe('max-age=0');
      expect(reply.headers.get('age')).toBe('75');
    }
  });

  test('strongEtag: a strong tag, matched in either form', async () => {
    const { get } = await open({ strongEtag: true });
    const etag = (await get()).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\x21\x23-\x5b\x5d-\x7e]{16,}"$/);
    for (const named of [etag, `W/${etag}`]) expect((await get({ 'if-none-match': named })).status).toBe(304);
  });

  test('encodingSuffixes: a tag that a compressing server renamed is known, and sent back by that name', async () => {
    const { get } = await open({ encodingSuffixes: true });
    const etag = (await get()).headers.get('etag') ?? '';
    for (const suffix of ['-gzip', '--gzip', '-br']) {
      const renamed = etag.replace(/"$/, `${suffix}"`);
      for (const named of [renamed, renamed.replace('W/', '')]) {
        const reply = await get({ 'if-none-match': `"other", ${named}` });
        expect([reply.status, reply.headers.get('etag')]).toEqual([304, named]);
      }
    }
    for (const wrong of [etag.replace(/"$/, '-lzma"'), '"-gzip"', 'W/"-gzip"', etag.replace(/.-?"$/, '-gzip"')]) {
      expect((await get({ 'if-none-match': wrong })).status).toBe(200);
    }
    expect((await get({ 'if-none-match': etag })).headers.get('etag')).toBe(etag);
  });

  test('without encodingSuffixes a renamed tag is another tag', async () => {
    const { get } = await open({});
    const etag = (await get()).headers.get('etag') ?? '';
    expect((await get({ 'if-none-match': etag.replace(/"$/, '-gzip"') })).status).toBe(200);
  });
});

test.each([
  [{ cacheStatus: '' }, /http\.cacheStatus: expected the name/],
  [{ cacheStatus: 'caché' }, /http\.cacheStatus/],
  [{ requestDirectives: 'honour' }, /http\.requestDirectives: expected 'ignore', 'honor' or a predicate/],
  [{ age: 'yes' }, /http\.age: expected a boolean/],
  [{ strongEtag: 1 }, /http\.strongEtag: expected a boolean/],
  [{ allowAuthorization: 'yes' }, /http\.allowAuthorization: expected a boolean/],
  [{ encodingSuffixes: ['a"b'] }, /http\.encodingSuffixes: expected true, false or suffixes/],
  [{ encodings: true }, /http: unknown option "encodings"/],
])('%j is refused when the cache is made', async (http, message) => {
  expect((await errorOf(() => cacheOf({ http: http as never }))).message).toMatch(message);
});
