import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cacheOf, counter, errorOf, listen, t } from '../support/app.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A query that takes a second of the fake clock. */
const openSlow = (given: object) => {
  const cache = cacheOf();
  const run = counter();
  const resolve = vi.fn(async () => {
    vi.advanceTimersByTime(1_000);
    return run();
  });
  const router = cache.register(t.router({ one: t.procedure.use(cache.cached(given)).query(resolve) }));
  return {
    call: () => router.createCaller({}).one(),
    resolve,
    revalidated: listen(cache, 'revalidate'),
    filled: listen(cache, 'fill'),
  };
};

describe('jitter', () => {
  test.each([
    [0, 60_000],
    [0.5, 54_000],
    [1 - 2 ** -53, 48_000],
  ])('shortens a ttl by its share of chance: %d', async (chance, ttlMs) => {
    vi.spyOn(Math, 'random').mockReturnValue(chance);
    const { call, filled } = openSlow({ ttl: '1m', jitter: 0.2 });
    await call();
    expect(filled).toEqual([{ path: 'one', bytes: expect.any(Number), ttlMs, ranMs: expect.any(Number) }]);
  });

  test('never lengthens it, and leaves it alone where there is none', async () => {
    const cache = cacheOf();
    const filled = listen(cache, 'fill');
    const many = cache.wrap('many', (n: number) => n, { ttl: '1m', jitter: 0.9 });
    const exact = cache.wrap('exact', (n: number) => n, { ttl: '1m' });
    for (let n = 0; n < 200; n++) await many(n);
    expect(filled.every(({ ttlMs }) => ttlMs > 5_999 && ttlMs <= 60_000)).toBe(true);
    expect(new Set(filled.map(({ ttlMs }) => ttlMs)).size).toBeGreaterThan(100);
    filled.length = 0;
    await exact(1);
    expect(filled[0]?.ttlMs).toBe(60_000);
  });

  test.each([-0.1, 1, 2, Number.NaN, '10%'])('%j is refused at definition', async (jitter) => {
    expect(await errorOf(() => cacheOf().cached({ ttl: '1m', jitter: jitter as never }))).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('jitter: expected a share of ttl such as 0.1'),
    });
  });
});

describe('earlyRevalidation', () => {
  // A query of one second, β = 1: due when ln(chance) seconds before the end have begun.
  test.each([
    [57_000, 0.5, false],
    [59_000, 0.5, false],
    [59_400, 0.5, true],
    [57_000, 0.06, false],
    [57_000, 0.04, true],
    [10_000, 0.04, false],
  ])('at %d ms of 60,000, with the chance %d: %s', async (ms, chance, isDue) => {
    vi.spyOn(Math, 'random').mockReturnValue(chance);
    const { call, revalidated } = openSlow({ ttl: '1m', earlyRevalidation: true });
    await call();
    vi.advanceTimersByTime(ms);
    expect(await call()).toBe(1);
    expect(revalidated).toEqual(isDue ? [{ path: 'one', early: true }] : []);
  });

  test('a larger number begins earlier', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(Math.exp(-1));
    const [one, ten] = [1, 10].map((beta) => openSlow({ ttl: '1m', earlyRevalidation: beta }));
    for (const opened of [one, ten]) await opened?.call();
    vi.advanceTimersByTime(51_000);
    expect([await one?.call(), await ten?.call()]).toEqual([1, 1]);
    expect([one?.revalidated.length, ten?.revalidated.length]).toEqual([0, 1]);
  });

  test('the caller has its hit at once, and the next one the new answer', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const { call, resolve, filled } = openSlow({ ttl: '1m', earlyRevalidation: true });
    await call();
    vi.advanceTimersByTime(59_500);
    expect(await call()).toBe(1);
    await vi.waitFor(() => expect(filled).toHaveLength(2));
    expect(await call()).toBe(2);
    expect(resolve).toHaveBeenCalledTimes(2);
  });

  test('is off unless asked for, and needs no room in the entry then', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1e-12);
    const { call, revalidated } = openSlow({ ttl: '1m' });
    await call();
    vi.advanceTimersByTime(59_999);
    expect(await call()).toBe(1);
    expect(revalidated).toEqual([]);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 'yes'])('%j is refused at definition', async (early) => {
    expect(await errorOf(() => cacheOf().cached({ ttl: '1m', earlyRevalidation: early as never }))).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('earlyRevalidation: expected'),
    });
  });
});
