import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { memoryStore, type Store } from '../../src/index.ts';
import { cacheOf, deferred, listen, t } from '../support/app.ts';
import { faultyStore } from '../support/stores.ts';
import { all, openStream, pair } from '../support/streams.ts';

afterEach(() => void vi.useRealTimers());

/** Whether the last lookup was to be exact. */
const lastExact = ({ lookup }: ReturnType<typeof faultyStore>['store']): boolean =>
  lookup.mock.calls.slice(-1).some(([request]) => (request as { exact?: boolean }).exact === true);

describe('what a stream says of itself after its first item', () => {
  test.each(['registered', 'unregistered'])('noStore: nothing is kept (%s)', async (way) => {
    const cache = cacheOf();
    let runs = 0;
    const list = t.procedure.use(cache.cached({ ttl: '1m', collect: {} })).query(async function* (opts) {
      yield ++runs;
      cache.control(opts).noStore();
    });
    const router = t.router({ list });
    if (way === 'registered') cache.register(router);
    const caller = router.createCaller({});
    expect([await all(await caller.list()), await all(await caller.list())]).toEqual([[1], [2]]);
  });

  test('tag: an invalidation of it counts, also one that comes before the end', async () => {
    const opened = openStream(async function* (opts, run) {
      yield run;
      opened.cache.control(opts).tag('late');
      yield run;
    });
    await all(await opened.call());
    expect(await all(await opened.call())).toEqual([1, 1]);
    await opened.cache.invalidate({ tag: 'late' });
    const stream = await opened.call();
    expect((await stream.next()).value).toBe(2);
    await opened.cache.invalidate({ tag: 'late' });
    await all(stream);
    expect(await all(await opened.call())).toEqual([3, 3]);
  });

  test('ttl: it is fresh for so long', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const opened = openStream(async function* (opts, run) {
      yield run;
      opened.cache.control(opts).ttl('1h');
    });
    await all(await opened.call());
    vi.setSystemTime(Date.now() + 3_599_000);
    expect(await all(await opened.call())).toEqual([1]);
    vi.setSystemTime(Date.now() + 2_000);
    expect(await all(await opened.call())).toEqual([2]);
  });

  test('a ttl of the output is asked with the list of its items', async () => {
    const ttl = vi.fn((_: { output: unknown }) => '1m' as const);
    const { call, runs } = openStream(pair, { ttl });
    await all(await call());
    await all(await call());
    expect([runs(), ttl.mock.calls.map(([{ output }]) => output)]).toEqual([1, [['1a', '1b']]]);
  });
});

describe('a stream that has expired', () => {
  const later = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1_000);

  test('is replayed at once, and the new one is read to its end behind it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const gate = deferred();
    const made = async function* (opts: unknown, run: number) {
      yield* pair(opts, run);
      if (run === 2) await gate.promise;
    };
    const { call, runs, filled, cache } = openStream(made, { staleWhileRevalidate: '1h' });
    const stale = listen(cache, 'stale');
    await all(await call());
    later(61);
    for (let times = 0; times < 3; times++) expect(await all(await call())).toEqual(['1a', '1b']);
    expect([runs(), stale.length]).toEqual([2, 3]);
    gate.resolve();
    await vi.waitFor(() => expect(filled).toHaveLength(2));
    expect(await all(await call())).toEqual(['2a', '2b']);
    expect(runs()).toBe(2);
  });

  test.each([
    ['that hangs', 'late', () => new Promise<never>(() => {})],
    ['that fails', 'error', () => Promise.reject(new Error('down'))],
  ])('stays where it is while the new one is one %s', async (_, reason, middle) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const signals: AbortSignal[] = [];
    const { call, cache } = openStream(
      async function* (opts, run) {
        yield run;
        signals.push(opts.signal);
        if (run > 1) await middle();
      },
      { staleWhileRevalidate: '1h' },
      { timeouts: { revalidate: '20ms' } },
    );
    const errors = listen(cache, 'error');
    const skipped = listen(cache, 'skip');
    await all(await call());
    later(61);
    expect(await all(await call())).toEqual([1]);
    await vi.waitFor(() => expect(errors).toMatchObject([{ operation: 'revalidate' }]));
    await vi.waitFor(() => expect(skipped).toMatchObject([{ reason }]));
    expect(await all(await call())).toEqual([1]);
  });

  test('is over when the new one is too long to be kept, and that one is closed', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const closed = deferred();
    const { call } = openStream(
      async function* (_, run) {
        try {
          yield run;
          for (let item = 1; run > 1; item++) yield item;
        } finally {
          if (run === 2) closed.resolve();
        }
      },
      { staleWhileRevalidate: '1h', collect: { maxItems: 3 } },
    );
    await all(await call());
    later(61);
    expect(await all(await call())).toEqual([1]);
    await closed.promise;
    expect((await (await call()).next()).value).toBe(3);
  });
});

test('with an async context, it is known which reads are those of the stream, after each of its items', async () => {
  const { store } = faultyStore();
  const exact = () => lastExact(store);
  const cache = cacheOf({ store, namespace: 'test', asyncContext: new AsyncLocalStorage() });
  const inner = t.procedure.use(cache.cached('1m')).query(() => 'inner');
  const seen: boolean[] = [];
  const outer = t.procedure.use(cache.cached({ ttl: '1m', collect: {} })).query(async function* ({ ctx }) {
    for (let item = 1; item <= 2; item++) {
      await t.router({ inner }).createCaller(ctx).inner();
      seen.push(exact());
      yield item;
    }
  });
  const caller = cache.register(t.router({ outer, inner })).createCaller({});
  for await (const _ of await caller.outer()) {
    await caller.inner();
    seen.push(exact());
  }
  expect(seen).toEqual([true, false, true, false]);
});

test('processes that share a store do not wait for the stream of each other, whatever coalesce says', async () => {
  const inner = memoryStore();
  const { store } = faultyStore({ inner });
  const leasing = { ...store, lease: inner.lease, release: inner.release } as Store;
  const gate = deferred();
  const make = async function* (_: unknown, run: number) {
    yield run;
    await gate.promise;
  };
  const settings = { store: leasing, namespace: 'test', coalesce: 'store' } as const;
  const [one, two] = [openStream(make, {}, settings), openStream(make, {}, settings)];
  const streams = [await one.call(), await two.call()];
  for (const stream of streams) expect((await stream.next()).value).toBe(1);
  gate.resolve();
  await Promise.all(streams.map(all));
  expect(await all(await two.call())).toEqual([1]);
  expect([one.runs(), two.runs()]).toEqual([1, 1]);
});

test('what a stream reads while it is made is asked of the store itself, until it has ended', async () => {
  const { store } = faultyStore();
  const exact = () => lastExact(store);
  const cache = cacheOf({ store, namespace: 'test' });
  const inner = t.procedure.use(cache.cached('1m')).query(() => 'inner');
  const reading = t.router({ inner });
  const outer = t.procedure.use(cache.cached({ ttl: '1m', collect: {} })).query(async function* ({ ctx }) {
    yield 1;
    yield await reading.createCaller(ctx).inner();
  });
  const caller = cache.register(t.router({ outer, inner })).createCaller({});
  const stream = await caller.outer();
  await caller.inner();
  expect(exact()).toBe(false);
  await stream.next();
  await caller.inner();
  expect(exact()).toBe(true);
  await all(stream);
  await caller.inner();
  expect(exact()).toBe(false);
});
