import { initTRPC } from '@trpc/server';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type CachedOptions, CacheError, type CreateCacheOptions, createCache, everyone } from '../../src/index.ts';
import { userKeysOf } from '../../src/user-keys.ts';
import { watchCtx } from '../../src/watched-ctx.ts';
import { ann, bob, type Context, cacheOf, errorOf, listen, perUser, t } from '../support/app.ts';

type Resolver = (opts: any) => unknown;

/** A cache with a guard around one query, and what it tells. */
const guarded = (
  resolver: Resolver,
  {
    register = true,
    cached = {},
    ...options
  }: Partial<CreateCacheOptions<Context>> & { register?: boolean; cached?: CachedOptions<Context, any> } = {},
) => {
  const cache = cacheOf({ guard: 'report', ...options });
  const router = t.router({ at: t.procedure.use(cache.cached({ ttl: '1m', ...cached })).query(resolver) });
  if (register) cache.register(router);
  return {
    leaks: listen(cache, 'leak'),
    hits: listen(cache, 'hit'),
    skips: listen(cache, 'skip'),
    call: (ctx: Context = ann) => router.createCaller(ctx).at(),
  };
};

/** What TypeScript makes of `{ ...ctx }` and of `{ left, ...rest }` where the target is ES2017: `__assign` and `__rest`. */
const copyOf = (given: Record<string, unknown>, left: readonly string[] = []): Record<string, unknown> => {
  const copy: Record<string, unknown> = {};
  for (const name in given) if (Object.hasOwn(given, name) && !left.includes(name)) copy[name] = given[name];
  return copy;
};

const greet: Resolver = ({ ctx }) => `Hello ${ctx.user?.id} in ${ctx.headers?.['accept-language']}`;

describe('a procedure whose answer is for everybody', () => {
  test('is told of when it reads who calls, and answers as before', async () => {
    const { call, leaks, hits } = guarded(greet);
    expect(await call()).toBe('Hello ann in undefined');
    expect(leaks).toEqual([{ path: 'at', key: 'user' }]);
    expect(await call(bob)).toBe('Hello ann in undefined'); // which is what it tells of
    expect([hits.length, leaks.length]).toEqual([1, 1]);
  });

  test('fails when it reads who calls, where that was asked for, and nothing is stored', async () => {
    const { call, leaks, hits } = guarded(greet, { guard: 'throw' });
    const error = await errorOf(call);
    expect(error).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', cause: { code: 'PUBLIC_READS_USER' } });
    expect(error.cause).toBeInstanceOf(CacheError);
    expect(error.message).toBe(
      "at is cached for everybody, and its resolver reads ctx.user: what one caller gets, all get. Remove scope: 'public' from its cached, or do not read ctx.user.",
    );
    await errorOf(call);
    expect([leaks.length, hits.length]).toEqual([2, 0]);
  });

  test.each<[string, Resolver, string[]]>([
    ['reads it twice', ({ ctx }) => `${ctx.user?.id}${ctx.user?.id}`, ['user']],
    ['takes it apart', ({ ctx: { user } }) => user?.id, ['user']],
    ['hands its context on to what reads it', (opts) => [opts.ctx].map(({ user }) => user?.id), ['user']],
    ['reads it later', async ({ ctx }) => Promise.resolve().then(() => ctx.user?.id), ['user']],
    ['copies its context', ({ ctx }) => [{ ...ctx, user: undefined, headers: undefined }].length, []],
    ['reads it after a copy', ({ ctx }) => [{ ...ctx }.headers, ctx.user?.id], ['user']],
    ['asks whether it is there, then reads it', ({ ctx }) => (Object.hasOwn(ctx, 'user') ? ctx.user.id : ''), ['user']],
    ['asks whether it is there', ({ ctx }) => ('user' in ctx ? 'somebody' : 'nobody'), ['user']],
    ['lists the members, then reads it', ({ ctx }) => [Object.keys(ctx).length, ctx.user.id], ['user']],
    ['writes all of it down', ({ ctx }) => JSON.stringify(ctx), ['user']],
    ['takes the rest of its context', ({ ctx: { headers, ...rest } }) => [headers, Object.keys(rest)], []],
    ['takes the rest and reads it', ({ ctx: { headers, ...rest }, ctx }) => [headers, rest, ctx.user.id], ['user']],
    ['lists the entries', ({ ctx }) => Object.entries(ctx).length, []],
    ['copies it as TypeScript does for older engines', ({ ctx }) => copyOf(ctx).headers, []],
    ['takes the rest as it does', ({ ctx }) => Object.keys(copyOf(ctx, ['trace'])).length, []],
    ['takes such a rest, and reads it', ({ ctx }) => [copyOf(ctx, ['headers']), ctx.user.id], ['user']],
    ['reads something else', ({ ctx }) => Object.keys(ctx.headers ?? {}), []],
    ['reads nothing', () => 1, []],
  ])('and %s', async (_, resolver, expected) => {
    const { call, leaks } = guarded(resolver);
    await call({ headers: {}, ...ann, trace: 'x' } as Context);
    expect(leaks.map(({ key }) => key)).toEqual(expected);
  });

  test('may be so by a callback that returns everyone', async () => {
    const { call, leaks } = guarded(greet, { cached: { scope: ({ ctx }) => (ctx.headers ? everyone : 'mine') } });
    await call();
    expect(leaks).toEqual([]);
    await call({ ...ann, headers: {} });
    expect(leaks).toHaveLength(1);
  });

  test('has no answer stored that it gave in spite of the error', async () => {
    const caught: Resolver = ({ ctx }) => {
      for (let tries = 0; ; tries++) {
        try {
          return ctx.user.id;
        } catch (error) {
          if (tries > 0) return (error as CacheError).code;
        }
      }
    };
    const { call, leaks, hits, skips } = guarded(caught, { guard: 'throw' });
    expect([await call(), await call(bob)]).toEqual(['PUBLIC_READS_USER', 'PUBLIC_READS_USER']);
    expect(hits).toEqual([]);
    expect(skips).toEqual([
      { path: 'at', reason: 'leak' },
      { path: 'at', reason: 'leak' },
    ]);
    expect(leaks).toHaveLength(2); // one a run
  });

  test('is watched behind a response, too', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
    const behind: Promise<unknown>[] = [];
    const { call, leaks } = guarded(greet, {
      cached: { staleWhileRevalidate: '1h' },
      waitUntil: (work) => void behind.push(work),
    });
    await call();
    vi.setSystemTime(1_000_000 + 61_000);
    await call();
    await Promise.all(behind);
    vi.useRealTimers();
    expect(leaks).toHaveLength(2);
  });
});

describe('nothing is told of a procedure', () => {
  test.each<[string, Parameters<typeof guarded>[1]]>([
    ['whose answer is its caller’s own', { scope: perUser }],
    ['that has a key of its own', { cached: { key: ({ ctx }) => ctx.user?.id ?? '' } }],
    ['without the guard', { guard: undefined as never }],
    ['that no router holds: tRPC copies its context', { register: false }],
    ['that reads no member of those named', { guard: { action: 'report', keys: ['tenant'] } }],
  ])('%s', async (_, options) => {
    const { call, leaks } = guarded(greet, options);
    await call();
    await call();
    expect(leaks).toEqual([]);
  });
});

describe('who calls', () => {
  test('is what the scope of the cache reads, and what is mostly called so', async () => {
    const scope = ({ ctx }: { ctx: Context }) => ctx.headers?.['x-user'] ?? null;
    const { call, leaks } = guarded(greet, { scope, cached: { scope: 'public' } });
    await call();
    expect(leaks.map(({ key }) => key)).toEqual(['user', 'headers']);
  });

  test('is the user, too, where the scope is a tenant', async () => {
    const scope = ({ ctx }: { ctx: any }) => ctx.tenantId ?? undefined;
    const { call, leaks } = guarded(({ ctx }) => ctx.userId, { scope, cached: { scope: 'public' } });
    await call({ tenantId: 'acme', userId: 'ann' } as Context);
    expect(leaks).toEqual([{ path: 'at', key: 'userId' }]);
  });

  test.each<[string, (opts: { ctx: any }) => any, string[]]>([
    ['what it decides by', ({ ctx }) => (ctx.config.multi ? ctx.tenant : (ctx.session?.user.id ?? null)), ['tenant']],
    ['a container', ({ ctx }) => ctx.get('account')?.id ?? null, []],
    ['what a function of the context gives', ({ ctx }) => ctx.account().id, ['account']],
    ['what a text is made of', ({ ctx }) => (ctx.me ? `${ctx.org}/${ctx.me.id}` : null), ['me', 'org']],
    [
      'one that walks on',
      ({ ctx }) => {
        let at = ctx.account;
        while (at.parent) at = at.parent;
        return at.id;
      },
      ['account'],
    ],
    [
      'one that throws',
      ({ ctx }) => {
        if (!ctx.account) throw new Error('who?');
        return ctx.account.id;
      },
      ['account'],
    ],
    ['one that is async and fails', async ({ ctx }) => ctx.account.id, ['account']],
    ['nothing', () => 'all', []],
  ])('is told from a scope that reads %s', (_, scope, expected) => {
    const usual = ['user', 'session', 'userId', 'auth'];
    expect([...userKeysOf(scope, 'at')].sort()).toEqual([...usual, ...expected].sort());
  });

  test('is asked of the scope once a call, and beforehand once', async () => {
    const scope = vi.fn(({ ctx }: { ctx: Context }) => (ctx.headers ? everyone : 'mine'));
    const { call } = guarded(greet, { cached: { scope, ttl: '1m' }, scope: () => null });
    await call({ headers: {} });
    await call({ headers: {} });
    expect(scope).toHaveBeenCalledTimes(2);
  });

  test('is what was named', async () => {
    const { call, leaks } = guarded(greet, { guard: { action: 'report', keys: ['headers', 'user'] } });
    await call();
    expect(leaks.map(({ key }) => key)).toEqual(['user', 'headers']);
  });
});

describe('a watched context', () => {
  class Session {
    readonly #id = 'ann';
    readonly user = { id: 'ann' };
    get id() {
      return this.#id;
    }
    whoAmI() {
      return this.#id;
    }
  }
  const read: string[] = [];

  test('is itself where it is an instance of a class: it may know who it is', () => {
    const session = new Session();
    expect(watchCtx(session, (name) => read.push(name))).toBe(session);
  });

  test('tells the last member from a copy of it, when the names were listed', () => {
    const seen: string[] = [];
    const watched = watchCtx({ a: 1, b: 2 }, (name) => seen.push(name)) as { b: number };
    expect([Object.keys(watched).length, watched.b, seen]).toEqual([2, 2, ['b']]);
  });

  test('gives the very values: functions with members, classes, and what it inherits', () => {
    const sql = Object.assign(() => 'rows', { begin: () => 'tx' });
    class Model {}
    const given = {
      sql,
      Model,
      get lazily() {
        return this;
      },
    };
    const watched = watchCtx(given, () => {}) as typeof given;
    expect([watched.sql, watched.Model, watched.toString, watched.lazily]).toEqual([
      sql,
      Model,
      Object.prototype.toString,
      given,
    ]);
    expect(watched.sql).toBe(sql);
    expect(watched.lazily).toBe(given);
    expect(Object.keys(watched)).toEqual(Object.keys(given));
  });

  test('may be frozen, be written, and be none', () => {
    const user = { id: 'ann' };
    expect((watchCtx(Object.freeze({ user }), (name) => read.push(name)) as Context).user).toBe(user);
    expect(read).toEqual(['user']);
    const plain: { count?: number } = {};
    (watchCtx(plain, () => {}) as typeof plain).count = 1;
    expect(plain).toEqual({ count: 1 });
    expect(watchCtx(undefined, () => {})).toBeUndefined();
    expect(watchCtx('text', () => {})).toBe('text');
  });

  test('is not what middlewares around get back', async () => {
    const other = initTRPC.context<{ user: { id: string } }>().create();
    const cache = createCache({ scope: 'public', guard: 'report' });
    const seen: unknown[] = [];
    const outer = other.middleware(async (opts) => {
      const result = await opts.next();
      seen.push((result as { ctx?: unknown }).ctx === opts.ctx);
      return result;
    });
    const router = cache.register(
      other.router({
        at: other.procedure
          .use(outer)
          .use(cache.cached('1m'))
          .input(z.string())
          .meta({})
          .query(({ input, ctx, path }) => `${input} ${path} ${ctx.user.id}`),
      }),
    );
    expect(await router.createCaller({ user: { id: 'ann' } }).at('x')).toBe('x at ann');
    expect(seen).toEqual([true]);
    expect(await errorOf(() => router.createCaller({ user: { id: 'ann' } }).at(7 as never))).toMatchObject({
      code: 'BAD_REQUEST',
    });
  });
});

test.each([
  [true, /createCache: guard: expected 'report', 'throw' or/],
  ['error', /createCache: guard: expected 'report', 'throw' or/],
  [{ action: 'warn', keys: [] }, /createCache: guard.action: expected 'report' or 'throw'/],
  [{ action: 'throw' }, /createCache: guard.keys: expected an array of non-empty strings/],
  [{ action: 'throw', keys: ['user'], key: 1 }, /createCache: guard: unknown option "key"/],
])('%s is refused where it is written', (guard, message) => {
  expect(() => cacheOf({ guard: guard as never })).toThrow(message);
});
