import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { ann, bob, type Context, cacheOf, contextOf, counter, listen, perUser, requester, t } from '../support/app.ts';

const Input = z.object({ id: z.coerce.number(), limit: z.number().default(10) });

const open = (options = {}) => {
  const cache = cacheOf(options);
  return { cache, bypassed: listen(cache, 'bypass') };
};

describe('behind .input()', () => {
  test('what is parsed alike is one entry', async () => {
    const { cache } = open();
    const router = cache.register(
      t.router({ list: t.procedure.input(Input).use(cache.cached('1h')).query(counter()) }),
    );
    const { list } = router.createCaller({});
    expect(await list({ id: 1 })).toBe(1);
    expect(await list({ id: '1', limit: 10, utm: 'mail' } as never)).toBe(1);
    expect(await list({ id: 1, limit: 11 })).toBe(2);
  });

  test('callbacks get the parsed input, the context as it was left before, and the path', async () => {
    const { cache } = open();
    const seen = vi.fn((..._args: unknown[]) => ['tag']);
    const router = cache.register(
      t.router({
        list: t.procedure
          .use(({ next }) => next({ ctx: { tenant: 'acme' } }))
          .input(Input)
          .use(cache.cached({ ttl: '1h', tags: ({ ctx, input, path }) => seen(ctx, input, path) }))
          .query(counter()),
      }),
    );
    await router.createCaller(ann).list({ id: 1 });
    expect(seen).toHaveBeenCalledWith({ ...ann, tenant: 'acme' }, { id: 1, limit: 10 }, 'list');
  });
});

describe('before .input()', () => {
  const openBefore = () => {
    const { cache, bypassed } = open();
    const list = t.procedure.use(cache.cached('1h')).input(Input).query(counter());
    return { cache, bypassed, router: t.router({ list }) };
  };

  test('the raw input tells calls apart', async () => {
    const { cache, router, bypassed } = openBefore();
    const { list } = cache.register(router).createCaller({});
    expect([await list({ id: 1 }), await list({ id: 2 }), await list({ id: 1 })]).toEqual([1, 2, 1]);
    expect(await list({ id: '1' })).toBe(3);
    expect(bypassed).toEqual([]);
  });

  test('a target renews the input as given and as parsed', async () => {
    const { cache, router } = openBefore();
    const { list } = cache.register(router).createCaller({});
    const runs = async () => [await list({ id: 1 }), await list({ id: '1' }), await list({ id: 2 })];
    expect(await runs()).toEqual([1, 2, 3]);
    await cache.invalidate({ path: 'list', input: { id: 1, limit: 10 } });
    expect(await runs()).toEqual([4, 5, 3]);
  });

  test('an input that is refused is refused every time, and nothing is stored', async () => {
    const { cache, router, bypassed } = openBefore();
    const { list } = cache.register(router).createCaller({});
    for (let call = 0; call < 2; call++) await expect(list({ id: 'x' })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(bypassed.map(({ reason }) => reason)).toEqual(['input', 'input']);
  });

  test('without a registered router it is learned on the first run, before anything is stored', async () => {
    const { router } = openBefore();
    const { list } = router.createCaller({});
    expect([await list({ id: 1 }), await list({ id: 2 })]).toEqual([1, 2]);
    expect([await list({ id: 1 }), await list({ id: 2 })]).toEqual([1, 2]);
  });
});

describe('between two inputs', () => {
  const openBetween = () => {
    const { cache } = open();
    const list = t.procedure
      .input(z.object({ id: z.number() }))
      .use(cache.cached('1h'))
      .input(z.object({ language: z.string() }))
      .query(counter());
    return { cache, router: t.router({ list }) };
  };
  const calls = [
    { id: 1, language: 'en' },
    { id: 1, language: 'de' },
    { id: 2, language: 'en' },
  ];

  test('what only the second parser knows tells calls apart', async () => {
    const { cache, router } = openBetween();
    const { list } = cache.register(router).createCaller({});
    const runs = async () => [await list(calls[0]!), await list(calls[1]!), await list(calls[2]!)];
    expect([await runs(), await runs()]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    await cache.invalidate({ path: 'list', input: calls[1]! });
    expect(await runs()).toEqual([1, 4, 3]);
  });

  test('without a registered router the first answer is not stored under the first parser alone', async () => {
    const { router } = openBetween();
    const { list } = router.createCaller({});
    expect(await list(calls[0]!)).toBe(1);
    const runs = async () => [await list(calls[0]!), await list(calls[1]!), await list(calls[2]!)];
    expect(await runs()).toEqual([2, 3, 4]);
    expect(await runs()).toEqual([2, 3, 4]);
  });
});

describe('a base procedure with cached', () => {
  test('serves procedures with and without input, each from entries of its own', async () => {
    const { cache, bypassed } = open();
    const cachedProcedure = t.procedure.use(cache.cached('1h'));
    const run = counter();
    const router = cache.register(
      t.router({
        now: cachedProcedure.query(run),
        byId: cachedProcedure.input(z.number()).query(run),
        byName: cachedProcedure.input(z.string()).query(run),
        act: cachedProcedure.mutation(run),
      }),
    );
    const caller = router.createCaller({});
    const runs = async () => [await caller.now(), await caller.byId(1), await caller.byId(2), await caller.byName('1')];
    expect([await runs(), await runs()]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
    expect([await caller.act(), await caller.act()]).toEqual([5, 6]);
    expect(bypassed).toEqual([]);
  });
});

describe('twice in a chain', () => {
  test('the second one replaces ttl and adds tags, and does not wait for the first', async () => {
    const { cache } = open();
    const fills = listen(cache, 'fill');
    const router = cache.register(
      t.router({
        list: t.procedure
          .use(cache.cached({ ttl: '1m', tags: ['first'] }))
          .use(cache.cached({ ttl: '1h', tags: ['second'] }))
          .query(counter()),
      }),
    );
    const { list } = router.createCaller({});
    expect([await list(), await list()]).toEqual([1, 1]);
    expect(fills.map(({ ttlMs }) => ttlMs)).toEqual([3_600_000]);
    await cache.invalidate({ tag: 'second' });
    expect([await list(), await list()]).toEqual([2, 2]);
    await cache.invalidate({ tag: 'first' });
    expect(await list()).toBe(3);
  });

  test('a second one that would decide who shares keeps nothing, rather than sharing too much', async () => {
    const { cache } = open();
    const skipped = listen(cache, 'skip');
    const router = cache.register(
      t.router({
        me: t.procedure
          .use(cache.cached('1m'))
          .use(cache.cached({ ttl: '1m', scope: perUser }))
          .query(({ ctx }) => ctx.user?.id),
      }),
    );
    expect([await router.createCaller(ann).me(), await router.createCaller(bob).me()]).toEqual(['ann', 'bob']);
    expect(skipped.map(({ reason }) => reason)).toEqual(['middleware-behind', 'middleware-behind']);
  });

  test('behind a bypass the second one passes through', async () => {
    const { cache } = open();
    const chain = t.procedure.use(cache.cached({ ttl: '1m', when: () => false })).use(cache.cached('1m'));
    const { list } = cache.register(t.router({ list: chain.query(counter()) })).createCaller({});
    expect([await list(), await list()]).toEqual([1, 2]);
  });
});

describe('.output()', () => {
  const whole = () => ({ id: 1, secret: 'x' });
  const Output = z.object({ id: z.number() });

  test.each([
    [
      'before',
      (cache: ReturnType<typeof cacheOf>) => t.procedure.output(Output).use(cache.cached('1h')).query(vi.fn(whole)),
    ],
    [
      'behind',
      (cache: ReturnType<typeof cacheOf>) => t.procedure.use(cache.cached('1h')).output(Output).query(vi.fn(whole)),
    ],
  ])('%s cached strips on the hit what it stripped on the miss, to callers and over HTTP', async (_, make) => {
    const { cache, bypassed } = open();
    const router = cache.register(t.router({ one: make(cache) }));
    const caller = router.createCaller({});
    expect([await caller.one(), await caller.one()]).toEqual([{ id: 1 }, { id: 1 }]);
    const request = await requester(cache.http({ router, createContext: contextOf }));
    expect((await request('one')).body).toBe('{"result":{"data":{"id":1}}}');
    expect(bypassed).toEqual([]);
  });
});

describe('middlewares around', () => {
  test('auth before cached runs on every hit', async () => {
    const { cache } = open();
    const auth = vi.fn(({ next }) => next());
    const { list } = cache
      .register(t.router({ list: t.procedure.use(auth).use(cache.cached('1h')).query(counter()) }))
      .createCaller({});
    expect([await list(), await list()]).toEqual([1, 1]);
    expect(auth).toHaveBeenCalledTimes(2);
  });

  test('one that changes the context before cached changes nothing about finding the call again', async () => {
    const { cache } = open();
    const list = t.procedure
      .use(({ next }) => next({ ctx: { one: 1 } }))
      .use(({ next }) => next({ ctx: { two: 2 } }))
      .use(cache.cached('1h'))
      .query((opts) => {
        cache.control(opts).noStore();
        return counter()();
      });
    const router = cache.register(t.router({ list }));
    const request = await requester(cache.http({ router, createContext: contextOf }));
    const reply = await request('list');
    expect([reply.headers.get('x-cache'), reply.headers.get('cache-control')]).toEqual(['MISS', 'no-store']);
  });

  test('one that changes the input before cached: what it made tells calls apart, and targets still find them', async () => {
    const { cache } = open();
    const lower = ({ input, next }: any) => next({ input: input.toLowerCase() });
    const list = t.procedure.input(z.string()).use(lower).use(cache.cached('1h')).query(counter());
    const caller = cache.register(t.router({ list })).createCaller({});
    expect([await caller.list('A'), await caller.list('a'), await caller.list('B')]).toEqual([1, 1, 2]);
    await cache.invalidate({ path: 'list', input: 'A' });
    expect([await caller.list('A'), await caller.list('B')]).toEqual([3, 2]);
  });

  test('one behind cached makes it a bypass with an event, so that a guard there still guards', async () => {
    const { cache, bypassed } = open();
    const guard = vi.fn(({ next }) => next());
    const { list } = cache
      .register(t.router({ list: t.procedure.use(cache.cached('1h')).use(guard).query(counter()) }))
      .createCaller({});
    expect([await list(), await list()]).toEqual([1, 2]);
    expect(guard).toHaveBeenCalledTimes(2);
    expect(bypassed).toEqual(Array(2).fill({ path: 'list', reason: 'middleware-behind' }));
  });

  test.each([
    ['a function', (work: any) => work],
    ['made by t.middleware', (work: any) => t.middleware(work)],
    ['a chain of two', (work: any) => t.middleware(({ next }) => next()).unstable_pipe(work)],
  ])('a pure one behind cached (%s) is skipped on a hit', async (_, make) => {
    const { cache, bypassed } = open();
    const log = vi.fn(({ next }) => next());
    const { list } = cache
      .register(
        t.router({
          list: t.procedure
            .use(cache.cached('1h'))
            .use(cache.pure(make(log)))
            .query(counter()),
        }),
      )
      .createCaller({});
    expect([await list(), await list()]).toEqual([1, 1]);
    expect(log).toHaveBeenCalledTimes(1);
    expect(bypassed).toEqual([]);
  });

  test('without a registered router one that changes ctx is seen on the first run, before anything is stored', async () => {
    const { cache } = open();
    const signIn = ({ ctx, next }: { ctx: Context; next: (opts: object) => any }) =>
      next({ ctx: { name: ctx.user?.id } });
    const me = t.procedure
      .use(cache.cached('1h'))
      .use(signIn as never)
      .query(({ ctx }) => (ctx as unknown as { name: string }).name);
    const router = t.router({ me });
    const names = async () => [await router.createCaller(ann).me(), await router.createCaller(bob).me()];
    expect([await names(), await names()]).toEqual([
      ['ann', 'bob'],
      ['ann', 'bob'],
    ]);
  });
});
