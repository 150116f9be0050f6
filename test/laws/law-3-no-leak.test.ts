import { describe, expect, test, vi } from 'vitest';
import { everyone } from '../../src/index.ts';
import { ann, bob, type Context, cacheOf, counter, listen, perUser, t } from '../support/app.ts';
import { faultyStore } from '../support/stores.ts';
import { onEveryStore } from './worlds.ts';

const nobody: Context = { user: null };

describe('law 3: an entry is served only within its scope, its vary, its key and its procedure', () => {
  onEveryStore((world) => {
    test('two users never see each other’s data, whoever comes first', async () => {
      const cache = world.cache({ scope: perUser });
      const read = vi.fn(({ ctx }: { ctx: Context }) => `secret of ${ctx.user?.id}`);
      const router = cache.register(t.router({ read: t.procedure.use(cache.cached('1h')).query(read) }));
      for (let round = 0; round < 2; round++) {
        for (const ctx of [ann, bob, nobody]) {
          expect(await router.createCaller(ctx).read()).toBe(`secret of ${ctx.user?.id}`);
        }
      }
      expect(read).toHaveBeenCalledTimes(3);
    });

    test('two users at the same time never share a flight', async () => {
      const cache = world.cache({ scope: perUser });
      const read = vi.fn(async ({ ctx }: { ctx: Context }) => ctx.user?.id);
      const router = cache.register(t.router({ read: t.procedure.use(cache.cached('1h')).query(read) }));
      const calls = [ann, bob, ann, bob].map((ctx) => router.createCaller(ctx).read());
      expect(await Promise.all(calls)).toEqual(['ann', 'bob', 'ann', 'bob']);
      expect(read).toHaveBeenCalledTimes(2);
    });
  });

  const scopes: [string, unknown][] = [
    ['everybody', everyone],
    ['nobody signed in', null],
    ["a user called 'public'", 'public'],
    ["a user called '*'", '*'],
    ["a user called '-'", '-'],
    ["a user called 'null'", 'null'],
    ["a user called 'ann'", 'ann'],
    ['a user called "ann", quotes included', '"ann"'],
    ['half a character', '\ud800'],
    ['the other half', '\udc00'],
  ];
  test('no two kinds of scope share an entry: what a callback returns as text is always private', async () => {
    let scope: unknown;
    const cache = cacheOf({ scope: () => scope as never });
    const run = counter();
    const caller = cache.register(t.router({ read: t.procedure.use(cache.cached('1h')).query(run) })).createCaller({});
    const answers = [];
    for ([, scope] of scopes) answers.push(await caller.read());
    expect(answers).toEqual(scopes.map((_, index) => index + 1));
    for ([, scope] of scopes) answers.shift() && (await caller.read());
    expect(run).toHaveBeenCalledTimes(scopes.length);
  });

  test("the literal 'public' and the symbol everyone are one scope, a callback's 'public' is another", async () => {
    let scope: unknown = everyone;
    const cache = cacheOf();
    const run = counter();
    const literal = t.procedure.use(cache.cached({ ttl: '1h', scope: 'public', key: () => 'k' }));
    const caller = cache.register(t.router({ read: literal.query(run) })).createCaller({});
    expect(await caller.read()).toBe(1);
    expect(await cache.peek({ path: 'read', scope: everyone })).toMatchObject({ output: 1 });
    scope = 'public';
    expect(await cache.peek({ path: 'read', scope: scope as string })).toBeUndefined();
  });

  test.each([
    ['undefined', undefined],
    ['an empty text', ''],
    ['a number', 7],
    ['an object', { id: 'ann' }],
    ['false', false],
    ['another symbol', Symbol('everyone')],
  ])('a scope callback that returns %s forgot somebody: nothing is cached, and it is told', async (_, scope) => {
    const cache = cacheOf({ scope: () => scope as never });
    const bypasses = listen(cache, 'bypass');
    const run = counter();
    const caller = cache.register(t.router({ read: t.procedure.use(cache.cached('1h')).query(run) })).createCaller({});
    expect([await caller.read(), await caller.read()]).toEqual([1, 2]);
    expect(bypasses).toMatchObject([{ reason: 'scope' }, { reason: 'scope' }]);
  });

  test('a scope callback that throws is a bypass, not a failure and not a shared answer', async () => {
    const cache = cacheOf({
      scope: ({ ctx }) => {
        if (ctx.user === null) throw new Error('no session');
        return ctx.user?.id ?? null;
      },
    });
    const run = counter();
    const router = cache.register(t.router({ read: t.procedure.use(cache.cached('1h')).query(run) }));
    expect([await router.createCaller(nobody).read(), await router.createCaller(nobody).read()]).toEqual([1, 2]);
  });

  test('answers differ by every header in vary, and by whether it was sent at all', async () => {
    const cache = cacheOf({ headers: ({ ctx }) => ctx.headers });
    const read = vi.fn(({ ctx }: { ctx: Context }) => JSON.stringify(ctx.headers));
    const router = cache.register(
      t.router({ read: t.procedure.use(cache.cached({ ttl: '1h', vary: ['Accept-Language', 'x-b'] })).query(read) }),
    );
    const all: Record<string, string>[] = [
      { 'accept-language': 'de' },
      { 'accept-language': 'fr' },
      { 'accept-language': '' },
      { 'x-b': 'de' },
      { 'accept-language': 'de', 'x-b': 'fr' },
      { 'accept-language': 'fr', 'x-b': 'de' },
      { 'accept-language': 'de,fr' },
      {},
    ];
    for (const headers of [...all, ...all]) {
      expect(await router.createCaller({ headers }).read()).toBe(JSON.stringify(headers));
    }
    expect(read).toHaveBeenCalledTimes(all.length);
    await router.createCaller({ headers: { 'Accept-Language': 'de', other: 'x' } }).read();
    expect(read).toHaveBeenCalledTimes(all.length);
  });

  test('without headers to read, a query that varies is not cached', async () => {
    const cache = cacheOf();
    const bypasses = listen(cache, 'bypass');
    const run = counter();
    const caller = cache
      .register(t.router({ read: t.procedure.use(cache.cached({ ttl: '1h', vary: ['cookie'] })).query(run) }))
      .createCaller({});
    expect([await caller.read(), await caller.read()]).toEqual([1, 2]);
    expect(bypasses).toMatchObject([{ reason: 'vary' }, { reason: 'vary' }]);
  });

  test('procedures of equal inputs never answer for each other, nor do two names that hold a dot', async () => {
    const cache = cacheOf();
    const query = () => t.procedure.use(cache.cached('1h')).query(counter());
    const first = query();
    const router = cache.register(t.router({ a: t.router({ b: first, c: query() }), ab: query(), aB: query() }));
    const caller = router.createCaller({});
    await caller.a.b();
    await cache.invalidate('a.b');
    expect([await caller.a.b(), await caller.a.c(), await caller.ab(), await caller.aB()]).toEqual([2, 1, 1, 1]);
  });

  test('auth before cached runs on every hit, and a hit does not open what it closed', async () => {
    const cache = cacheOf();
    const run = counter();
    const auth = vi.fn();
    const guarded = t.procedure.use(({ ctx, next }) => {
      auth();
      if (ctx.user === null) throw new Error('UNAUTHORIZED');
      return next();
    });
    const router = cache.register(t.router({ read: guarded.use(cache.cached('1h')).query(run) }));
    await router.createCaller(ann).read();
    await router.createCaller(bob).read();
    await expect(router.createCaller(nobody).read()).rejects.toThrow('UNAUTHORIZED');
    expect(auth).toHaveBeenCalledTimes(3);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('neither context, nor headers, nor cookies are in what is stored', async () => {
    const { store, filled } = faultyStore();
    const cache = cacheOf({ store, namespace: 'n', headers: ({ ctx }) => ctx.headers });
    const router = cache.register(t.router({ read: t.procedure.use(cache.cached('1h')).query(() => 'output') }));
    await router
      .createCaller({ user: { id: 'ann-id' }, headers: { cookie: 'session-id', authorization: 'token-id' } })
      .read();
    expect(filled()).toHaveLength(1);
    for (const secret of ['ann-id', 'session-id', 'token-id']) expect(JSON.stringify(filled())).not.toContain(secret);
  });
});
