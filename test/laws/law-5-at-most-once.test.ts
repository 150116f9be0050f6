import { TRPCError } from '@trpc/server';
import { describe, expect, test, vi } from 'vitest';
import { cacheOf, counter, deferred, errorOf, listen, t } from '../support/app.ts';
import { faultyStore } from '../support/stores.ts';
import { onEveryStore } from './worlds.ts';

describe('law 5: a procedure runs at most once per call, and once for equal calls at the same time', () => {
  onEveryStore((world) => {
    test('a hundred equal calls at the same time run once, and all get the answer', async () => {
      const cache = world.cache();
      const run = vi.fn(async () => ({ rows: [1, 2] }));
      const caller = cache
        .register(t.router({ read: t.procedure.use(cache.cached('1h')).query(run) }))
        .createCaller({});
      const misses = listen(cache, 'miss');
      const answers = await Promise.all(Array.from({ length: 100 }, () => caller.read()));
      expect(run).toHaveBeenCalledTimes(1);
      for (const answer of answers) expect(answer).toEqual({ rows: [1, 2] });
      expect(new Set(answers).size).toBe(100);
      expect(misses.filter(({ coalesced }) => coalesced)).toHaveLength(99);
    });

    test('calls that come while the procedure runs share it, calls that come later find the entry', async () => {
      const cache = world.cache();
      const gate = deferred<string>();
      const run = vi.fn(() => gate.promise);
      const caller = cache
        .register(t.router({ read: t.procedure.use(cache.cached('1h')).query(run) }))
        .createCaller({});
      const first = caller.read();
      await vi.waitFor(() => expect(run).toHaveBeenCalledTimes(1));
      const second = caller.read();
      await new Promise((resolve) => setImmediate(resolve));
      gate.resolve('answer');
      expect(await Promise.all([first, second])).toEqual(['answer', 'answer']);
      expect(await caller.read()).toBe('answer');
      expect(run).toHaveBeenCalledTimes(1);
    });

    test('different inputs run on their own', async () => {
      const cache = world.cache();
      const run = vi.fn(async ({ input }: { input: number }) => input);
      const read = t.procedure.input((n: unknown) => n as number).use(cache.cached('1h'));
      const caller = cache.register(t.router({ read: read.query(run) })).createCaller({});
      const inputs = Array.from({ length: 10 }, (_, index) => index % 5);
      expect(await Promise.all(inputs.map((n) => caller.read(n)))).toEqual(inputs);
      expect(run).toHaveBeenCalledTimes(5);
    });

    test('an error reaches every waiter as it is, is not stored, and the next call runs again', async () => {
      const cache = world.cache();
      const thrown = new TRPCError({ code: 'NOT_FOUND', message: 'no post 7', cause: { id: 7 } });
      const run = vi.fn(async () => {
        if (run.mock.calls.length === 1) throw thrown;
        return 'found';
      });
      const caller = cache
        .register(t.router({ read: t.procedure.use(cache.cached('1h')).query(run) }))
        .createCaller({});
      const errors = await Promise.all([1, 2, 3].map(() => errorOf(() => caller.read())));
      expect(errors.every((error) => error === thrown)).toBe(true);
      expect(run).toHaveBeenCalledTimes(1);
      expect(await caller.read()).toBe('found');
    });
  });

  const abortable = () => {
    const cache = cacheOf();
    const gate = deferred<string>();
    const run = vi.fn(async ({ signal }: { signal?: AbortSignal | undefined }) => {
      const aborted = new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
      return Promise.race([gate.promise, aborted]);
    });
    const router = cache.register(t.router({ read: t.procedure.use(cache.cached('1h')).query(run) }));
    return { cache, gate, run, callerOf: (signal?: AbortSignal) => router.createCaller({}, signal ? { signal } : {}) };
  };

  test('a leader that is aborted fails alone: one of its waiters leads on, the others share its run', async () => {
    const { gate, run, callerOf } = abortable();
    const controller = new AbortController();
    const leader = errorOf(() => callerOf(controller.signal).read());
    await vi.waitFor(() => expect(run).toHaveBeenCalledTimes(1));
    const waiters = [callerOf().read(), callerOf().read(), callerOf().read()];
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect((await leader).message).toBe('aborted');
    gate.resolve('answer');
    expect(await Promise.all(waiters)).toEqual(['answer', 'answer', 'answer']);
    expect(run).toHaveBeenCalledTimes(2);
  });

  test.each(['UNAUTHORIZED', 'FORBIDDEN', 'TOO_MANY_REQUESTS'] as const)(
    'a leader that fails with %s fails for itself: the waiters run on their own right',
    async (code) => {
      const cache = cacheOf();
      const run = vi.fn(async ({ ctx }: { ctx: { user?: unknown } }) => {
        await undefined;
        if (ctx.user === null) throw new TRPCError({ code });
        return 'answer';
      });
      const router = cache.register(t.router({ read: t.procedure.use(cache.cached('1h')).query(run) }));
      const leader = errorOf(() => router.createCaller({ user: null }).read());
      const waiter = router.createCaller({}).read();
      expect(await leader).toMatchObject({ code });
      expect(await waiter).toBe('answer');
      expect(run).toHaveBeenCalledTimes(2);
    },
  );

  test('a leader that never ends holds nobody for ever: after the deadline a waiter runs itself', async () => {
    vi.useFakeTimers();
    const cache = cacheOf({ timeouts: { join: '2s' } });
    const errors = listen(cache, 'error');
    const run = vi.fn(() =>
      run.mock.calls.length === 1
        ? new Promise<string>(() => {})
        : new Promise<string>((resolve) => setTimeout(resolve, 10, 'answer')),
    );
    const caller = cache.register(t.router({ read: t.procedure.use(cache.cached('1h')).query(run) })).createCaller({});
    void caller.read();
    await vi.advanceTimersByTimeAsync(0);
    const waiters = Promise.all([caller.read(), caller.read()]);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(run).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    await vi.advanceTimersByTimeAsync(10);
    expect(await waiters).toEqual(['answer', 'answer']);
    expect(await caller.read()).toBe('answer');
    expect(run).toHaveBeenCalledTimes(2);
    expect(errors).toEqual([]);
    vi.useRealTimers();
  });

  test('a waiter that had to lead has its own time budget at the store', async () => {
    vi.useFakeTimers();
    const { store } = faultyStore();
    const cache = cacheOf({ store, namespace: 'n', timeouts: { join: '2s' } });
    const errors = listen(cache, 'error');
    const run = vi.fn(() => (run.mock.calls.length === 1 ? new Promise<string>(() => {}) : Promise.resolve('answer')));
    const caller = cache.register(t.router({ read: t.procedure.use(cache.cached('1h')).query(run) })).createCaller({});
    void caller.read();
    await vi.advanceTimersByTimeAsync(0);
    const waiter = caller.read();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await waiter).toBe('answer');
    expect(errors).toEqual([]);
    vi.useRealTimers();
  });

  test('a listener that throws, or rejects, changes nothing for anybody', async () => {
    const cache = cacheOf();
    const rejected = vi.fn();
    process.on('unhandledRejection', rejected);
    cache.on('miss', () => {
      throw new Error('broken listener');
    });
    cache.on('hit', (async () => {
      throw new Error('broken later');
    }) as never);
    const run = counter();
    const caller = cache.register(t.router({ read: t.procedure.use(cache.cached('1h')).query(run) })).createCaller({});
    expect([await caller.read(), await caller.read()]).toEqual([1, 1]);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', rejected);
    expect(rejected).not.toHaveBeenCalled();
  });
});
