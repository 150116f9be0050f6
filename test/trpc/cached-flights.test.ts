import { TRPCError } from '@trpc/server';
import superjson from 'superjson';
import { describe, expect, test, vi } from 'vitest';
import { memoryStore } from '../../src/index.ts';
import { ann, bob, type Context, cacheOf, counter, deferred, listen, t } from '../support/app.ts';
import { faultyStore, hanging, throwing } from '../support/stores.ts';

/** One slow query: each run waits for its own gate. */
const openSlow = (options: Parameters<typeof cacheOf>[0] = {}) => {
  const cache = cacheOf({ namespace: 'test', ...options });
  const gates = Array.from({ length: 4 }, () => deferred<unknown>());
  let runs = 0;
  const run = vi.fn(async (_opts: unknown) => {
    const gate = gates[runs++];
    return (await gate?.promise) ?? runs;
  });
  const router = cache.register(t.router({ one: t.procedure.use(cache.cached('1h')).query(run) }));
  const call = (ctx: Context = {}, options = {}) => router.createCaller(ctx, options).one();
  const started = (count: number) => expect.poll(() => run.mock.calls.length).toBe(count);
  return { cache, gates, run, call, started, skipped: listen(cache, 'skip'), bypassed: listen(cache, 'bypass') };
};

describe('who shares a run', () => {
  test.each([
    ['a store in the process', () => memoryStore()],
    ['a remote store', () => faultyStore().store],
  ])('equal calls at the same time do, on %s', async (_, store) => {
    const { cache, gates, run, call } = openSlow({ store: store() });
    const missed = listen(cache, 'miss');
    const calls = Promise.all([call(ann), call(bob), call()]);
    gates[0]!.resolve('x');
    expect(await calls).toEqual(['x', 'x', 'x']);
    expect(run).toHaveBeenCalledTimes(1);
    expect(missed.map(({ coalesced }) => coalesced).sort()).toEqual([false, true, true]);
  });

  test('nobody joins a flight whose answer has expired while it was being stored', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] });
    try {
      const { store, fault } = faultyStore();
      const storing = deferred();
      fault('fill', (answer) => storing.promise.then(answer));
      const cache = cacheOf({ store, namespace: 'test', timeouts: { read: '1h' } });
      const run = counter();
      const router = cache.register(t.router({ one: t.procedure.use(cache.cached('1m')).query(run) }));
      const call = () => router.createCaller({}).one();
      const first = call();
      await vi.waitFor(() => expect(store.fill).toHaveBeenCalled());
      vi.advanceTimersByTime(59_000);
      const joining = call();
      await vi.advanceTimersByTimeAsync(10);
      vi.advanceTimersByTime(2_000);
      const late = Promise.all([call(), call()]);
      await vi.advanceTimersByTimeAsync(10);
      storing.resolve();
      expect([await first, await joining, await late]).toEqual([1, 1, [2, 2]]);
      expect(run).toHaveBeenCalledTimes(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('each gets an object of its own', async () => {
    const { gates, call } = openSlow();
    const calls = Promise.all([call(), call(), call()]);
    gates[0]!.resolve({ rows: [] });
    const [first, second, third] = await calls;
    expect(first).toEqual(second);
    expect(new Set([first, second, third]).size).toBe(3);
  });

  test('who looked up after an invalidation does not join a run that began before it', async () => {
    const { cache, gates, call, started } = openSlow();
    const early = call();
    await started(1);
    await cache.invalidate('one');
    const late = call();
    await started(2);
    gates[1]!.resolve('new');
    expect(await late).toBe('new');
    gates[0]!.resolve('old');
    expect([await early, await call()]).toEqual(['old', 'new']);
  });

  test.each([
    ['fails', throwing],
    ['is late', hanging],
    ['gives part of the ids', (answer: () => any) => ({ ...answer(), ids: answer().ids.with(1, undefined) })],
    ['gives no ids', () => ({ ids: [], entry: undefined, own: [] })],
    ['gives garbage', () => 'OK'],
  ])('who has a lookup that %s runs itself, joins nobody and stores nothing', async (_, as) => {
    const { store, fault, filled } = faultyStore();
    const { gates, call, started, bypassed } = openSlow({ store, timeouts: { read: '40ms' } });
    const leading = call();
    await started(1);
    fault('lookup', as);
    const alone = call();
    await started(2);
    gates[1]!.resolve('alone');
    expect(await alone).toBe('alone');
    expect(bypassed).toEqual([{ path: 'one', reason: 'store' }]);
    expect(filled()).toEqual([]);
    gates[0]!.resolve('led');
    expect(await leading).toBe('led');
  });

  test('who waits too long for the run of another one runs itself, and so does who comes later', async () => {
    const { gates, call, started } = openSlow({ timeouts: { join: '20ms' } });
    const leading = call();
    await started(1);
    const waiting = call();
    await started(2);
    gates[1]!.resolve('own');
    expect([await waiting, await call()]).toEqual(['own', 'own']);
    gates[0]!.resolve('late');
    expect(await leading).toBe('late');
  });

  test.each(['UNAUTHORIZED', 'FORBIDDEN', 'TOO_MANY_REQUESTS', 'CLIENT_CLOSED_REQUEST'] as const)(
    'a leader that fails with %s fails for itself: who waited runs',
    async (code) => {
      const { gates, call, started } = openSlow();
      const leading = call(ann);
      await started(1);
      const waiting = call(bob);
      gates[0]!.reject(new TRPCError({ code }));
      await expect(leading).rejects.toMatchObject({ code });
      await started(2);
      gates[1]!.resolve('own');
      expect(await waiting).toBe('own');
    },
  );

  test('a leader whose caller went away fails for itself: who waited runs', async () => {
    const { gates, call, started } = openSlow();
    const gone = new AbortController();
    const leading = call(ann, { signal: gone.signal });
    await started(1);
    const waiting = call(bob);
    gone.abort();
    gates[0]!.reject(gone.signal.reason);
    await expect(leading).rejects.toThrow();
    await started(2);
    gates[1]!.resolve('own');
    expect(await waiting).toBe('own');
  });

  test('what a leader says not to store is its own: who waited runs', async () => {
    const gate = deferred();
    const cache = cacheOf();
    const run = counter();
    const one = t.procedure.use(cache.cached('1h')).query(async (opts) => {
      await gate.promise;
      cache.control(opts).noStore();
      return run();
    });
    const caller = cache.register(t.router({ one })).createCaller({});
    const calls = Promise.all([caller.one(), caller.one(), caller.one()]);
    gate.resolve();
    expect((await calls).sort()).toEqual([1, 2, 3]);
  });

  test('of those who waited for such a leader one runs for all', async () => {
    const { gates, call, run, started } = openSlow();
    const leading = call();
    await started(1);
    const waiting = Promise.all([call(), call(), call()]);
    gates[0]!.reject(new TRPCError({ code: 'FORBIDDEN' }));
    await expect(leading).rejects.toThrow();
    await started(2);
    gates[1]!.resolve('x');
    expect(await waiting).toEqual(['x', 'x', 'x']);
    expect(run).toHaveBeenCalledTimes(2);
  });
});

describe('epochs', () => {
  test('missing ones are planted in the lookup, before the procedure runs, and never by the fill', async () => {
    const { store, fault } = faultyStore();
    const { call, run, skipped } = openSlow({ store });
    run.mockImplementation(async () => {
      expect(store.lookup).toHaveBeenCalledTimes(1);
      const [planted] = await Promise.all(store.lookup.mock.results.map(({ value }) => value as Promise<any>));
      expect(planted.ids.every((id: unknown) => typeof id === 'string')).toBe(true);
      return 1;
    });
    const empty = memoryStore();
    fault('fill', () => empty.fill(store.fill.mock.lastCall?.[0] as never)); // as if every epoch had been evicted
    expect(await call()).toBe(1);
    expect(skipped).toEqual([{ path: 'one', reason: 'invalidated' }]);
  });

  test('an evicted one makes misses, never old answers', async () => {
    const store = memoryStore({ maxEpochs: 30 });
    const cache = cacheOf({ store });
    let data = 'old';
    const router = cache.register(t.router({ one: t.procedure.use(cache.cached('1h')).query(() => data) }));
    const read = () => router.createCaller({}).one();
    expect(await read()).toBe('old');
    data = 'new';
    expect(await read()).toBe('old');
    await cache.invalidate('one');
    for (let tag = 0; tag < 30; tag++) await cache.invalidate({ tag: `${tag}` }); // nobody remembers the invalidation
    expect(await read()).toBe('new');
  });

  test('an evicted one of a tag that the resolver added makes a miss, though the lookup did not ask for it', async () => {
    const { store, fault } = faultyStore();
    const cache = cacheOf({ store, namespace: 'test' });
    const run = counter();
    const one = t.procedure.use(cache.cached('1h')).query((opts) => {
      cache.control(opts).tag('page');
      return run();
    });
    const caller = cache.register(t.router({ one })).createCaller({});
    expect([await caller.one(), await caller.one()]).toEqual([1, 1]);
    fault('lookup', (answer) => {
      const found = answer();
      return { ...found, own: found.own.with(-1, undefined) };
    });
    expect(await caller.one()).toBe(2);
  });

  test('know neither version, codec nor vary: one invalidation reaches the entries of all', async () => {
    const store = memoryStore();
    const variants = [{}, { version: '2' }, { transformer: { ...superjson } }].map((options) => {
      const cache = cacheOf({ store, headers: ({ ctx }) => ctx.headers, ...options });
      const router = cache.register(
        t.router({ one: t.procedure.use(cache.cached({ ttl: '1h', vary: ['x-tenant'] })).query(counter()) }),
      );
      const as = (tenant: string) => router.createCaller({ headers: { 'x-tenant': tenant } }).one();
      return { cache, as };
    });
    const runs = () => Promise.all(variants.map(async ({ as }) => [await as('a'), await as('b')]));
    expect([await runs(), await runs()]).toEqual([Array(3).fill([1, 2]), Array(3).fill([1, 2])]);
    await variants[0]!.cache.invalidate('one');
    expect(await runs()).toEqual(Array(3).fill([3, 4]));
  });
});
