import { TRPCError } from '@trpc/server';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { z } from 'zod';
import { memoryStore } from '../../src/index.ts';
import { ann, bob, type Context, cacheOf, counter, listen, t } from '../support/app.ts';
import { pass, useClock } from '../support/http-checks.ts';
import { faultyStore, throwing } from '../support/stores.ts';

describe('features for callers', () => {
  useClock();

  test('F1: two equal calls run the resolver once, a neighbour without cached runs twice', async () => {
    const { cached, register } = cacheOf();
    const [cachedRun, plainRun] = [counter(), counter()];
    const router = register(
      t.router({ list: t.procedure.use(cached(60)).query(cachedRun), other: t.procedure.query(plainRun) }),
    );
    const caller = router.createCaller({});
    for (let call = 0; call < 2; call++) await Promise.all([caller.list(), caller.other()]);
    expect([cachedRun.mock.calls.length, plainRun.mock.calls.length]).toEqual([1, 2]);
  });

  test('F4: two caches with a store each do not see each other', async () => {
    const [one, other] = [cacheOf(), cacheOf()].map((cache) => ({
      cache,
      caller: cache.register(t.router({ list: t.procedure.use(cache.cached('1m')).query(counter()) })).createCaller({}),
    }));
    expect([await one!.caller.list(), await other!.caller.list()]).toEqual([1, 1]);
    await one!.cache.clear();
    expect([await one!.caller.list(), await other!.caller.list()]).toEqual([2, 1]);
  });

  test('F5: who is not signed in is refused on a warm key; auth runs twice, the resolver once', async () => {
    const { cached, register } = cacheOf();
    const run = counter();
    const auth = vi.fn(({ ctx, next }) => {
      if (ctx.user === undefined) throw new TRPCError({ code: 'UNAUTHORIZED' });
      return next();
    });
    const router = register(t.router({ list: t.procedure.use(auth).use(cached(60)).query(run) }));
    expect(await router.createCaller(ann).list()).toBe(1);
    await expect(router.createCaller({}).list()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect([auth.mock.calls.length, run.mock.calls.length]).toEqual([2, 1]);
  });

  test.each([
    ['keys in another order', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
    ['keys in another order, deep down', { x: [{ a: 1, b: 2 }] }, { x: [{ b: 2, a: 1 }] }, true],
    ['an undefined key and an absent one', { a: 1, b: undefined }, { a: 1 }, true],
    ['lists in another order', [1, 2], [2, 1], false],
    ['a number and its text', { a: 1 }, { a: '1' }, false],
    ['null and undefined', null, undefined, false],
    ['a forged separator', { a: '1,"b":2' }, { a: '1', b: 2 }, false],
  ])('F6: %s', async (_, one, other, same) => {
    const { cached, register } = cacheOf();
    const router = register(t.router({ list: t.procedure.input(z.any()).use(cached(60)).query(counter()) }));
    const { list } = router.createCaller({});
    expect([await list(one), await list(other)]).toEqual(same ? [1, 1] : [1, 2]);
  });

  test('F8: an async key by user separates users, and a pattern finds the entries of both', async () => {
    const cache = cacheOf();
    const key = async ({ ctx }: { ctx: Context }) => ctx.user?.id ?? '';
    const router = cache.register(
      t.router({ post: { list: t.procedure.use(cache.cached({ ttl: 60, key })).query(counter()) } }),
    );
    const runs = async () => [await router.createCaller(ann).post.list(), await router.createCaller(bob).post.list()];
    expect([await runs(), await runs()]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    await cache.invalidate('post.*');
    expect(await runs()).toEqual([3, 4]);
  });

  test('F23: an output of 2 MiB is returned and not stored, with an event', async () => {
    const cache = cacheOf();
    const run = vi.fn(() => 'x'.repeat(2 * 1024 * 1024));
    const router = cache.register(t.router({ big: t.procedure.use(cache.cached(60)).query(run) }));
    const skipped = listen(cache, 'skip');
    for (let call = 0; call < 2; call++) expect((await router.createCaller({}).big()).length).toBe(2 * 1024 * 1024);
    expect(run).toHaveBeenCalledTimes(2);
    expect(skipped).toEqual(Array(2).fill({ path: 'big', reason: 'size' }));
  });

  test.each([
    ['memory', () => memoryStore()],
    ['a store that keeps texts', () => faultyStore().store],
  ])('F25: types are the same on MISS and HIT, in %s', async (_, store) => {
    const cache = cacheOf({ store: store(), namespace: 'test' });
    const value = () => ({
      at: new Date(0),
      map: new Map([['a', new Set([1n])]]),
      nothing: undefined,
      numbers: [Number.NaN, -0, Number.POSITIVE_INFINITY],
      url: new URL('https://example.org/'),
      pattern: /a/gi,
    });
    const run = vi.fn(value);
    const router = cache.register(t.router({ typed: t.procedure.use(cache.cached(60)).query(run) }));
    const { typed } = router.createCaller({});
    expect([await typed(), await typed(), await typed()]).toEqual([value(), value(), value()]);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('F27: a context with a cache of its own keeps it', async () => {
    const { cached, register } = cacheOf();
    const router = register(
      t.router({
        own: t.procedure
          .use(({ next }) => next({ ctx: { cache: 'mine' } }))
          .use(cached(60))
          .query(({ ctx }) => Object.keys(ctx).sort()),
      }),
    );
    expect(await router.createCaller(ann).own()).toEqual(['cache', 'user']);
  });

  test('F31: a path with a typo does not compile', () => {
    const cache = cacheOf();
    const router = t.router({ post: { byId: t.procedure.input(z.object({ id: z.number() })).query(counter()) } });
    const typed = cache.for<typeof router>();
    const calls = () => [
      typed.invalidate('post.byId', 'post.*', { path: 'post.byId', input: { id: 1 } }),
      // @ts-expect-error: there is no such path
      typed.invalidate('post.byID'),
      // @ts-expect-error: the input is another one
      typed.invalidate({ path: 'post.byId', input: { id: '1' } }),
    ];
    expect(calls).toBeTypeOf('function');
  });

  test('F34: with a store that always throws every query answers and every mutation, too', async () => {
    const { store, fault } = faultyStore();
    for (const operation of ['lookup', 'fill', 'advance'] as const) fault(operation, throwing);
    const cache = cacheOf({ store, namespace: 'test' });
    const router = cache.register(
      t.router({
        list: t.procedure.use(cache.cached(60)).query(counter()),
        act: t.procedure.use(cache.invalidates('list')).mutation(() => 'ok'),
      }),
    );
    const caller = router.createCaller({});
    expect([await caller.list(), await caller.act(), await caller.list()]).toEqual([1, 'ok', 2]);
    await cache.close();
  });

  test('F37: an admin goes without the cache, others hit', async () => {
    const { cached, register } = cacheOf();
    const when = ({ ctx }: { ctx: Context }) => ctx.user?.id !== 'admin';
    const router = register(t.router({ list: t.procedure.use(cached({ ttl: 60, when })).query(counter()) }));
    const as = (id: string) => router.createCaller({ user: { id } }).list();
    expect([await as('ann'), await as('admin'), await as('admin'), await as('bob')]).toEqual([1, 2, 3, 1]);
  });

  test('F40: the age of hits grows, and an entry tells when it was stored and how long it is fresh', async () => {
    const cache = cacheOf();
    const hits = listen(cache, 'hit');
    const router = cache.register(t.router({ list: t.procedure.use(cache.cached(60)).query(counter()) }));
    const started = Date.now();
    const { list } = router.createCaller({});
    await list();
    for (const seconds of [10, 20]) {
      pass(seconds);
      await list();
    }
    expect(hits.map(({ ageMs }) => ageMs)).toEqual([10_000, 30_000]);
    expect(await cache.peek({ path: 'list' })).toEqual({ output: 1, storedAt: started, freshUntil: started + 60_000 });
  });

  test('F43: cached changes the type of neither output nor context', () => {
    const { cached } = cacheOf();
    const procedure = t.procedure.input(z.object({ id: z.number() })).use(cached(60));
    const query = procedure.query(({ ctx, input }) => {
      expectTypeOf(ctx.user).toEqualTypeOf<Context['user']>();
      return { id: input.id, at: new Date() };
    });
    const router = t.router({ query });
    expectTypeOf<Awaited<ReturnType<ReturnType<typeof router.createCaller>['query']>>>().toEqualTypeOf<{
      id: number;
      at: Date;
    }>();
    expect(query).toBeTypeOf('function');
  });
});
