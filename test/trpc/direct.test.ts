import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { CachedOptions } from '../../src/index.ts';
import { ann, bob, cacheOf, counter, deferred, errorOf, listen, perUser, t } from '../support/app.ts';
import { pass, useClock } from '../support/http-checks.ts';

const Input = z.object({ id: z.coerce.number(), limit: z.number().default(10) });

const openFor = (options: CachedOptions<any, any> = {}) => {
  const cache = cacheOf();
  const run = counter();
  const router = cache.register(
    t.router({
      byId: t.procedure
        .input(Input)
        .use(cache.cached({ ttl: '1m', ...options }))
        .query(run),
      early: t.procedure.use(cache.cached('1m')).input(Input).query(run),
      plain: t.procedure.query(run),
    }),
  );
  return { cache, run, router, caller: router.createCaller({}), asAnn: router.createCaller(ann) };
};

describe('cache.peek', () => {
  useClock();

  test('shows a fresh entry, with its times, without running or counting anything', async () => {
    const { cache, caller, run } = openFor();
    const hits = listen(cache, 'hit');
    expect(await cache.peek({ path: 'byId', input: { id: 7 } })).toBeUndefined();
    const now = Date.now();
    await caller.byId({ id: 7 });
    expect(await cache.peek({ path: 'byId', input: { id: '7' } })).toEqual({
      output: 1,
      storedAt: now,
      freshUntil: now + 60_000,
    });
    expect([run.mock.calls.length, hits.length]).toEqual([1, 0]);
  });

  test('shows nothing that is over or invalidated', async () => {
    const { cache, caller } = openFor();
    const target = { path: 'byId', input: { id: 7 } };
    await caller.byId({ id: 7 });
    pass(60);
    expect(await cache.peek(target)).toBeUndefined();
    await caller.byId({ id: 7 });
    expect(await cache.peek(target)).toMatchObject({ output: 2 });
    await cache.invalidate(target);
    expect(await cache.peek(target)).toBeUndefined();
  });

  test('finds the entry of a cached before .input() by the input as it was sent', async () => {
    const { cache, caller } = openFor();
    await caller.early({ id: '7' });
    expect(await cache.peek({ path: 'early', input: { id: '7' } })).toMatchObject({ output: 1 });
    expect(await cache.peek({ path: 'early', input: { id: 7 } })).toBeUndefined();
  });

  test('shows the entry of the scope that is named, and no other', async () => {
    const { cache, asAnn } = openFor({ scope: perUser });
    await asAnn.byId({ id: 7 });
    const peeked = (scope: string | null) => cache.peek({ path: 'byId', input: { id: 7 }, scope });
    expect([await peeked('ann'), await peeked('bob'), await peeked(null)]).toEqual([
      expect.objectContaining({ output: 1 }),
      undefined,
      undefined,
    ]);
  });

  test('gives callbacks of cached the context and the headers that they read', async () => {
    const { cache, router } = openFor({ key: ({ ctx }) => ctx.user.id, vary: ['accept-language'] });
    const given = { path: 'byId', input: { id: 7 }, ctx: bob, headers: { 'Accept-Language': 'en' } };
    await cache.refresh(given, () => 5);
    expect(await cache.peek(given)).toMatchObject({ output: 5 });
    expect(await cache.peek({ ...given, ctx: ann })).toBeUndefined();
    expect(await cache.peek({ ...given, headers: {} })).toBeUndefined();
    expect(router).toBeDefined();
  });

  test('hands out a copy', async () => {
    const cache = cacheOf();
    const router = cache.register(t.router({ list: t.procedure.use(cache.cached('1m')).query(() => [{ id: 1 }]) }));
    await router.createCaller({}).list();
    const typed = cache.for<typeof router>();
    (await typed.peek({ path: 'list' }))!.output.pop();
    expect((await typed.peek({ path: 'list' }))!.output).toEqual([{ id: 1 }]);
  });
});

describe('cache.refresh', () => {
  test('renews the entry: invalidates, runs, fills, and returns what came', async () => {
    const { cache, caller, run } = openFor();
    expect(await caller.byId({ id: 7 })).toBe(1);
    expect(await cache.refresh({ path: 'byId', input: { id: 7 } }, async () => 42)).toBe(42);
    expect(await caller.byId({ id: 7 })).toBe(42);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('runs what it was given, though somebody reads at once after its invalidation', async () => {
    for (const coalesce of ['process', 'store'] as const) {
      const cache = cacheOf({ coalesce });
      const gate = deferred();
      const read = t.procedure.use(cache.cached('1h')).query(async () => {
        await gate.promise;
        return 'a replica that lags';
      });
      const router = cache.register(t.router({ read }));
      let reading: Promise<string> | undefined;
      cache.on('invalidate', () => {
        reading = router.createCaller({}).read();
      });
      expect(await cache.refresh({ path: 'read' }, () => 'given')).toBe('given');
      gate.resolve();
      expect(await reading).toBe('a replica that lags');
    }
  });

  test('stores what the output parsers behind cached leave of it, and nothing that they refuse', async () => {
    const cache = cacheOf();
    const row = { id: 1, passwordHash: 'x' };
    const byId = t.procedure
      .use(cache.cached('1h'))
      .output(z.object({ id: z.number() }))
      .query(() => row);
    const router = cache.register(t.router({ byId }));
    expect(await cache.refresh({ path: 'byId' }, () => row)).toEqual({ id: 1 });
    expect(await router.createCaller({}).byId()).toEqual({ id: 1 });
    await expect(cache.refresh({ path: 'byId' }, () => ({ id: 'one' }))).rejects.toThrow('Output validation failed');
    expect(await cache.peek({ path: 'byId' })).toBeUndefined();
  });

  test('leaves other inputs and scopes alone', async () => {
    const { cache, router, asAnn } = openFor({ scope: perUser });
    const asBob = router.createCaller(bob);
    const runs = async () => [await asAnn.byId({ id: 7 }), await asAnn.byId({ id: 8 }), await asBob.byId({ id: 7 })];
    expect(await runs()).toEqual([1, 2, 3]);
    await cache.refresh({ path: 'byId', input: { id: 7 }, scope: 'ann' }, () => 42);
    expect(await runs()).toEqual([42, 2, 3]);
  });

  test('stores nothing that was invalidated while it ran', async () => {
    const { cache, caller } = openFor();
    const stale = cache.refresh({ path: 'byId', input: { id: 7 } }, async () => {
      await cache.invalidate('byId');
      return 42;
    });
    expect(await stale).toBe(42);
    expect(await caller.byId({ id: 7 })).toBe(1);
  });

  test('is the only way to fill from outside: there is no set, which would race with invalidations', () => {
    const members = Object.keys(cacheOf());
    expect(members).toContain('refresh');
    expect(members.filter((name) => /^(set(?!tle)|put|write|prime|store)/.test(name))).toEqual([]);
  });

  test('passes on the error of the function, and leaves no entry', async () => {
    const { cache, caller } = openFor();
    await caller.byId({ id: 7 });
    const fail = () => {
      throw new RangeError('no');
    };
    await expect(cache.refresh({ path: 'byId', input: { id: 7 } }, fail)).rejects.toThrow(RangeError);
    expect(await caller.byId({ id: 7 })).toBe(2);
  });
});

describe('what is no entry is a mistake that says what to write', () => {
  test.each<[string, object, string, string]>([
    ['an unknown path', { path: 'byID' }, 'UNKNOWN_PATH', 'cache.register'],
    ['a query that is not cached', { path: 'plain' }, 'UNKNOWN_PATH', 'cache.register'],
    ['a private query without scope', { path: 'byId', input: { id: 7 } }, 'INVALID_TARGET', "scope: 'user-7'"],
    ['a key that needs a context', { path: 'keyed', input: { id: 7 } }, 'INVALID_TARGET', 'ctx'],
    ['a query with vary and no headers', { path: 'varied', input: { id: 7 } }, 'INVALID_TARGET', 'headers'],
  ])('%s', async (_, target, code, advice) => {
    const cache = cacheOf();
    const query = (options: CachedOptions<any, any>) =>
      t.procedure
        .input(Input)
        .use(cache.cached({ ttl: '1m', ...options }))
        .query(counter());
    cache.register(
      t.router({
        byId: query({ scope: perUser }),
        keyed: query({ key: ({ ctx }) => ctx.user.id }),
        varied: query({ vary: ['accept-language'] }),
        plain: t.procedure.query(counter()),
      }),
    );
    for (const work of [() => cache.peek(target as never), () => cache.refresh(target as never, () => 1)]) {
      const error = await errorOf(work);
      expect(error).toMatchObject({ name: 'CacheError', code });
      expect(error.message).toContain(advice);
    }
  });

  test('an input that the procedure refuses is refused with the reason of its parser', async () => {
    const { cache } = openFor();
    await expect(cache.peek({ path: 'byId', input: { id: 'x' } })).rejects.toThrow(/expected number/i);
  });
});

describe('under enabled: false', () => {
  test('refresh runs and invalidates, and neither refresh nor peek reads or fills', async () => {
    let enabled = true;
    const cache = cacheOf({ enabled: () => enabled });
    const run = counter();
    const router = cache.register(t.router({ value: t.procedure.use(cache.cached('1m')).query(run) }));
    const fills = listen(cache, 'fill');
    await router.createCaller({}).value();
    enabled = false;
    expect(await cache.peek({ path: 'value' })).toBeUndefined();
    expect(await cache.refresh({ path: 'value' }, () => 100)).toBe(100);
    enabled = true;
    expect(fills).toHaveLength(1);
    expect(await router.createCaller({}).value()).toBe(2);
  });
});
