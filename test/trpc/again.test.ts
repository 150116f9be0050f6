import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Context, cacheOf, errorOf, listen, t } from '../support/app.ts';
import { faultyStore, throwing } from '../support/stores.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('again', () => {
  /** A query that reads a replica of the database which lags two seconds behind. */
  const openLagging = (again: '2.5s' | undefined) => {
    const given: Promise<unknown>[] = [];
    const { store, fault } = faultyStore();
    const cache = cacheOf({ store, namespace: 'test', waitUntil: (promise) => void given.push(promise) });
    let replica = 'old';
    const write = (value: string) => void setTimeout(() => (replica = value), 2_000);
    const router = cache.register(
      t.router({
        read: t.procedure.use(cache.cached('1h')).query(() => replica),
        write: t.procedure
          .use(cache.invalidates('read', again === undefined ? { on: 'success' } : { again }))
          .mutation(() => write('new')),
      }),
    );
    return { cache, call: router.createCaller({} as Context), given, fault, invalidated: listen(cache, 'invalidate') };
  };

  test('what a lagging replica gave right after the write goes, too', async () => {
    const { call, invalidated } = openLagging('2.5s');
    await call.write();
    expect(await call.read()).toBe('old'); // read from the replica, and stored
    await pass(2_400);
    expect(await call.read()).toBe('old');
    await pass(200);
    expect(await call.read()).toBe('new');
    expect(invalidated).toEqual([
      { targets: ['read'], acknowledged: true },
      { targets: ['read'], acknowledged: true },
    ]);
  });

  test('without it the old answer would stay', async () => {
    const { call } = openLagging(undefined);
    await call.write();
    await call.read();
    await pass(5_000);
    expect(await call.read()).toBe('old');
  });

  test('waitUntil keeps the second one alive', async () => {
    const { call, given, invalidated } = openLagging('2.5s');
    await call.write();
    expect(given.length).toBeGreaterThan(0);
    let done = false;
    void Promise.all(given).then(() => (done = true));
    await pass(2_400);
    expect(done).toBe(false);
    await pass(200);
    expect([done, invalidated.length]).toEqual([true, 2]);
  });

  test('a second one that the store refuses is kept, and written before the next read is trusted', async () => {
    const { call, fault, invalidated } = openLagging('2.5s');
    await call.write();
    await call.read();
    fault('advance', throwing);
    await pass(2_600);
    expect(invalidated.at(-1)).toMatchObject({ acknowledged: false });
    fault('advance');
    expect(await call.read()).toBe('new');
  });

  test('close() does at once what was to be done later', async () => {
    const { cache, call, invalidated } = openLagging('2.5s');
    await call.write();
    await cache.close();
    expect(invalidated).toHaveLength(2);
    await pass(10_000);
    expect(invalidated).toHaveLength(2);
  });

  test('it works from outside, too', async () => {
    const { cache, invalidated } = openLagging(undefined);
    await cache.invalidate('read', { again: '1s' });
    await pass(1_001);
    expect(invalidated).toHaveLength(2);
  });

  test('a thousand mutations a second cost ten writes more, and the memory of as many', async () => {
    const { store } = faultyStore();
    const cache = cacheOf({ store, namespace: 'test' });
    for (let n = 0; n < 1_000; n++) {
      await cache.invalidate({ tag: `row:${n % 7}` }, { again: '2s' });
      vi.advanceTimersByTime(1);
    }
    expect(vi.getTimerCount()).toBeLessThan(20);
    store.advance.mockClear();
    await pass(3_000);
    expect(store.advance.mock.calls.length).toBeLessThanOrEqual(11);
    expect(new Set(store.advance.mock.calls.flatMap(([epochs]) => epochs as string[])).size).toBe(8); // seven tags, and their guard
    expect(vi.getTimerCount()).toBe(0);
  });

  test('more at once than may wait become everything', async () => {
    const { store } = faultyStore();
    const cache = cacheOf({ store, namespace: 'test' });
    await Promise.all(Array.from({ length: 1_200 }, (_, n) => cache.invalidate({ tag: `row:${n}` }, { again: '2s' })));
    store.advance.mockClear();
    await pass(3_000);
    expect(store.advance.mock.calls.map(([epochs]) => epochs)).toEqual([['test:e:all']]);
  });

  test.each(['25d', 3_000_000])('a time that no timer can hold is refused: %s', async (again) => {
    const error = await errorOf(() => cacheOf().invalidate('one', { again: again as never }));
    expect(error).toMatchObject({ code: 'INVALID_DURATION', message: expect.stringContaining('at most 24 days') });
    expect(await errorOf(() => cacheOf({ timeouts: { join: again as never } }))).toMatchObject({
      code: 'INVALID_DURATION',
    });
  });
});
