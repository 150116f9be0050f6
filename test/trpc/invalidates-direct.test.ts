import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { memoryStore, type Target } from '../../src/index.ts';
import { ann, bob, cacheOf, counter, errorOf, perUser, t } from '../support/app.ts';
import { faultyStore, throwing } from '../support/stores.ts';

const open = (store = memoryStore()) => {
  const cache = cacheOf({ scope: perUser, store, namespace: 'test' });
  const router = cache.register(
    t.router({
      post: {
        byId: t.procedure
          .input(z.object({ id: z.coerce.number() }))
          .use(cache.cached('1h'))
          .query(counter()),
        list: t.procedure.use(cache.cached({ ttl: '1h', tags: ['feed'] })).query(counter()),
      },
    }),
  );
  return { cache, router, asAnn: router.createCaller(ann), asBob: router.createCaller(bob) };
};

describe('cache.invalidate', () => {
  test('says what it wrote: targets, epochs, nothing widened', async () => {
    const { cache } = open();
    expect(await cache.invalidate('post.*', { path: 'post.byId', input: { id: '7' } }, { tag: 'feed' })).toEqual({
      acknowledged: true,
      targets: ['post.*', 'post.byId (input)', 'tag feed'],
      epochs: 5, // the subtree, the input as given and as parsed, the guard and the tag
      widened: [],
    });
  });

  test('works from outside of any call, before and after the routers are used', async () => {
    const { cache, asAnn } = open();
    await cache.invalidate('post.list');
    expect(await asAnn.post.list()).toBe(1);
    await cache.invalidate('post.list');
    expect(await asAnn.post.list()).toBe(2);
  });

  test('rejects when the store does not confirm, and keeps the write', async () => {
    const { store, fault } = faultyStore();
    const { cache, asAnn } = open(store);
    expect(await asAnn.post.list()).toBe(1);
    fault('advance', throwing);
    const error = await errorOf(() => cache.invalidate('post.list'));
    expect(error).toMatchObject({
      name: 'CacheError',
      code: 'NOT_ACKNOWLEDGED',
      cause: new Error('the store is down'),
    });
    fault('advance');
    expect(await asAnn.post.list()).toBe(2);
    await cache.close();
  });

  test.each<[unknown, string]>([
    [{ path: 'post.list', tag: 'feed' }, 'pass two targets'],
    [{ tag: 'feed', scope: 'ann' }, 'pass two targets'],
    [{ path: 'post.list', key: 'k', input: 1 }, '{ path, key }'],
    [{ input: { id: 1 } }, '{ path, input }'],
    [{}, "'post.byId'"],
    [42, "'post.byId'"],
    [['post.list'], 'an array'],
    [{ tag: '' }, 'non-empty string'],
    [{ scope: 7 }, 'a string, null or everyone'],
    [{ scope: '' }, 'a string, null or everyone'],
    ['', "'post.byId'"],
    ['post..list', 'joined by dots'],
    ['post.li*', 'a whole segment'],
    ['post.**', 'a whole segment'],
    ['post/list*', 'a whole segment'],
    ['.list', 'Write the whole path'],
    [{ path: '.*', scope: 'ann' }, 'Write the whole path'],
  ])('%j is no target, and the message says what to write', async (target, advice) => {
    const { cache } = open();
    const error = await errorOf(() => cache.invalidate(target as Target));
    expect(error).toMatchObject({ name: 'CacheError', code: 'INVALID_TARGET' });
    expect(error.message).toMatch(/^invalidate: /);
    expect(error.message).toContain(advice);
  });

  test('without a target it rejects: an empty list must not look done', async () => {
    const { cache } = open();
    const error = await errorOf(() => (cache.invalidate as () => Promise<unknown>)());
    expect(error).toMatchObject({ code: 'INVALID_TARGET', message: expect.stringContaining('clear()') });
  });
});

test('cache.for has the same members under the paths and types of a router', async () => {
  const { cache, router, asAnn, asBob } = open();
  const typed = cache.for<typeof router>();
  expect([await asAnn.post.byId({ id: 1 }), await asBob.post.byId({ id: 1 })]).toEqual([1, 2]);
  await typed.invalidate({ path: 'post.byId', input: { id: 1 }, scope: 'ann' });
  expect([await asAnn.post.byId({ id: 1 }), await asBob.post.byId({ id: 1 })]).toEqual([3, 2]);
  await typed.invalidate('post.*');
  expect([await asAnn.post.byId({ id: 1 }), await asBob.post.byId({ id: 1 })]).toEqual([4, 5]);
  expect((await typed.peek({ path: 'post.byId', input: { id: 1 }, scope: 'ann' }))?.output).toBe(4);
});

test('cache.clear makes everything of the namespace unusable, and nothing of another', async () => {
  const store = memoryStore();
  const here = open(store);
  const there = cacheOf({ store, namespace: 'other' });
  const other = there.register(t.router({ list: t.procedure.use(there.cached('1h')).query(counter()) }));
  const top = here.cache.wrap('top', counter(), { ttl: '1h' });
  const runs = async () => [
    await here.asAnn.post.list(),
    await here.asBob.post.byId({ id: 1 }),
    await top(),
    await other.createCaller({}).list(),
  ];
  expect(await runs()).toEqual([1, 1, 1, 1]);
  expect(await here.cache.clear()).toEqual({ acknowledged: true, targets: ['clear'], epochs: 1, widened: [] });
  expect(await runs()).toEqual([2, 2, 2, 1]);
});

test('the members of a cache can be taken out of it', async () => {
  const { invalidate, clear, register, cached } = cacheOf();
  const caller = register(t.router({ list: t.procedure.use(cached('1h')).query(counter()) })).createCaller({});
  expect(await caller.list()).toBe(1);
  await invalidate('list');
  expect(await caller.list()).toBe(2);
  await clear();
  expect(await caller.list()).toBe(3);
});
