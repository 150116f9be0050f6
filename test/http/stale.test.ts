import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cacheControlHeaders, combineLifetimes, type Lifetime } from '../../src/http/cache-control.ts';
import type { CachedOptions } from '../../src/index.ts';
import { cacheOf, contextOf, counter, requester, t } from '../support/app.ts';

const headers = (lifetime: Partial<Lifetime>) =>
  cacheControlHeaders({ shared: false, browserSeconds: undefined, cdnSeconds: undefined, ...lifetime });

describe('stale-while-revalidate as a directive', () => {
  test.each([
    ['a browser', { browserSeconds: 60 }, { 'cache-control': 'private, max-age=60, stale-while-revalidate=30' }],
    [
      'all alike',
      { shared: true, browserSeconds: 60, cdnSeconds: 60 },
      {
        'cache-control': 'public, max-age=60, stale-while-revalidate=30',
        'cdn-cache-control': 'max-age=60, stale-while-revalidate=30',
      },
    ],
    [
      'a CDN with a longer lifetime',
      { shared: true, browserSeconds: 60, cdnSeconds: 300 },
      {
        'cache-control': 'public, max-age=60, stale-while-revalidate=30',
        'cdn-cache-control': 'max-age=300, stale-while-revalidate=30',
      },
    ],
    [
      'A63: a CDN with a shorter lifetime, where s-maxage forbids it',
      { shared: true, browserSeconds: 300, cdnSeconds: 60 },
      {
        'cache-control': 'public, max-age=300, s-maxage=60',
        'cdn-cache-control': 'max-age=60, stale-while-revalidate=30',
      },
    ],
    [
      'A27: a CDN alone, where the browser revalidates always',
      { shared: true, cdnSeconds: 300 },
      { 'cache-control': 'public, no-cache', 'cdn-cache-control': 'max-age=300, stale-while-revalidate=30' },
    ],
    ['A27: nobody, where all revalidate always', {}, { 'cache-control': 'private, no-cache' }],
    ['nobody, once no time is left', { browserSeconds: 0 }, { 'cache-control': 'private, max-age=0' }],
    ['nobody, under no-store', { browserSeconds: 60, noStore: true }, { 'cache-control': 'no-store' }],
  ])('tells %s', (_, lifetime, expected) => {
    expect(headers({ ...lifetime, staleSeconds: 30 })).toEqual(expected);
  });

  test('of a batch it is the shortest, and none if one call has none', () => {
    const call = (staleSeconds?: number): Lifetime => ({
      shared: false,
      browserSeconds: 60,
      cdnSeconds: undefined,
      ...(staleSeconds !== undefined && { staleSeconds }),
    });
    expect(combineLifetimes([call(30), call(10), call(20)]).staleSeconds).toBe(10);
    expect(combineLifetimes([call(30), call()])).not.toHaveProperty('staleSeconds');
  });
});

describe('the window of an entry over HTTP', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  const open = async (given: CachedOptions<any, any>) => {
    const cache = cacheOf();
    const router = t.router({ swr: t.procedure.use(cache.cached(given)).query(counter()) });
    const request = await requester(cache.http({ router, createContext: contextOf }));
    const start = Date.now();
    return async (seconds: number) => {
      vi.setSystemTime(start + seconds * 1_000);
      const reply = await request('swr');
      return `${reply.headers.get('x-cache')} ${reply.headers.get('cache-control')}`;
    };
  };

  test('is shared with everybody downstream: lifetime and window together never end after it', async () => {
    const at = await open({
      ttl: '1m',
      staleWhileRevalidate: '30s',
      http: { browser: '1m', staleWhileRevalidate: '20s' },
    });
    expect(await at(0)).toBe('MISS private, max-age=60, stale-while-revalidate=20');
    expect(await at(40)).toBe('HIT private, max-age=20, stale-while-revalidate=20');
    expect(await at(75)).toBe('STALE private, max-age=0');
  });

  test('A25: after it the caller waits for a new answer with its whole life', async () => {
    const at = await open({ ttl: '1m', staleWhileRevalidate: '30s', http: { browser: '1m' } });
    await at(0);
    expect(await at(95)).toBe('MISS private, max-age=60');
  });

  test('is not told unless asked for', async () => {
    const at = await open({ ttl: '1m', staleWhileRevalidate: '30s', http: { browser: '1m' } });
    expect(await at(0)).toBe('MISS private, max-age=60');
  });
});
