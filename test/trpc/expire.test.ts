import { TRPCError } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryStore } from '../../src/index.ts';
import { type Context, cacheOf, counter, deferred, errorOf, listen, t } from '../support/app.ts';
import { faultyStore, throwing } from '../support/stores.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

const open = (options: Parameters<typeof cacheOf>[0] = {}) => {
  const cache = cacheOf(options);
  const runs = { swr: counter(), sie: counter(), plain: counter() };
  let fails = false;
  const router = cache.register(
    t.router({
      swr: t.procedure.use(cache.cached({ ttl: '1h', staleWhileRevalidate: '1h', tags: ['shared'] })).query(runs.swr),
      sie: t.procedure.use(cache.cached({ ttl: '1h', staleIfError: '1h', tags: ['shared'] })).query((opts) => {
        if (fails) throw new TRPCError({ code: 'BAD_GATEWAY' });
        return runs.sie(opts);
      }),
      plain: t.procedure.use(cache.cached({ ttl: '1h', tags: ['shared'] })).query(runs.plain),
      touch: t.procedure
        .use(cache.invalidates('swr', 'sie', { tag: 'shared' }, { mode: 'expire' }))
        .mutation(() => 'touched'),
      drop: t.procedure.use(cache.invalidates({ targets: '*', mode: 'remove' })).mutation(() => 'dropped'),
    }),
  );
  const call = router.createCaller({});
  return { cache, call, runs, fail: () => (fails = true), stale: listen(cache, 'stale') };
};

describe("mode: 'expire'", () => {
  test('leaves an entry to its stale window: the old answer at once, the new one next', async () => {
    const { call, stale } = open();
    await call.swr();
    await call.touch();
    expect(await call.swr()).toBe(1);
    await vi.waitFor(async () => expect(await call.swr()).toBe(2));
    expect(stale).toHaveLength(1);
    await pass(3_000_000);
    expect(await call.swr()).toBe(2);
  });

  test('an entry with no window is gone, and one for errors stands in for errors alone', async () => {
    const { call, fail } = open();
    expect([await call.plain(), await call.sie()]).toEqual([1, 1]);
    await call.touch();
    expect([await call.plain(), await call.sie()]).toEqual([2, 2]);
    await call.touch();
    fail();
    expect(await call.sie()).toBe(2);
  });

  test('the window ends when it would have ended', async () => {
    const { call } = open();
    await call.swr();
    await call.touch();
    await pass(7_200_000);
    expect(await call.swr()).toBe(2);
  });

  test.each([
    ['before', ['drop', 'touch']],
    ['after', ['touch', 'drop']],
    ['between', ['touch', 'drop', 'touch']],
  ] as const)('what was removed %s it stays gone', async (_, order) => {
    const { call, stale } = open();
    await call.swr();
    for (const name of order) await call[name]();
    expect(await call.swr()).toBe(2);
    expect(stale).toEqual([]);
  });

  test('a fill under way when it came is dead on arrival, and who reads after it does not join it', async () => {
    const cache = cacheOf();
    const gates = [deferred<string>(), deferred<string>()];
    let runs = 0;
    const router = cache.register(
      t.router({
        one: t.procedure
          .use(cache.cached({ ttl: '1h', staleWhileRevalidate: '1h' }))
          .query(() => gates[runs++]?.promise),
      }),
    );
    const call = () => router.createCaller({}).one();
    const early = call();
    await vi.waitFor(() => expect(runs).toBe(1));
    await cache.invalidate('one', { mode: 'expire' });
    const late = call();
    await vi.waitFor(() => expect(runs).toBe(2));
    gates[1]?.resolve('new');
    expect(await late).toBe('new');
    gates[0]?.resolve('old');
    expect([await early, await call()]).toEqual(['old', 'new']);
  });

  test('works from outside, for everything, a scope, an input and a tag', async () => {
    for (const target of [
      '*',
      'swr',
      { scope: 'ann' },
      { path: 'swr', input: undefined },
      { tag: 'shared' },
    ] as const) {
      const { cache, call } = open({ scope: () => 'ann' });
      await call.swr();
      await cache.invalidate(target, { mode: 'expire' });
      expect(await call.swr()).toBe(1);
      await vi.waitFor(async () => expect(await call.swr()).toBe(2));
    }
  });

  test('another process of the store sees it as well', async () => {
    const store = memoryStore();
    const [one, two] = [open({ store }), open({ store })];
    await one.call.swr();
    await two.call.touch();
    expect(await one.call.swr()).toBe(1);
    expect(one.stale).toHaveLength(1);
  });

  test('one that the store refused is written as what it was; removed and expired, it is removed', async () => {
    const { store, fault } = faultyStore();
    const { cache, call, stale } = open({ store, namespace: 'test' });
    expect([await call.swr(), await call.sie()]).toEqual([1, 1]);
    fault('advance', throwing);
    await expect(cache.invalidate('swr', 'sie', { mode: 'expire' })).rejects.toMatchObject({
      code: 'NOT_ACKNOWLEDGED',
    });
    await expect(cache.invalidate('sie')).rejects.toMatchObject({ code: 'NOT_ACKNOWLEDGED' });
    await expect(cache.invalidate('sie', { mode: 'expire' })).rejects.toMatchObject({ code: 'NOT_ACKNOWLEDGED' });
    fault('advance');
    expect(await call.swr()).toBe(1);
    expect(stale).toHaveLength(1);
    const modes = store.advance.mock.calls.map((given) => (given as unknown[])[1] ?? 'remove');
    expect(modes.slice(-2)).toEqual(['remove', 'expire']);
  });

  test.each([
    [{ mode: 'soft' }, "mode: expected 'remove' or 'expire', received \"soft\""],
    [{ again: 'soon' }, 'again: '],
  ])('%j is refused, and nothing is written', async (options, message) => {
    const { store } = faultyStore();
    const cache = cacheOf({ store, namespace: 'test' });
    const outside = await errorOf(() => cache.invalidate('one', options as never));
    const inside = await errorOf(() => cache.invalidates('one', options as never));
    for (const error of [outside, inside]) expect(error.message).toContain(message);
    expect(store.advance).not.toHaveBeenCalled();
  });

  test('options alone are no target', async () => {
    const cache = cacheOf();
    expect(await errorOf(() => cache.invalidate({ mode: 'expire' } as never))).toMatchObject({
      code: 'INVALID_TARGET',
    });
    expect(await errorOf(() => cache.invalidates({ mode: 'expire' } as never))).toMatchObject({
      code: 'INVALID_TARGET',
    });
  });
});

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

describe('two caches on one store object, as two module graphs have them', () => {
  test('what the store refused of one is served by neither', async () => {
    const { store, fault } = faultyStore();
    const make = () => {
      const cache = cacheOf({ store, namespace: 'test' });
      let truth = 1;
      const one = cache.wrap('one', async () => truth, { ttl: '1h' });
      return { cache, one, write: (to: number) => void (truth = to) };
    };
    const [first, second] = [make(), make()];
    expect([await first.one(), await second.one()]).toEqual([1, 1]);
    for (const { write } of [first, second]) write(2);
    fault('advance', throwing);
    await expect(first.one.invalidate()).rejects.toMatchObject({ code: 'NOT_ACKNOWLEDGED' });
    expect([await first.one(), await second.one()]).toEqual([2, 2]);
    fault('advance');
    expect([await second.one(), await first.one()]).toEqual([2, 2]);
  });

  test('a store that cannot be written on is one for each', async () => {
    const { store } = faultyStore();
    const cache = cacheOf({ store: Object.freeze({ ...store }) as never, namespace: 'test' });
    expect(await cache.wrap('one', () => 1, { ttl: '1h' })()).toBe(1);
  });

  test('a store whose close() hangs does not hold cache.close()', async () => {
    const { store } = faultyStore();
    const cache = cacheOf({
      store: { ...store, close: () => new Promise<void>(() => {}) } as never,
      namespace: 'test',
    });
    let closed = false;
    void cache.close().then(() => (closed = true));
    await pass(1_100);
    expect(closed).toBe(true);
  });
});
