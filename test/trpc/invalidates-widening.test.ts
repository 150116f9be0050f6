import { lazy } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cacheOf, counter, listen, perUser, t, withoutPath } from '../support/app.ts';
import { everything, openSite, siteOf } from '../support/site.ts';

const of = (pattern: RegExp) => everything.filter((entry) => pattern.test(entry));
const fail = () => {
  throw new Error('the callback is wrong');
};

describe('a target that cannot be resolved is widened with an event, never dropped', () => {
  test.each<[string, () => unknown, string, string[]]>([
    ['a key', () => ({ path: 'post.byId', key: 'k' }), 'post.byId', of(/ post.byId/)],
    ['a key under a pattern', () => ({ path: 'post.*', key: 'k' }), 'post.*', of(/ post\./)],
    [
      'an input that the parser refuses',
      () => ({ path: 'post.byId', input: { id: 'x' } }),
      'post.byId',
      of(/ post.byId/),
    ],
    ['an input that is missing', () => ({ path: 'post.byId', input: undefined }), 'post.byId', of(/ post.byId/)],
    ['an input without canonical text', () => ({ path: 'post.list', input: fail }), 'post.list', of(/ post.list/)],
    ['an input that one of many refuses', () => ({ path: 'post.*', input: { id: 'x' } }), 'post.*', of(/ post\./)],
    [
      'an input that the parser refuses, of one user',
      () => ({ path: 'post.byId', input: {}, scope: 'bob' }),
      'post.byId of the scope',
      of(/bob post.byId/),
    ],
    ['a forgotten scope', () => ({ path: 'post.byId', scope: undefined }), 'post.byId', of(/ post.byId/)],
    [
      'a forgotten scope beside an input',
      () => ({ path: 'post.byId', input: { id: 1 }, scope: undefined }),
      'post.byId',
      of(/ post.byId/),
    ],
    ['a forgotten scope alone', () => ({ scope: undefined }), '*', everything],
    ['an empty scope', () => ({ scope: '' }), '*', everything],
    ['a router', () => 'post', 'post.*', of(/ post\./)],
    ['a router and an input', () => ({ path: 'post', input: { id: 1 } }), 'post.*', of(/ post\./)],
    ['a router of one user', () => ({ path: 'post', scope: 'bob' }), 'post.* of the scope', of(/bob post\./)],
    [
      'an inner star that matches nothing, of one user',
      () => ({ path: '*.nope', scope: 'bob' }),
      'the scope',
      of(/bob /),
    ],
    ['a number', () => 42, '*', everything],
    ['an empty object', () => ({}), '*', everything],
    ['an empty tag', () => ({ tag: '' }), '*', everything],
    ['a callback that throws', fail, '*', everything],
    ['a callback that rejects', async () => fail(), '*', everything],
  ])('%s', async (_, target, to, expected) => {
    const { cache, caller, renewed } = await openSite([target as () => string]);
    const widened = listen(cache, 'widen');
    await caller.post.update({ id: 1 });
    expect(widened).toEqual([expect.objectContaining({ to, reason: expect.stringMatching(/\w+ \w+/) })]);
    expect(await renewed()).toEqual(expected);
  });

  test('a callback that throws is reported as the error it is', async () => {
    const { cache, caller } = await openSite([fail]);
    const errors = listen(cache, 'error');
    await expect(caller.post.update({ id: 1 })).resolves.toEqual({ id: 1, author: 'ann' });
    expect(errors).toEqual([{ operation: 'invalidate', error: new Error('the callback is wrong') }]);
  });

  test('an exact target beside it stays exact', async () => {
    const { cache, caller, renewed } = await openSite(['list', () => ({ path: 'user.byId', key: 'k' })]);
    const widened = listen(cache, 'widen');
    await caller.post.update({ id: 1 });
    expect(widened.map(({ to }) => to)).toEqual(['user.byId']);
    expect(await renewed()).toEqual(of(/ list| user.byId/));
  });

  test('the input of a procedure that names its entries by a key', async () => {
    const cache = cacheOf();
    const widened = listen(cache, 'widen');
    const router = cache.register(
      t.router({
        byId: t.procedure
          .input(z.number())
          .use(cache.cached({ ttl: '1h', key: () => 'one for all' }))
          .query(counter()),
      }),
    );
    const caller = router.createCaller({});
    expect([await caller.byId(1), await caller.byId(2)]).toEqual([1, 1]);
    await cache.invalidate({ path: 'byId', input: 2 });
    expect(widened).toEqual([expect.objectContaining({ to: 'byId' })]);
    expect(await caller.byId(1)).toBe(2);
  });
});

describe('without a registered router', () => {
  const open = () => {
    const cache = cacheOf({ scope: perUser });
    const { routers, query } = siteOf(cache);
    const caller = t.router({ list: query(), ...routers }).createCaller({ user: { id: 'ann' } });
    return { cache, caller, widened: listen(cache, 'widen') };
  };

  test.each([
    ['*.list', '*', [2, 2, 2]],
    ['post.*.list', 'post.*', [2, 2, 1]],
    [{ path: 'post.list', input: { id: 1 } }, 'post.list', [2, 1, 1]],
    [{ path: '*.list', scope: 'ann' }, 'the scope', [2, 2, 2]],
  ] as const)('%j is widened to %s', async (target, to, expected) => {
    const { cache, caller, widened } = open();
    const runs = async () => [await caller.post.list(), await caller.post.comments.list(), await caller.postman.list()];
    expect(await runs()).toEqual([1, 1, 1]);
    await cache.invalidate(target);
    expect(widened).toEqual([expect.objectContaining({ to })]);
    expect(await runs()).toEqual(expected);
  });

  test.each(['post.*', 'post.list', { path: 'post.list', scope: 'ann' }, { scope: 'ann' }] as const)(
    '%j needs no router',
    async (target) => {
      const { cache, caller, widened } = open();
      expect(await caller.post.list()).toBe(1);
      await cache.invalidate(target);
      expect(widened).toEqual([]);
      expect(await caller.post.list()).toBe(2);
    },
  );
});

describe('a lazy router that is not loaded yet', () => {
  const open = () => {
    const cache = cacheOf();
    const { routers } = siteOf(cache);
    const router = t.router({
      post: lazy(async () => t.router(routers.post)),
      touch: t.procedure.use(cache.invalidates('*.list', { path: 'post.byId', input: { id: 1 } })).mutation(() => 'ok'),
    });
    cache.register(router);
    return { cache, router, caller: router.createCaller({}), widened: listen(cache, 'widen') };
  };

  test('is no mistake at register', () => {
    expect(open).not.toThrow();
  });

  test('has its targets widened, which reaches entries that another process filled', async () => {
    const { caller, widened } = open();
    await caller.touch();
    expect(widened.map(({ to }) => to)).toEqual(['*', 'post.byId']);
  });

  test('has its targets exact once it is loaded', async () => {
    const { caller, widened } = open();
    const runs = async () => [
      await caller.post.list(),
      await caller.post.byId({ id: 1 }),
      await caller.post.byId({ id: 2 }),
    ];
    expect(await runs()).toEqual([1, 1, 2]);
    await caller.touch();
    expect(widened).toEqual([]);
    expect(await runs()).toEqual([2, 3, 2]);
  });
});

test('a mutation called without a path has its relative targets widened', async () => {
  const cache = cacheOf();
  const widened = listen(cache, 'widen');
  const act = t.procedure
    .use(cache.invalidates('.list'))
    .experimental_caller(withoutPath('mutation'))
    .mutation(() => 'ok');
  await expect(act()).resolves.toBe('ok');
  expect(widened).toEqual([expect.objectContaining({ target: '.list', to: '*' })]);
});
