import { TRPCError } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryStore } from '../../src/index.ts';
import { cacheOf, counter, deferred, listen, t } from '../support/app.ts';
import { status } from '../support/query.ts';
import { faultyStore } from '../support/stores.ts';
import { open } from './stale-window.ts';

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
