import { describe, expect, test, vi } from 'vitest';
import { mayCommitLate } from '../../src/trpc/audit/late-commit.ts';
import { nearest } from '../../src/trpc/audit/nearest.ts';
import { readsOfCtx } from '../../src/trpc/audit/reads.ts';
import { pathsIn } from '../../src/trpc/audit/returned.ts';
import { sourceOf } from '../../src/trpc/audit/source-text.ts';

declare const db: any;
type Opts = { ctx: any; next: (...given: any[]) => Promise<any>; path: string };

describe('a middleware cannot commit late that', () => {
  test.each<[string, (opts: Opts) => unknown]>([
    ['returns what next gives', ({ next }) => next()],
    [
      'refuses, or returns what next gives',
      ({ ctx, next }) => {
        if (!ctx.user) throw new Error('await next() { (');
        return next({ ctx: { user: ctx.user } });
      },
    ],
    ['chooses between two', ({ ctx, next }) => (ctx.user ? next({ ctx: { a: 1 } }) : next())],
    [
      'awaits before',
      async (opts) => {
        await db.load(); // then(next)
        return opts.next();
      },
    ],
    [
      'takes the time',
      async ({ next, path }) => {
        const started = Date.now();
        const result = await next();
        if (!result.ok) console.error(path, String(result.error));
        console.log(`${path} took ${Date.now() - started} ms`);
        return result;
      },
    ],
    [
      'is a function of its own name',
      async function auth({ next }) {
        return await next();
      },
    ],
  ])('%s', (_, middleware) => {
    expect(mayCommitLate(middleware)).toBe(false);
  });
});

describe('a middleware may commit late that', () => {
  test.each<[string, unknown]>([
    ['hands next to a transaction', ({ next }: Opts) => db.transaction(next)],
    ['calls next in a transaction', ({ next }: Opts) => db.transaction(() => next())],
    [
      'returns next in a transaction',
      ({ next }: Opts) =>
        db.transaction(async (tx: unknown) => {
          return next({ ctx: { tx } });
        }),
    ],
    [
      'keeps a function that calls next',
      ({ next }: Opts) => {
        const run = () => next();
        return db.transaction(run);
      },
    ],
    [
      'awaits something after',
      async ({ next }: Opts) => {
        const result = await next();
        await db.commit();
        return result;
      },
    ],
    [
      'calls something after',
      async (opts: Opts) => {
        const result = await opts.next();
        db.exec('commit');
        return result;
      },
    ],
    [
      'awaits what it began before',
      async ({ next, ctx }: Opts) => {
        const committed: Promise<void> = ctx.commitLater();
        const result = await next();
        await committed;
        return result;
      },
    ],
    ['chains something', ({ next }: Opts) => next().then((result) => db.commit(result))],
    [
      'commits in a finally',
      async ({ next }: Opts) => {
        try {
          return await next();
        } finally {
          db.commit();
        }
      },
    ],
    ['names next otherwise', ({ next: go }: Opts) => go()],
    ['does not tell its text', (({ next }: Opts) => next()).bind(null)],
    ['is no function', undefined],
  ])('%s', (_, middleware) => {
    expect(mayCommitLate(middleware)).toBe(true);
  });
});

describe('the text of a function', () => {
  test.each<[unknown, string[]]>([
    [({ ctx }: Opts) => ctx.user?.id, ['user']],
    [(opts: Opts) => opts.ctx?.session, ['session']],
    [({ ctx: { user, db: base } }: Opts) => [user, base], ['user', 'db']],
    [
      ({ ctx }: Opts) => {
        const { user = null, ...rest } = ctx;
        return [user, rest];
      },
      ['user'],
    ],
    [
      (opts: Opts) => {
        const { tenant } = opts.ctx;
        return `${tenant} of ${opts.ctx.language}`; // not ctx.user
      },
      ['tenant', 'language'],
    ],
    [
      ({ ctx }: Opts) => {
        if (!ctx.session) {
          return null;
        }
        for (const one of ctx.ids) {
          if (one) return one;
        }
        return 1;
      },
      ['session', 'ids'],
    ],
    [({ ctx: c }: Opts) => [c.user, c.db.c.page], ['user', 'db']],
    [
      (opts: Opts) => {
        const { ctx: given } = opts;
        const kept = given;
        return [given.user, kept];
      },
      ['user'],
    ],
    [
      (opts: Opts) => {
        const context = opts.ctx;
        return context.user;
      },
      ['user'],
    ],
    [
      ({ ctx }: Opts) => {
        const {
          db,
          session: { user },
          headers = [],
        } = ctx;
        return [db, user, headers];
      },
      ['db', 'session', 'headers'],
    ],
    [
      ({ ctx: { db: base, session: { user } = {} as any, locale } }: Opts) => [base, user, locale],
      ['db', 'session', 'locale'],
    ],
    [({ ctx }: Opts) => `Hello ${[{ a: 1 }].map(({ a }) => `${a} ${ctx.user.name}`)}`, ['user']],
    [
      async ({ ctx: { db } }: Opts) => {
        const { ctx } = await db.page();
        for (const c of db.rows) if (c) return c.user;
        return ctx.user;
      },
      ['db'],
    ],
    [({ ctx: { db } }: Opts) => db.all().filter((ctx: any) => ctx.user), ['db']],
    [({ path }: Opts) => [`${path ? `it's` : `isn't`} ctx.user`, 'ctx.session'], []],
    [
      ({ path }: Opts) => {
        const isQuoted = (text: string) => {
          return /["']/.test(text);
        };
        return isQuoted(path) && 'ctx.user';
      },
      [],
    ],
    [() => "it's ctx.user", []],
    [({ path }: Opts) => path.replace(/ctx.user|['"]/, '') && /* ctx.session */ path, []],
  ])('tells what it reads of ctx: %s', (given, expected) => {
    const source = sourceOf(given);
    expect([...readsOfCtx(source ?? { code: '', strings: [] })].sort()).toEqual([...expected].sort());
  });

  test('tells which paths a callback of invalidates names', () => {
    expect(pathsIn(({ ctx }: Opts) => [{ path: 'a.b', scope: ctx.id }, { tag: 'x' }, { path: `c.d` }])).toEqual([
      'a.b',
      'c.d',
    ]);
    expect(pathsIn(({ path }: Opts) => ({ path }))).toEqual([]);
    expect(pathsIn(({ path }: Opts) => ({ path: `a.${path}` }))).toEqual([]);
    expect(pathsIn(() => ({ path: 'elsewhere', external: true }))).toEqual([]);
  });
});

test('a text that never ends its brackets is read in no time', () => {
  const text = `() => (/${'[a]'.repeat(5_000)}\n)`;
  const given = Object.assign(() => 1, { text });
  const { toString: textOf } = Function.prototype;
  const spy = vi.spyOn(Function.prototype, 'toString').mockImplementation(function (this: typeof given) {
    return this === given ? text : textOf.call(this);
  });
  try {
    expect(sourceOf(given)?.strings).toEqual([]);
  } finally {
    spy.mockRestore();
  }
});

test('the nearest name is one that was probably meant', () => {
  const known = ['post.byId', 'post.list', 'user.byId'];
  expect(nearest('post.byid', known)).toBe('post.byId');
  expect(nearest('posts.list', known)).toBe('post.list');
  expect(nearest('comment.remove', known)).toBeUndefined();
  expect(nearest('post', [])).toBeUndefined();
});
