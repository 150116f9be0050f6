import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFlights } from '../../src/flight.ts';
import { memoryStore } from '../../src/index.ts';
import { cacheOf, counter, deferred, listen, t } from '../support/app.ts';
import { faultyStore, hanging, throwing } from '../support/stores.ts';

describe('law 7: nothing grows without bound, and nothing lives longer than it may', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const appOn = (
    options: Parameters<typeof cacheOf>[0] = {},
    ttl: Parameters<ReturnType<typeof cacheOf>['cached']>[0] = '1m',
  ) => {
    const cache = cacheOf(options);
    const run = counter();
    const read = t.procedure.input((value: unknown) => value).use(cache.cached(ttl));
    const caller = cache.register(t.router({ read: read.query(run) })).createCaller({});
    return { cache, run, caller: { read: (input?: unknown) => caller.read(input) } };
  };

  test('an entry is served until the millisecond its ttl ends, and not after', async () => {
    const { caller } = appOn();
    expect(await caller.read()).toBe(1);
    vi.advanceTimersByTime(59_999);
    expect(await caller.read()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await caller.read()).toBe(2);
  });

  test('an entry from the future is a miss, and is replaced by one of now', async () => {
    const { caller } = appOn();
    await caller.read();
    vi.setSystemTime(Date.now() - 1_000);
    expect(await caller.read()).toBe(2);
    expect(await caller.read()).toBe(2);
  });

  test('a clock that is set back does not keep an entry alive: the store bounds it by its own clock', async () => {
    const { store, filled } = faultyStore();
    const { caller } = appOn({ store, namespace: 'n' });
    await caller.read();
    const [entry] = filled() as [{ storedAt: number; freshUntil: number }];
    expect(store.fill.mock.calls[0]?.[0]).toMatchObject({ keepMs: entry.freshUntil - entry.storedAt });
  });

  test('the store is asked to keep an entry for exactly its ttl, also when the ttl comes from the output or the resolver', async () => {
    const { store } = faultyStore();
    const cache = cacheOf({ store, namespace: 'n' });
    const router = t.router({
      fromOutput: t.procedure.use(cache.cached({ ttl: ({ output }) => output })).query(() => '7s' as const),
      fromResolver: t.procedure.use(cache.cached('1h')).query((opts) => void cache.control(opts).ttl('2s')),
    });
    const caller = cache.register(router).createCaller({});
    await caller.fromOutput();
    await caller.fromResolver();
    expect(store.fill.mock.calls.map(([request]) => (request as { keepMs: number }).keepMs)).toEqual([7_000, 2_000]);
  });

  test('many inputs: the memory store holds what it may, and the latest are hits', async () => {
    const { caller, run } = appOn({ store: memoryStore({ maxEntries: 50 }) }, '1h');
    for (let id = 0; id < 500; id++) await caller.read(id);
    for (let id = 450; id < 500; id++) await caller.read(id);
    expect(run).toHaveBeenCalledTimes(500);
  });

  test('an output that is larger than maxBytes is answered and not kept, and the limit counts bytes', async () => {
    for (const [output, kept] of [
      ['x'.repeat(98), true],
      ['x'.repeat(99), false],
      ['ż'.repeat(98), false],
    ] as const) {
      const cache = cacheOf();
      const skips = listen(cache, 'skip');
      const read = t.procedure.use(cache.cached({ ttl: '1m', maxBytes: 100 })).query(() => output);
      const caller = cache.register(t.router({ read })).createCaller({});
      expect(await caller.read()).toBe(output);
      expect(skips.map(({ reason }) => reason)).toEqual(kept ? [] : ['size']);
    }
  });

  test('a flight is forgotten when it has landed, when it is late, and when nobody waits', async () => {
    const flights = createFlights<number>();
    const join = (key: string) => flights.join(key, 0, 1_000);
    const landed = flights.lead('landed');
    landed.land(1);
    expect(join('landed')).toBeUndefined();
    flights.lead('late');
    const waiter = join('late');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiter).toBeUndefined();
    expect(join('late')).toBeUndefined();
  });

  test('timers of lookups, joins and retries never keep a process alive, and end with what they wait for', async () => {
    const unref = vi.fn();
    const start = globalThis.setTimeout;
    const started = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((...args: Parameters<typeof start>) => {
      const timer = start(...args);
      return Object.assign(timer, { unref: () => unref() });
    }) as never);
    const { store, fault } = faultyStore();
    const gate = deferred<number>();
    const { caller, cache, run } = appOn({ store, namespace: 'n' });
    run.mockImplementation((() => gate.promise) as never);
    const first = caller.read();
    await vi.advanceTimersByTimeAsync(0);
    const second = caller.read();
    await vi.advanceTimersByTimeAsync(0);
    gate.resolve(1);
    await Promise.all([first, second]);
    expect(vi.getTimerCount()).toBe(0);
    fault('advance', throwing);
    await cache.invalidate('read').catch(() => {});
    expect(started.mock.calls.length).toBeGreaterThan(3);
    expect(unref.mock.calls.length).toBe(started.mock.calls.length);
    fault('advance');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(vi.getTimerCount()).toBe(0);
    started.mockRestore();
  });

  test('invalidations that wait for the store are at most a thousand and one, however many fail', async () => {
    const { store, fault } = faultyStore();
    const { cache } = appOn({ store, namespace: 'n' });
    fault('advance', throwing);
    for (let tag = 0; tag < 3_000; tag++) await cache.invalidate({ tag: `tag-${tag}` }).catch(() => {});
    fault('advance');
    store.advance.mockClear();
    await cache.close();
    const [[epochs]] = store.advance.mock.calls as unknown as [[string[]]];
    expect(epochs.length).toBeLessThanOrEqual(1_000);
    expect(epochs).toContain('n:e:all');
  });

  test('close() tries once more and stops trying', async () => {
    const { store, fault } = faultyStore();
    const { cache } = appOn({ store, namespace: 'n' });
    fault('advance', throwing);
    await cache.invalidate('read').catch(() => {});
    await cache.close();
    expect(store.advance).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.advance.mock.calls.length).toBeLessThanOrEqual(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a store that hangs holds no more than one timer for each call that waits', async () => {
    const { store, fault } = faultyStore();
    const { caller } = appOn({ store, namespace: 'n' });
    fault('lookup', hanging);
    const calls = Promise.all(Array.from({ length: 20 }, (_, id) => caller.read(id)));
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBeLessThanOrEqual(20);
    await vi.advanceTimersByTimeAsync(250);
    await calls;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a listener that is taken off hears nothing more', async () => {
    const { cache, caller } = appOn();
    const heard = vi.fn();
    const off = cache.on('miss', heard);
    await caller.read(1);
    off();
    off();
    await caller.read(2);
    expect(heard).toHaveBeenCalledTimes(1);
  });
});
