import { TRPCError } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type CachedOptions, type CreateCacheOptions, memoryStore, type Store } from '../../src/index.ts';
import { type Context, cacheOf, counter, errorOf, listen, t } from '../support/app.ts';

describe('what cannot be told apart is not mixed (law 3)', () => {
  test('the failure of one input is not remembered for another, where a parser behind cached is not known yet', async () => {
    const cache = cacheOf();
    const caller = t
      .router({
        q: t.procedure
          .input(z.object({ a: z.number() }))
          .use(cache.cached({ ttl: '1h', errors: { NOT_FOUND: '1h' } }))
          .input(z.object({ b: z.number() }))
          .query(({ input }) => {
            if (input.b === 1) throw new TRPCError({ code: 'NOT_FOUND' });
            return input.b;
          }),
      })
      .createCaller({});
    await expect(caller.q({ a: 2, b: 1 })).rejects.toThrow('NOT_FOUND');
    expect(await caller.q({ a: 2, b: 2 })).toBe(2);
  });

  test('two procedures that callers of unregistered routers call by one path never share an entry', async () => {
    const cache = cacheOf();
    const bypassed = listen(cache, 'bypass');
    const named = (name: string) => t.router({ byId: t.procedure.use(cache.cached('1h')).query(() => name) });
    const [post, user] = [named('post').createCaller({}), named('user').createCaller({})];
    expect([await post.byId(), await user.byId(), await post.byId()]).toEqual(['post', 'user', 'post']);
    expect(bypassed).toEqual([{ path: 'byId', reason: 'unregistered' }]);
  });
});

describe('a second cached in a chain', () => {
  const chain = (
    outer: CachedOptions<any, any>,
    inner: CachedOptions<any, any>,
    defaults: CachedOptions<any, any> = {},
  ) => {
    const cache = cacheOf({ defaults });
    const query = t.procedure.use(cache.cached(outer)).use(cache.cached(inner)).query(counter());
    const caller = cache.register(t.router({ query })).createCaller({});
    return { cache, caller, fills: listen(cache, 'fill'), skips: listen(cache, 'skip') };
  };

  test('whose tags are not an array of strings is not kept: it could not be invalidated by them', async () => {
    const { caller, skips } = chain({ ttl: '1h' }, { ttl: '1h', tags: () => 'news' as never });
    expect([await caller.query(), await caller.query()]).toEqual([1, 2]);
    expect(skips).toEqual([
      { path: 'query', reason: 'callback' },
      { path: 'query', reason: 'callback' },
    ]);
  });

  test('that sets no ttl leaves that of the first, whatever the defaults are', async () => {
    const { caller, fills } = chain({ ttl: '1s' }, { tags: ['news'] }, { ttl: '1h' });
    await caller.query();
    expect(fills).toMatchObject([{ ttlMs: 1_000 }]);
  });
});

describe('callbacks that are async where they must not be', () => {
  const unhandled = vi.fn();
  beforeEach(() => void process.on('unhandledRejection', unhandled));
  afterEach(() => void process.off('unhandledRejection', unhandled));

  const rejecting = () => Promise.reject(new Error('async')) as never;
  test.each<[string, CachedOptions<any, any>, Partial<CreateCacheOptions<Context>>]>([
    ['scope', { scope: rejecting }, {}],
    ['tags', { tags: rejecting }, {}],
    ['when', { when: rejecting }, {}],
    ['ttl', { ttl: rejecting }, {}],
    ['enabled', {}, { enabled: rejecting }],
    ['headers', { vary: ['accept-language'] }, { headers: rejecting }],
    [
      'waitUntil',
      {},
      { waitUntil: rejecting, store: { ...memoryStore(), supports: { local: false } }, namespace: 'n' },
    ],
  ])('%s: the query answers, and no rejection ends the process', async (_, options, settings) => {
    const cache = cacheOf(settings);
    const query = t.procedure.use(cache.cached({ ttl: '1h', ...options })).query(counter());
    const caller = cache.register(t.router({ query })).createCaller({});
    expect(await caller.query()).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('a promise of false is not false: the call goes without the cache', async () => {
    const cache = cacheOf();
    const bypassed = listen(cache, 'bypass');
    const query = t.procedure.use(cache.cached({ ttl: '1h', when: (async () => false) as never })).query(counter());
    const caller = cache.register(t.router({ query })).createCaller({});
    expect([await caller.query(), await caller.query()]).toEqual([1, 2]);
    expect(bypassed[0]).toMatchObject({ reason: 'callback', error: { message: expect.stringContaining('when') } });
  });
});

describe('remembered failures', () => {
  class Missing extends TRPCError {
    readonly entity = 'post';
  }
  const withData = () => Object.assign(new TRPCError({ code: 'NOT_FOUND' }), { entity: 'post' });

  test.each([
    ['of a class of their own', () => new Missing({ code: 'NOT_FOUND' })],
    ['with data of their own', withData],
    ['with a cause', () => new TRPCError({ code: 'NOT_FOUND', cause: new Error('why') })],
  ])('%s are not kept: the second would not be the first', async (_, make) => {
    const cache = cacheOf();
    const run = vi.fn(() => {
      throw make();
    });
    const query = t.procedure.use(cache.cached({ ttl: '1h', errors: { NOT_FOUND: '1h' } })).query(run);
    const caller = cache.register(t.router({ query })).createCaller({});
    const [first, second] = [await errorOf(caller.query), await errorOf(caller.query)];
    expect(second).toEqual(first);
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('that the query does not ask for, forged into the store, are not served', async () => {
    const memory = memoryStore();
    const failing: Store = {
      ...memory,
      fill: (request) =>
        memory.fill({ ...request, entry: { ...request.entry, failure: { code: 'constructor', message: 'forged' } } }),
    };
    const cache = cacheOf({ store: failing });
    const query = t.procedure.use(cache.cached('1h')).query(counter());
    const caller = cache.register(t.router({ query })).createCaller({});
    expect([await caller.query(), await caller.query()]).toEqual([1, 2]);
  });
});

test('a wall clock that is set back does not lengthen the wait for the store (law 4)', async () => {
  vi.useFakeTimers();
  try {
    const memory = memoryStore();
    const store: Store = {
      ...memory,
      supports: { local: false },
      lookup: async (request) => {
        vi.setSystemTime(Date.now() - 3_600_000);
        return memory.lookup(request);
      },
      fill: () => new Promise(() => {}),
    };
    const cache = cacheOf({ store, namespace: 'n' });
    const query = t.procedure.use(cache.cached('1h')).query(counter());
    const caller = cache.register(t.router({ query })).createCaller({});
    const answered = vi.fn();
    const call = caller.query().then(answered);
    await vi.advanceTimersByTimeAsync(250);
    expect(answered).toHaveBeenCalledWith(1);
    await call;
  } finally {
    vi.useRealTimers();
  }
});

test('refresh works from where there is no context for enabled to read', async () => {
  const cache = cacheOf({ enabled: ({ ctx }) => ctx.user?.id !== 'nobody' });
  const query = t.procedure.use(cache.cached('1h')).query(counter());
  const caller = cache.register(t.router({ query })).createCaller({});
  expect(await cache.refresh({ path: 'query' }, () => 7)).toBe(7);
  expect(await caller.query()).toBe(7);
  expect(await cache.peek({ path: 'query' })).toMatchObject({ output: 7 });
});
