import { lazy } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { memoryStore } from '../../src/index.ts';
import { cacheOf, contextOf, counter, errorOf, listen, requester, t, withoutPath } from '../support/app.ts';

const open = (cache = cacheOf()) => {
  const query = () => t.procedure.use(cache.cached('1h')).query(counter());
  return { cache, query, bypassed: listen(cache, 'bypass') };
};

describe('which procedure a call means', () => {
  test('callers of two sub-routers have the same path and never share an entry', async () => {
    const { cache, bypassed } = open();
    const named = (name: string) => t.procedure.use(cache.cached('1h')).query(() => name);
    const post = t.router({ byId: named('post') });
    const user = t.router({ byId: named('user') });
    const root = cache.register(t.router({ post, user, byId: named('root') }));
    expect(await root.createCaller({}).byId()).toBe('root');
    expect([await post.createCaller({}).byId(), await user.createCaller({}).byId()]).toEqual(['post', 'user']);
    expect(bypassed).toEqual([
      { path: 'byId', reason: 'unregistered' },
      { path: 'byId', reason: 'unregistered' },
    ]);
  });

  test('callers of the root and HTTP requests share an entry', async () => {
    const { cache, query } = open();
    const router = t.router({ post: { list: query() } });
    const request = await requester(cache.http({ router, createContext: contextOf }));
    expect(await router.createCaller({}).post.list()).toBe(1);
    const response = await request('post.list');
    expect(response.body).toBe('{"result":{"data":1}}');
    expect(response.headers.get('x-cache')).toBe('HIT');
  });

  test('an experimental caller has no path, so it is a bypass', async () => {
    const { cache, bypassed } = open();
    const action = t.procedure.use(cache.cached('1h')).experimental_caller(withoutPath('query')).query(counter());
    expect([await action(), await action()]).toEqual([1, 2]);
    expect(bypassed).toEqual([
      { path: '', reason: 'no-path' },
      { path: '', reason: 'no-path' },
    ]);
  });

  test('a procedure that no registered router holds is a bypass', async () => {
    const { cache, query, bypassed } = open();
    cache.register(t.router({ other: query() }));
    const caller = t.router({ list: query() }).createCaller({});
    expect([await caller.list(), await caller.list()]).toEqual([1, 2]);
    expect(bypassed.map(({ reason }) => reason)).toEqual(['unregistered', 'unregistered']);
  });

  test('merged routers have one entry per path', async () => {
    const { cache, query } = open();
    const router = cache.register(
      t.mergeRouters(t.router({ a: query() }), t.router({ b: query(), deep: { a: query() } })),
    );
    const caller = router.createCaller({});
    expect([await caller.a(), await caller.b(), await caller.deep.a()]).toEqual([1, 1, 1]);
    await cache.invalidate('deep.*');
    expect([await caller.a(), await caller.b(), await caller.deep.a()]).toEqual([1, 1, 2]);
  });

  test('a router mounted twice has entries of its own at each place, and relative targets of each', async () => {
    const { cache, bypassed } = open();
    const list = t.procedure.use(cache.cached('1h')).query(counter());
    const act = t.procedure.use(cache.invalidates('.list')).mutation(() => 'ok');
    const shared = t.router({ list, act });
    const caller = cache.register(t.router({ left: shared, right: shared })).createCaller({});
    expect([await caller.left.list(), await caller.right.list(), await caller.left.list()]).toEqual([1, 2, 1]);
    await caller.left.act();
    expect([await caller.left.list(), await caller.right.list()]).toEqual([3, 2]);
    expect(bypassed).toEqual([]);
  });

  test('a mutation called through a caller of its sub-router still means the paths it is registered under', async () => {
    const { cache, query } = open();
    const post = t.router({ list: query(), act: t.procedure.use(cache.invalidates('.list')).mutation(() => 'ok') });
    const caller = cache.register(t.router({ list: query(), post })).createCaller({});
    expect([await caller.list(), await caller.post.list()]).toEqual([1, 1]);
    await post.createCaller({}).act();
    expect([await caller.list(), await caller.post.list()]).toEqual([1, 2]);
  });
});

describe('lazy routers', () => {
  test('are cached under their full path from the first call on', async () => {
    const { cache, query, bypassed } = open();
    const inner = t.router({ list: query(), deep: lazy(async () => t.router({ list: query() })) });
    const caller = cache.register(t.router({ list: query(), post: lazy(async () => inner) })).createCaller({});
    const runs = async () => [await caller.list(), await caller.post.list(), await caller.post.deep.list()];
    expect([await runs(), await runs()]).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(bypassed).toEqual([]);
    await cache.invalidate('post.*');
    expect(await runs()).toEqual([1, 2, 2]);
  });

  test('loaded after registration tell callers of sub-routers apart, too', async () => {
    const { cache, query, bypassed } = open();
    const post = t.router({ list: query() });
    const caller = cache.register(t.router({ list: query(), post: lazy(async () => post) })).createCaller({});
    expect([await caller.list(), await caller.post.list()]).toEqual([1, 1]);
    expect(await post.createCaller({}).list()).toBe(2);
    expect(bypassed).toEqual([{ path: 'list', reason: 'unregistered' }]);
  });
});

describe('hot reload', () => {
  const graph = (cache = cacheOf()) => {
    const { query } = open(cache);
    const router = t.router({
      post: { list: query(), act: t.procedure.use(cache.invalidates('.list')).mutation(() => 'ok') },
    });
    cache.register(router);
    return router.createCaller({});
  };

  test('the same router in two module graphs of one cache shares entries and invalidations', async () => {
    const cache = cacheOf();
    const first = graph(cache);
    const second = graph(cache);
    expect([await first.post.list(), await second.post.list()]).toEqual([1, 1]);
    await second.post.act();
    expect(await first.post.list()).toBe(2);
    await first.post.act();
    expect(await second.post.list()).toBe(1); // the second graph's own resolver runs for the first time
  });

  test('two module graphs with a cache each keep the laws on one store object', async () => {
    const store = memoryStore();
    const first = graph(cacheOf({ store }));
    const second = graph(cacheOf({ store }));
    expect([await first.post.list(), await second.post.list()]).toEqual([1, 1]);
    await second.post.act();
    expect([await first.post.list(), await second.post.list()]).toEqual([2, 2]);
  });

  test('an edited parser under the same paths decides what the input of a target means', async () => {
    const { cache } = open();
    const graphWith = (parser: z.ZodString) =>
      cache
        .register(t.router({ list: t.procedure.input(parser).use(cache.cached('1h')).query(counter()) }))
        .createCaller({});
    graphWith(z.string());
    const newer = graphWith(z.string().toLowerCase());
    expect(await newer.list('a')).toBe(1);
    await cache.invalidate({ path: 'list', input: 'A' });
    expect(await newer.list('a')).toBe(2);
  });

  test('an edited router takes the place of the older one, whose calls become bypasses', async () => {
    const { cache, query, bypassed } = open();
    const older = cache.register(t.router({ list: query() })).createCaller({});
    const newer = cache.register(t.router({ list: query(), added: query() })).createCaller({});
    expect(await newer.list()).toBe(1);
    expect([await older.list(), await older.list(), await newer.list()]).toEqual([1, 2, 1]);
    expect(bypassed.map(({ reason }) => reason)).toEqual(['unregistered', 'unregistered']);
  });

  test('registering the same router again does nothing', () => {
    const { cache, query } = open();
    const router = t.router({ list: query() });
    expect(cache.register(router)).toBe(router);
    expect(cache.register(router)).toBe(router);
    expect(cache.http({ router })).toMatchObject({ router });
  });
});

describe('a router that is made anew for every request', () => {
  test('is cached, and those of long ago are let go: memory does not grow with requests (law 7)', async () => {
    const { cache, query, bypassed } = open();
    const routers = Array.from({ length: 20 }, () => cache.register(t.router({ list: query() })));
    expect(await routers.at(-1)?.createCaller({}).list()).toBe(1);
    expect(await routers.at(-8)?.createCaller({}).list()).toBe(1);
    expect(bypassed).toEqual([]);
    await routers[0]?.createCaller({}).list();
    expect(bypassed).toEqual([{ path: 'list', reason: 'unregistered' }]);
  });
});

describe('a second, different router', () => {
  const two = () => {
    const { cache, query } = open();
    return {
      cache,
      v1: t.router({ post: { list: query() } }),
      v2: t.router({ post: { list: query(), added: query() }, me: query() }),
    };
  };

  test('needs a mount, and the error says so', async () => {
    const { cache, query } = open();
    cache.register(t.router({ list: query(), one: query() }));
    const error = await errorOf(() => cache.register(t.router({ list: query(), other: query() })));
    expect(error).toMatchObject({ name: 'CacheError', code: 'ROUTER_CONFLICT' });
    expect(error.message).toContain("cache.register(router, { mount: 'v2' })");
  });

  test('with a mount has paths of its own, in entries and in targets', async () => {
    const { cache, v1, v2 } = two();
    cache.register(v1);
    cache.register(v2, { mount: 'v2' });
    const [one, other] = [v1.createCaller({}), v2.createCaller({})];
    const runs = async () => [await one.post.list(), await other.post.list(), await other.me()];
    expect(await runs()).toEqual([1, 1, 1]);
    await cache.invalidate('post.*');
    expect(await runs()).toEqual([2, 1, 1]);
    await cache.invalidate('v2.post.*');
    expect(await runs()).toEqual([2, 2, 1]);
  });

  test('with a mount is served by cache.http without being registered anew', async () => {
    const { cache, v1, v2 } = two();
    cache.register(v1);
    cache.register(v2, { mount: 'v2' });
    const request = await requester(cache.http({ router: v2, createContext: contextOf }));
    expect((await request('post.list')).headers.get('x-cache')).toBe('MISS');
    expect((await request('post.list')).headers.get('x-cache')).toBe('HIT');
    await cache.invalidate('v2.post.*');
    expect((await request('post.list')).headers.get('x-cache')).toBe('MISS');
    expect(await v1.createCaller({}).post.list()).toBe(1);
    expect(await v1.createCaller({}).post.list()).toBe(1);
  });

  test('cannot share procedures with the first: their entries would have two names', async () => {
    const { cache, query } = open();
    const post = t.router({ list: query() });
    const v1 = cache.register(t.router({ post }));
    const v2 = t.router({ post, added: query() });
    const error = await errorOf(() => cache.register(v2, { mount: 'v2' }));
    expect(error).toMatchObject({ name: 'CacheError', code: 'ROUTER_CONFLICT' });
    expect(error.message).toContain('post.list');
    expect(error.message).toContain('a function that makes it');
    expect(await v1.createCaller({}).post.list()).toBe(1);
    await cache.invalidate('post.list');
    expect(await v1.createCaller({}).post.list()).toBe(2);
  });

  test('that holds a part registered before takes its place', async () => {
    const { cache, query, bypassed } = open();
    const part = cache.register(t.router({ list: query() }));
    const whole = cache.register(t.mergeRouters(part, t.router({ added: query() })));
    expect([await part.createCaller({}).list(), await whole.createCaller({}).list()]).toEqual([1, 1]);
    await cache.invalidate('list');
    expect([await whole.createCaller({}).list(), await part.createCaller({}).list()]).toEqual([2, 2]);
    expect(bypassed).toEqual([]);
  });

  test('cannot be one that is registered already: its entries would have two names', async () => {
    const { cache, v1 } = two();
    cache.register(v1);
    const error = await errorOf(() => cache.register(v1, { mount: 'v2' }));
    expect(error).toMatchObject({ name: 'CacheError', code: 'ROUTER_CONFLICT' });
    expect(await v1.createCaller({}).post.list()).toBe(1);
    await cache.invalidate('post.list');
    expect(await v1.createCaller({}).post.list()).toBe(2);
  });
});

test.each([
  ['nothing', undefined, {}, 'cache.register(t.router({'],
  ['an object', {}, {}, 'cache.register(t.router({'],
  ['a mount that is no string', t.router({}), { mount: 2 }, "'v2'"],
  ['a mount with a star', t.router({}), { mount: 'v*' }, "'v2'"],
])('register refuses %s, and says what to write', async (_, router, options, advice) => {
  const error = await errorOf(() => cacheOf().register(router as never, options as never));
  expect(error).toMatchObject({ name: 'CacheError', code: 'INVALID_OPTION' });
  expect(error.message).toContain(advice);
});
