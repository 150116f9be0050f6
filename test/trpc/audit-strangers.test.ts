import { TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { everyone } from '../../src/index.ts';
import { cacheOf, found, type Make, shared, t } from './audit-found.ts';

// Code that is right, in the words of other people: each of these was once found to be wrong.

declare const [Sentry, tracer, histogram, limiter]: any[];

const around: Record<string, any> = {
  'limits a rate': t.middleware(async ({ next, path }) => {
    const { success } = await limiter.limit(path);
    if (!success) throw new TRPCError({ code: 'TOO_MANY_REQUESTS' });
    return next();
  }),
  'is a span': t.middleware(async ({ next, path }) => Sentry.startSpan({ name: path }, () => next())),
  'is a span with an end': t.middleware(({ next, path }) =>
    tracer.startActiveSpan(path, async (span: any) => {
      const result = await next();
      span.setAttribute('ok', result.ok);
      span.end();
      return result;
    }),
  ),
  'takes the time in a finally': t.middleware(async ({ next, path }) => {
    const started = performance.now();
    try {
      return await next();
    } finally {
      histogram.record(performance.now() - started, { path });
    }
  }),
  'sends a header': t.middleware(async ({ ctx, next }) => {
    const result = await next();
    ctx.res.setHeader('server-timing', `total;dur=${Date.now()}`);
    return result;
  }),
  'reports a failure': t.middleware(async ({ next }) => {
    const result = await next();
    if (!result.ok) Sentry.captureException(result.error);
    return result;
  }),
  'maps a failure': t.middleware(async ({ next }) => {
    const result = await next();
    if (!result.ok && result.error.cause?.name === 'Known') throw new TRPCError({ code: 'BAD_REQUEST' });
    return result;
  }),
  'rolls back': t.middleware(async ({ ctx, next }) => {
    const result = await next();
    if (!result.ok) {
      await ctx.tx.rollback();
    }
    return result;
  }),
  'logs and throws again': t.middleware(async ({ next, ctx }) => {
    try {
      return await next();
    } catch (error) {
      ctx.logger.error(error);
      throw error;
    }
  }),
};

const committing: Record<string, any> = {
  'commits when all is well': t.middleware(async ({ ctx, next }) => {
    const result = await next();
    if (!result.ok) return result;
    await ctx.tx.commit();
    return result;
  }),
  'commits or rolls back': t.middleware(async ({ ctx, next }) => {
    const result = await next();
    if (!result.ok) ctx.tx.rollback();
    else ctx.tx.commit();
    return result;
  }),
  'commits inside of a span': t.middleware(({ ctx, next, path }) =>
    tracer.startActiveSpan(path, async () => {
      const result = await next();
      ctx.work.finish();
      return result;
    }),
  ),
  'ends a transaction': t.middleware(async ({ ctx, next }) => {
    const result = await next();
    ctx.tx.end();
    return result;
  }),
  'has a function that hands on': t.middleware(({ ctx, next }) => {
    async function run() {
      return next();
    }
    return ctx.db.transaction(run);
  }),
};

describe('around invalidates', () => {
  const saving = (middleware: any) =>
    found((cache) => ({
      list: shared(cache).query(() => 1),
      save: t.procedure
        .use(middleware)
        .use(cache.invalidates('list'))
        .mutation(() => 1),
    }));

  test.each(Object.keys(around))('a middleware may be that %s', async (name) => {
    expect(await saving(around[name])).toEqual([]);
  });

  test.each(Object.keys(committing))('a middleware is found that %s', async (name) => {
    expect(await saving(committing[name])).toEqual(['warning save invalidates-behind-middleware']);
  });

  test('settle counts only in front of what commits', async () => {
    const { 'commits or rolls back': commit } = committing;
    const settled = (first: 'settle' | 'commit') =>
      found((cache) => {
        const base =
          first === 'settle' ? t.procedure.use(cache.settle).use(commit) : t.procedure.use(commit).use(cache.settle);
        return { list: shared(cache).query(() => 1), save: base.use(cache.invalidates('list')).mutation(() => 1) };
      });
    expect(await settled('settle')).toEqual([]);
    expect(await settled('commit')).toEqual(['warning save invalidates-behind-middleware']);
  });
});

describe('nothing is found where', () => {
  const named = t.middleware(async ({ next, path, ctx }) => {
    const result = await next();
    if (!result.ok && result.error.code !== 'UNAUTHORIZED') ctx.logger.error(path, result.error);
    return result;
  });

  test.each<[string, Make]>([
    [
      'a scope compares something to public',
      ({ cached }) => ({
        at: t.procedure
          .use(
            cached({
              ttl: '1m',
              scope: ({ ctx }) => (ctx.space?.visibility === 'public' ? everyone : (ctx.id ?? null)),
            }),
          )
          .query(() => 1),
      }),
    ],
    [
      'a logger names a refusal, in front of cdn',
      ({ cached }) => ({
        at: t.procedure
          .use(named)
          .use(cached({ ttl: '5m', scope: 'public', http: { cdn: '5m' } }))
          .query(() => 1),
      }),
    ],
    [
      'a pure logger names a refusal',
      (cache) => ({
        at: shared(cache)
          .use(cache.pure(named))
          .query(() => 1),
      }),
    ],
    [
      'auth stands behind a cached of its own, and cdn is another’s',
      ({ cached }) => ({
        at: t.procedure
          .use(cached({ ttl: '5m', scope: 'public', http: { cdn: '5m' }, tags: ['a'] }))
          .query(() => 'UNAUTHORIZED'),
      }),
    ],
    [
      'a second input adds to the first',
      ({ cached }) => ({
        at: t.procedure
          .input(z.object({ org: z.string() }))
          .use(cached({ ttl: '1m', tags: ({ input }) => [`org:${input.org}`] }))
          .input(z.object({ id: z.string() }))
          .query(() => 1),
      }),
    ],
    [
      'a key of its own leaves a clock out',
      ({ cached }) => ({
        at: t.procedure
          .input(z.object({ at: z.date().default(() => new Date()) }))
          .use(cached({ ttl: '1m', key: () => 'one' }))
          .query(() => 1),
      }),
    ],
    ['a table is called user', (cache) => ({ at: shared(cache).query(({ ctx }) => ctx.db.user.count()) })],
    [
      'a table called user is taken out',
      (cache) => ({
        at: shared(cache).query(({ ctx }) => {
          const { user } = ctx.db;
          return user.count();
        }),
      }),
    ],
    [
      'something else is called ctx',
      (cache) => ({
        at: shared(cache).query(async ({ ctx: { db } }) => {
          const ctx = await db.page();
          return ctx.user;
        }),
      }),
    ],
    [
      'a function inside calls its own ctx',
      (cache) => ({ at: shared(cache).query(({ ctx: { db } }) => db.run((ctx: any) => ctx.user)) }),
    ],
    [
      'a callback logs something with a path',
      ({ cached, invalidates }) => ({
        list: t.procedure.use(cached({ ttl: '1m', scope: 'public' })).query(() => 1),
        add: t.procedure
          .use(
            invalidates(({ output, ctx }) => {
              console.log('added', { path: 'audit.log', output });
              const isList = ['some.where', 'else.where'].includes(ctx.at);
              if (['a.b'].includes(ctx.kind)) return null;
              return isList ? 'list' : [{ path: 'list', input: undefined }];
            }),
          )
          .mutation(() => 1),
      }),
    ],
    [
      'tags are added while it runs',
      (cache) => ({
        at: t.procedure.use(cache.cached({ ttl: '1m', scope: 'public', tags: ['posts'] })).query((opts) => {
          cache.control(opts).tag('post');
          return 1;
        }),
        save: t.procedure.use(cache.invalidates({ tag: 'post' })).mutation(() => 1),
      }),
    ],
    [
      'a target is for everyone',
      (cache) => ({
        list: shared(cache).query(() => 1),
        save: t.procedure.use(cache.invalidates({ path: 'list', scope: everyone })).mutation(() => 1),
      }),
    ],
  ])('%s', async (_, make) => {
    expect(await found(make)).toEqual([]);
  });

  test.each<[string, (opts: { ctx: any }) => any, (opts: any) => unknown]>([
    ['a container gives the database', ({ ctx }) => ctx.get('user')?.id ?? null, ({ ctx }) => ctx.get('db').all()],
    [
      'the scope decides by a configuration',
      ({ ctx }) => (ctx.config.tenants ? ctx.tenant : (ctx.session?.user.id ?? null)),
      ({ ctx }) => ctx.config.motd,
    ],
  ])('%s', async (_, scope, resolver) => {
    expect(await found((cache) => ({ at: shared(cache).query(resolver) }), cacheOf(scope))).toEqual([]);
  });
});
