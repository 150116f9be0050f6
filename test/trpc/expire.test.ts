import { TRPCError } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryStore } from '../../src/index.ts';
import { cacheOf, counter, deferred, errorOf, listen, t } from '../support/app.ts';
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
