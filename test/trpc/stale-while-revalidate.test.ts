import { TRPCError } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { CachedOptions, CreateCacheOptions } from '../../src/index.ts';
import { memoryStore } from '../../src/index.ts';
import { type Context, cacheOf, counter, deferred, listen, t } from '../support/app.ts';
import { status } from '../support/query.ts';
import { faultyStore, hanging } from '../support/stores.ts';

/** A query that is fresh for a minute and of use for ten more. */
const open = (
  given: CachedOptions<any, any> = {},
  resolve: (opts: any) => any = counter(),
  options: Partial<CreateCacheOptions<Context>> = {},
) => {
  const cache = cacheOf(options);
  const run = vi.fn(resolve);
  const router = cache.register(
    t.router({
      one: t.procedure.use(cache.cached({ ttl: '1m', staleWhileRevalidate: '10m', ...given })).query(run),
    }),
  );
  const behind: Promise<unknown>[] = [];
  return {
    cache,
    run,
    router,
    behind,
    call: (callOptions = {}) => router.createCaller({}, callOptions).one(),
    ran: (times: number) => vi.waitFor(() => expect(run).toHaveBeenCalledTimes(times)),
    stale: listen(cache, 'stale'),
    revalidated: listen(cache, 'revalidate'),
    filled: listen(cache, 'fill'),
    failed: listen(cache, 'error'),
  };
};

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('staleWhileRevalidate', () => {
  test('serves the old answer at once after its ttl, and the new one once it is there', async () => {
    const { call, filled, stale, revalidated, ran } = open();
    expect([await call(), await call()]).toEqual([1, 1]);
    await pass(60_000);
    expect(await call()).toBe(1);
    await ran(2);
    await vi.waitFor(() => expect(filled).toHaveLength(2));
    expect(await call()).toBe(2);
    expect(stale).toEqual([{ path: 'one', ageMs: 60_000, reason: 'revalidating' }]);
    expect(revalidated).toEqual([{ path: 'one', early: false }]);
  });

  test('does not wait for the procedure, however long it takes', async () => {
    const gate = deferred();
    let runs = 0;
    const { call, run } = open({}, async () => (++runs === 1 ? 'old' : gate.promise.then(() => 'new')));
    await call();
    await pass(60_000);
    expect(await Promise.all([call(), call(), call()])).toEqual(['old', 'old', 'old']);
    expect(run).toHaveBeenCalledTimes(2);
    gate.resolve();
    await vi.waitFor(async () => expect(await call()).toBe('new'));
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('ends with its window: after it the caller waits for a new answer', async () => {
    const { call, stale } = open();
    await call();
    await pass(11 * 60_000);
    expect(await call()).toBe(2);
    expect(stale).toEqual([]);
  });

  test('the store keeps an entry for ttl and window, and no longer', async () => {
    const { store, filled } = faultyStore();
    const { call } = open({ staleIfError: '5m' }, counter(), { store, namespace: 'test' });
    await call();
    expect(store.fill.mock.calls[0]?.[0]).toMatchObject({ keepMs: 11 * 60_000 });
    expect(filled()[0]).toMatchObject({ staleUntil: Date.now() + 11 * 60_000, errorUntil: Date.now() + 6 * 60_000 });
  });

  test.each([
    ['the path', 'one'],
    ['a tag of it', { tag: 'known' }],
    ['everything', '*'],
  ] as const)('never serves what an invalidation of %s made unusable', async (_, target) => {
    const { cache, call, stale } = open({ tags: ['known'] });
    await call();
    await pass(60_000);
    await cache.invalidate(target);
    expect(await call()).toBe(2);
    expect(stale).toEqual([]);
  });

  test('an invalidation during a revalidation makes its answer dead on arrival', async () => {
    const gates = [deferred<string>(), deferred<string>(), deferred<string>()];
    let runs = 0;
    const { cache, call, ran } = open({}, () => gates[runs++]?.promise);
    gates[0]?.resolve('first');
    await call();
    await pass(60_000);
    expect(await call()).toBe('first');
    await ran(2);
    await cache.invalidate('one');
    const skipped = listen(cache, 'skip');
    gates[1]?.resolve('computed before the change');
    await vi.waitFor(() => expect(skipped).toEqual([{ path: 'one', reason: 'invalidated' }]));
    gates[2]?.resolve('new');
    expect([await call(), await call()]).toEqual(['new', 'new']);
  });

  test('a miss of another caller joins the revalidation that is under way', async () => {
    const gate = deferred<string>();
    let runs = 0;
    const { call, run } = open({ staleWhileRevalidate: '10s' }, () => (++runs === 1 ? 'old' : gate.promise));
    await call();
    await pass(60_000);
    expect(await call()).toBe('old');
    await pass(10_000);
    const waiting = call();
    gate.resolve('new');
    expect(await waiting).toBe('new');
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('a revalidation that fails leaves the old answer in place, tells so, and is tried again', async () => {
    let runs = 0;
    const { call, failed, ran } = open({ errors: { INTERNAL_SERVER_ERROR: '1m' }, staleIfError: '10m' }, () => {
      if (++runs === 2) throw new Error('the database is gone');
      return runs;
    });
    await call();
    await pass(60_000);
    expect(await call()).toBe(1);
    await vi.waitFor(() => expect(failed).toHaveLength(1));
    expect(failed[0]).toMatchObject({ operation: 'revalidate', error: { message: 'the database is gone' } });
    expect(await call()).toBe(1);
    await ran(3);
    await vi.waitFor(async () => expect(await call()).toBe(3));
  });

  test('a revalidation that hangs is told to stop after its time, and another one may begin', async () => {
    const signals: AbortSignal[] = [];
    let runs = 0;
    const { call, failed, ran } = open(
      {},
      ({ signal }) => {
        runs += 1;
        if (runs === 2) {
          signals.push(signal);
          return hanging();
        }
        return runs;
      },
      { timeouts: { revalidate: '5s' } },
    );
    await call();
    await pass(60_000);
    await call();
    await ran(2);
    await call();
    expect(runs).toBe(2);
    await pass(5_001);
    expect(signals[0]?.aborted).toBe(true);
    expect(failed).toEqual([{ operation: 'revalidate', error: expect.any(Error) }]);
    expect(await call()).toBe(1);
    await ran(3);
    await vi.waitFor(async () => expect(await call()).toBe(3));
  });

  test('a revalidation that ends after its time stores nothing over a newer one', async () => {
    const slow = deferred<string>();
    let runs = 0;
    const { cache, call, ran } = open({}, () => (++runs === 2 ? slow.promise : `run ${runs}`), {
      timeouts: { revalidate: '5s' },
    });
    await call();
    await pass(60_000);
    await call();
    await ran(2);
    await pass(5_001);
    await call();
    await ran(3);
    await vi.waitFor(async () => expect(await call()).toBe('run 3'));
    const skipped = listen(cache, 'skip');
    slow.resolve('of long ago');
    await vi.waitFor(() => expect(skipped).toEqual([{ path: 'one', reason: 'late' }]));
    expect(await call()).toBe('run 3');
  });

  test('the procedure behind a response has a signal of its own: that of the request may be aborted', async () => {
    const signals: AbortSignal[] = [];
    const request = new AbortController();
    const { call, ran } = open({}, ({ signal }) => {
      signals.push(signal);
      return signals.length;
    });
    await call();
    await pass(60_000);
    await call({ signal: request.signal });
    request.abort();
    await ran(2);
    expect(signals[1]?.aborted).toBe(false);
  });

  test('input, ctx, meta and parsers behind are those of the call', async () => {
    const cache = cacheOf();
    const seen = vi.fn((opts: { input: unknown; ctx: unknown; path: string }) => opts.input);
    const pure = cache.pure(t.middleware(({ next }) => next({ ctx: { loader: 1 } })));
    const router = cache.register(
      t.router({
        one: t.procedure
          .use(({ next }) => next({ ctx: { before: true } }))
          .input(z.object({ id: z.coerce.number() }))
          .use(cache.cached({ ttl: '1m', staleWhileRevalidate: '10m' }))
          .use(pure)
          .input(z.object({ sort: z.string().default('up') }))
          .output(z.object({ id: z.number(), sort: z.string() }))
          .query(({ input, ctx, path }) => {
            seen({ input, ctx, path });
            return input;
          }),
      }),
    );
    const call = () => router.createCaller({ user: { id: 'ann' } }).one({ id: '7' });
    const answer = { id: 7, sort: 'up' };
    expect(await call()).toEqual(answer);
    await pass(60_000);
    expect(await call()).toEqual(answer);
    await vi.waitFor(() => expect(seen).toHaveBeenCalledTimes(2));
    expect(seen.mock.calls[1]).toEqual(seen.mock.calls[0]);
    expect(seen.mock.calls[1]?.[0]).toMatchObject({
      ctx: { before: true, loader: 1, user: { id: 'ann' } },
      path: 'one',
    });
  });

  test('what the procedure asks for behind a response counts for its new entry alone', async () => {
    let runs = 0;
    const opened = open({}, (opts) => {
      if (++runs === 2) opened.cache.control(opts).ttl('1h').tag('late');
      return runs;
    });
    const { cache, call, filled } = opened;
    await call();
    await pass(60_000);
    expect(await call()).toBe(1);
    await vi.waitFor(() => expect(filled).toHaveLength(2));
    await pass(3_500_000);
    expect(await call()).toBe(2);
    await cache.invalidate({ tag: 'late' });
    expect(await call()).toBe(3);
  });

  test('an unregistered procedure is revalidated, too', async () => {
    const cache = cacheOf();
    const run = counter();
    const router = t.router({
      one: t.procedure.use(cache.cached({ ttl: '1m', staleWhileRevalidate: '10m' })).query(run),
    });
    const call = () => router.createCaller({}).one();
    expect([await call(), await call()]).toEqual([1, 1]);
    await pass(60_000);
    expect(await call()).toBe(1);
    await vi.waitFor(async () => expect(await call()).toBe(2));
  });

  test('the second cached of a chain may set the window', async () => {
    const cache = cacheOf();
    const router = cache.register(
      t.router({
        one: t.procedure
          .use(cache.cached('1m'))
          .use(cache.cached({ ttl: '2m', staleWhileRevalidate: '10m' }))
          .query(counter()),
      }),
    );
    const call = () => router.createCaller({}).one();
    await call();
    await pass(119_000);
    expect(await call()).toBe(1);
    await pass(2_000);
    expect(await call()).toBe(1);
    await vi.waitFor(async () => expect(await call()).toBe(2));
  });

  test('the work goes to waitUntil, with the ctx of the call', async () => {
    const given: { promise: Promise<unknown>; ctx: unknown }[] = [];
    const { store } = faultyStore();
    const { call, behind } = open({}, counter(), {
      store,
      namespace: 'test',
      waitUntil: (promise, { ctx }) => void given.push({ promise, ctx }),
    });
    await call();
    await Promise.all(given.map(({ promise }) => promise));
    given.length = 0;
    await pass(60_000);
    expect(await call()).toBe(1);
    expect(given.length).toBeGreaterThan(0);
    expect(given[0]?.ctx).toEqual({});
    await Promise.all(given.map(({ promise }) => promise));
    expect(await call()).toBe(2);
    expect(behind).toEqual([]);
  });

  test('without a window nothing expired is served', async () => {
    const { call, stale } = open({ staleWhileRevalidate: undefined } as never);
    await call();
    await pass(60_000);
    expect(await call()).toBe(2);
    expect(stale).toEqual([]);
  });

  test('two processes of one store each serve the old answer and find the new one', async () => {
    const store = memoryStore();
    const [one, two] = [open({}, () => 'one', { store }), open({}, () => 'two', { store })];
    expect([await one.call(), await two.call()]).toEqual(['one', 'one']);
    await pass(60_000);
    expect(await two.call()).toBe('one');
    await vi.waitFor(async () => expect(await one.call()).toBe('two'));
  });

  test('a wrapped function is revalidated behind its caller', async () => {
    const cache = cacheOf();
    const top = cache.wrap('top', counter(), { ttl: '1m', staleWhileRevalidate: '10m' });
    expect(await top('eu')).toBe(1);
    await pass(60_000);
    expect(await top('eu')).toBe(1);
    await vi.waitFor(async () => expect(await top('eu')).toBe(2));
  });

  test('the failure of somebody who may not see the answer is not what others get', async () => {
    const cache = cacheOf();
    let allowed = true;
    const router = cache.register(
      t.router({
        one: t.procedure.use(cache.cached({ ttl: '1m', staleWhileRevalidate: '10m' })).query(() => {
          if (!allowed) throw new TRPCError({ code: 'FORBIDDEN' });
          return 'secret';
        }),
      }),
    );
    const call = () => router.createCaller({}).one();
    await call();
    await pass(60_000);
    allowed = false;
    expect(await call()).toBe('secret'); // the window says so
    await pass(600_000);
    await expect(call()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('A24: over HTTP a stale answer says so and promises nothing', async () => {
    vi.useRealTimers();
    vi.useFakeTimers({ toFake: ['Date'] });
    const { requester, contextOf } = await import('../support/app.ts');
    const { cache, router, run, filled } = open({ http: { browser: '1m', cdn: '1m' } });
    const request = await requester(cache.http({ router, createContext: contextOf }));
    const first = await request('one');
    vi.setSystemTime(Date.now() + 75_000);
    const reply = await request('one');
    expect([status(first), status(reply)]).toEqual(['MISS', 'STALE']);
    expect(reply.body).toBe(first.body);
    expect(reply.headers.get('cache-control')).toMatch(/max-age=0/);
    expect(reply.headers.get('cache-control')).not.toMatch(/stale-/);
    expect(reply.headers.get('etag')).toBe(first.headers.get('etag'));
    while (filled.length < 2) await new Promise((resolve) => setImmediate(resolve)); // waitFor would let time pass
    const next = await request('one');
    expect([status(next), next.headers.get('cache-control')]).toEqual(['HIT', 'public, max-age=60']);
    expect(run).toHaveBeenCalledTimes(2);
  });
});
