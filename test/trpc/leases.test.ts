import { TRPCError } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/index.ts';
import { cacheOf, deferred, errorOf, listen, t } from '../support/app.ts';
import { faultyStore, throwing } from '../support/stores.ts';
import { openMany, shared } from './lease-processes.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("coalesce: 'store'", () => {
  test('one process runs, the others wait for what it stores', async () => {
    const { processes, gates, run, ran } = openMany(4);
    const calls = Promise.all(processes.flatMap(({ call }) => [call(), call(), call()]));
    await ran(1);
    await pass(300);
    expect(run).toHaveBeenCalledTimes(1);
    gates[0]?.resolve('one for all');
    await pass(1_000);
    expect(new Set(await calls)).toEqual(new Set(['one for all']));
    expect(run).toHaveBeenCalledTimes(1);
    const led = processes.flatMap(({ missed }) => missed).filter(({ coalesced }) => !coalesced);
    expect(led).toHaveLength(1); // what an event calls a run is one
  });

  test("by default each process runs for itself: 'process'", async () => {
    const { processes, gates, run, ran, lease } = openMany(3, { coalesce: 'process' });
    const calls = Promise.all(processes.map(({ call }) => call()));
    await ran(3);
    for (const gate of gates) gate.resolve('own');
    await calls;
    expect(run).toHaveBeenCalledTimes(3);
    expect(lease).not.toHaveBeenCalled();
  });

  test('the lease goes back with the entry: nothing more is sent', async () => {
    const { processes, gates, lease, release, fill } = openMany(1);
    gates[0]?.resolve('x');
    await processes[0]?.call();
    expect([lease.mock.calls.length, release.mock.calls.length]).toEqual([1, 0]);
    expect(fill.mock.calls[0]?.[0]).toMatchObject({ lease: lease.mock.calls[0]?.[0] });
  });

  test('all who waited are answered soon after the run, however many they are and however far the store is', async () => {
    const far = shared();
    const afar =
      <Args extends unknown[], R>(work: (...args: Args) => R) =>
      async (...args: Args) => {
        await new Promise((resolve) => setTimeout(resolve, 15));
        const answer = await work(...args);
        await new Promise((resolve) => setTimeout(resolve, 15));
        return answer;
      };
    const { lookup, fill, lease, release } = far.store as Required<Store>;
    const slow = { ...far.store, lookup: afar(lookup), fill: afar(fill), lease: afar(lease), release: afar(release) };
    const { processes, gates, run, ran } = openMany(60, {}, {}, { ...far, store: slow as Store });
    let answered = 0;
    const calls = Promise.all(processes.map(({ call }) => call().then(() => answered++)));
    await pass(100);
    await ran(1);
    await pass(1_000);
    gates[0]?.resolve('x');
    await pass(800); // the longest pause between two questions, and a few trips
    expect(answered).toBe(60);
    await calls;
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('who waited finds the entry, whoever holds the lease by then', async () => {
    const { processes, gates, run, ran, store, lease } = openMany(2);
    const first = processes[0]?.call();
    await ran(1);
    const second = processes[1]?.call();
    await pass(50);
    const [{ name }, key] = lease.mock.calls[0] as Parameters<NonNullable<Store['lease']>>;
    gates[0]?.resolve('x');
    await first;
    await store.lease?.({ name, token: 'of an early renewal' }, key, 3_600_000);
    await pass(800);
    expect(await second).toBe('x');
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('what was stored between the lookup and the lease is served, not computed again', async () => {
    const remote = shared();
    const { processes, gates, run } = openMany(2, {}, {}, remote);
    gates[0]?.resolve('first');
    const plain = remote.lease.getMockImplementation();
    remote.lease.mockImplementationOnce(async (...given) => {
      await processes[1]?.call(); // another process is faster
      return plain?.(...given) ?? 'leased';
    });
    expect(await processes[0]?.call()).toBe('first');
    expect(run).toHaveBeenCalledTimes(1);
    expect(remote.release).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['is not to be stored', (opts: object, cache: ReturnType<typeof cacheOf>) => void cache.control(opts).noStore()],
    [
      'fails',
      () => {
        throw new Error('no');
      },
    ],
  ] as const)('what %s makes nobody queue: all run at the same time', async (_, act) => {
    const remote = shared();
    const gate = deferred();
    let runs = 0;
    const processes = Array.from({ length: 4 }, () => {
      const cache = cacheOf({ store: remote.store, namespace: 'test', coalesce: 'store' });
      const router = cache.register(
        t.router({
          one: t.procedure.use(cache.cached('1h')).query(async (opts) => {
            runs += 1;
            await gate.promise;
            act(opts, cache);
          }),
        }),
      );
      return () => router.createCaller({}).one();
    });
    const ended = vi.fn();
    const calls = processes.map((call) => call().then(ended, ended));
    await vi.waitFor(() => expect(runs).toBe(1));
    gate.resolve();
    await pass(700); // one pause of those who wait, however many they are
    await Promise.all(calls);
    expect([runs, ended.mock.calls.length]).toEqual([4, 4]);
  });

  test('a failure that another process remembered is no answer for a query that does not', async () => {
    const remote = shared();
    const gate = deferred();
    const make = (given: object, resolve: () => unknown) => {
      const cache = cacheOf({ store: remote.store, namespace: 'test', coalesce: 'store' });
      const router = cache.register(
        t.router({ one: t.procedure.use(cache.cached({ ttl: '1h', ...given })).query(async () => resolve()) }),
      );
      return () => router.createCaller({}).one();
    };
    let runs = 0;
    const remembers = make({ errors: { NOT_FOUND: '1h' } }, async () => {
      runs += 1;
      await gate.promise;
      throw new TRPCError({ code: 'NOT_FOUND' });
    });
    const does = make({}, () => 'found');
    const failing = remembers().catch(() => 'gone');
    await vi.waitFor(() => expect(runs).toBe(1));
    const waiting = does();
    await pass(50);
    gate.resolve();
    await pass(1_000);
    expect([await failing, await waiting]).toEqual(['gone', 'found']);
  });

  test('a store that refuses leases is heard of', async () => {
    const remote = shared();
    remote.lease.mockImplementation(throwing);
    const { processes, gates } = openMany(1, {}, {}, remote);
    gates[0]?.resolve('x');
    const failed = listen(processes[0]!.cache, 'error');
    await processes[0]?.call();
    expect(failed).toEqual([{ operation: 'lease', error: new Error('the store is down') }]);
  });

  test('what is renewed before its time is renewed by one process, though there is an entry all along', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1e-300);
    const { processes, gates, ran, run } = openMany(3, {}, { ttl: '1m', earlyRevalidation: 1e9 });
    const first = processes[0]?.call();
    await pass(1_000); // or chance would have nothing to go by
    gates[0]?.resolve('old');
    await first;
    await pass(59_000);
    expect(await Promise.all(processes.map(({ call }) => call()))).toEqual(['old', 'old', 'old']);
    await ran(2);
    gates[1]?.resolve('new');
    await pass(100);
    expect(run).toHaveBeenCalledTimes(2);
    vi.restoreAllMocks();
    expect(await processes[1]?.call()).toBe('new');
  });

  test('a store without leases is refused by name', async () => {
    const { store } = faultyStore();
    const error = await errorOf(() => cacheOf({ store, namespace: 'test', coalesce: 'store' }));
    expect(error).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining("coalesce: 'store' needs a store"),
    });
    expect(await errorOf(() => cacheOf({ coalesce: 'redis' as never }))).toMatchObject({
      message: "createCache: coalesce: expected 'process' or 'store', received \"redis\".",
    });
  });
});
