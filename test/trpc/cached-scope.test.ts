import { describe, expect, test } from 'vitest';
import { everyone, type HttpLifetimes, type Scope } from '../../src/index.ts';
import { ann, bob, type Context, cacheOf, contextOf, counter, listen, perUser, requester, t } from '../support/app.ts';

const openWith = (scope: Scope<any, any>, cacheScope: Scope<any, any> = 'public', http = {}) => {
  const cache = cacheOf({ scope: cacheScope });
  const router = t.router({
    me: t.procedure.use(cache.cached({ ttl: '1h', scope, http })).query(counter()),
  });
  cache.register(router);
  return {
    cache,
    router,
    as: (ctx: Context) => router.createCaller(ctx).me(),
    bypassed: listen(cache, 'bypass'),
  };
};

describe('scope', () => {
  test('a user never sees the entry of another one', async () => {
    const { as } = openWith(perUser);
    expect([await as(ann), await as(bob), await as(ann), await as(bob)]).toEqual([1, 2, 1, 2]);
  });

  test('null is one entry for all who are not signed in, and nobody else', async () => {
    const { as } = openWith(perUser);
    expect([await as({}), await as({ user: null }), await as(ann)]).toEqual([1, 1, 2]);
  });

  test('of a query replaces that of the cache, in both directions', async () => {
    const wide = openWith('public', perUser);
    expect([await wide.as(ann), await wide.as(bob)]).toEqual([1, 1]);
    const narrow = openWith(perUser, 'public');
    expect([await narrow.as(ann), await narrow.as(bob)]).toEqual([1, 2]);
  });

  test.each([
    ['undefined', undefined],
    ['an empty string', ''],
    ['a number', 7],
    ['an object', { id: 'ann' }],
    ['another symbol', Symbol('everyone')],
  ])('%s is a forgotten sign-in: a bypass with an event', async (_, value) => {
    const { as, bypassed } = openWith(() => value as never);
    expect([await as(ann), await as(ann)]).toEqual([1, 2]);
    expect(bypassed).toEqual(Array(2).fill({ path: 'me', reason: 'scope', error: expect.any(Error) }));
    expect(bypassed[0]).toMatchObject({ error: { message: expect.stringContaining('null or everyone') } });
  });

  test.each(['public', '*', '-', 'null', 'everyone'])(
    'a user whose id is %j has a private scope like any other',
    async (id) => {
      const { as } = openWith(({ ctx }) => (ctx.user === undefined ? everyone : (ctx.user?.id ?? null)));
      expect([await as({}), await as({ user: null }), await as({ user: { id } })]).toEqual([1, 2, 3]);
      expect([await as({}), await as({ user: null }), await as({ user: { id } })]).toEqual([1, 2, 3]);
    },
  );

  test('a callback that returns everyone shares the entry of the literal', async () => {
    const { cache, as } = openWith(() => everyone);
    expect([await as(ann), await as(bob)]).toEqual([1, 1]);
    await cache.invalidate({ scope: everyone });
    expect(await as(ann)).toBe(2);
  });

  test.each<[string, Scope<any, any>, HttpLifetimes, RegExp]>([
    ["'public'", 'public', { cdn: '1m' }, /public|s-maxage/],
    ['a callback', perUser, { browser: '1m' }, /private/],
    ["a callback that returns 'public'", () => 'public', { browser: '1m' }, /private/],
    ['a callback that returns everyone', () => everyone, { browser: '1m' }, /private/],
  ])('only the literal may be kept by shared caches: %s', async (_, scope, http, expected) => {
    const { cache, router } = openWith(scope, 'public', http);
    const request = await requester(cache.http({ router, createContext: contextOf }));
    expect((await request('me')).headers.get('cache-control')).toMatch(expected);
  });
});
