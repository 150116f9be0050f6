import { initTRPC, TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cache as worldCache } from '../../example-app/src/cache.ts';
import { appRouter as worldRouter } from '../../example-app/src/router.ts';
import { createCache } from '../../src/index.ts';

describe('an audit finds nothing in', () => {
  test('the router of the example-app', async () => {
    expect(await worldCache.audit(worldRouter)).toEqual([]);
  });

  test('an app as create-t3-app makes it, with cached queries', async () => {
    interface Context {
      session: { user: { id: string; name: string } } | null;
      db: Record<'latest' | 'create' | 'byAuthor', (...args: unknown[]) => Promise<unknown>>;
      headers: Headers;
    }
    const t = initTRPC.context<Context>().create({ errorFormatter: ({ shape }) => shape });
    const timing = t.middleware(async ({ next, path }) => {
      const start = Date.now();
      if (t._config.isDev) {
        // An artificial delay: "it's slow" in dev (and only there).
        const waitMs = Math.floor(Math.random() * 400) + 100;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
      const result = await next();
      const end = Date.now();
      console.log(`[TRPC] ${path} took ${end - start}ms to execute`);
      return result;
    });
    const publicProcedure = t.procedure.use(timing);
    const protectedProcedure = t.procedure.use(timing).use(({ ctx, next }) => {
      if (!ctx.session?.user) {
        throw new TRPCError({ code: 'UNAUTHORIZED' });
      }
      return next({
        ctx: {
          // infers the `session` as non-nullable
          session: { ...ctx.session, user: ctx.session.user },
        },
      });
    });
    const cache = createCache<Context>({ scope: ({ ctx }) => ctx.session?.user.id ?? null });
    const { cached, invalidates } = cache;
    const postRouter = t.router({
      hello: publicProcedure
        .input(z.object({ text: z.string() }))
        .use(cached({ ttl: '1h', scope: 'public' }))
        .query(({ input }) => ({ greeting: `Hello ${input.text}` })),
      create: protectedProcedure
        .input(z.object({ name: z.string().min(1) }))
        .use(invalidates(({ ctx }) => ({ path: '.getLatest', scope: ctx.session.user.id })))
        .mutation(async ({ ctx, input }) => {
          await ctx.db.create({ data: { name: input.name, createdBy: { connect: { id: ctx.session.user.id } } } });
        }),
      getLatest: protectedProcedure.use(cached('5m')).query(async ({ ctx }) => {
        const post = await ctx.db.latest({ where: { createdBy: { id: ctx.session.user.id } } });
        return post ?? null;
      }),
      getSecretMessage: protectedProcedure.query(() => 'you can now see this secret message!'),
    });
    const appRouter = cache.register(t.router({ post: postRouter }));
    const quiet = console.log;
    expect(await cache.audit(appRouter)).toEqual([]);
    expect(console.log).toBe(quiet); // nothing of the app was run
  });

  test('posts and drafts of authors, as the design has them', async () => {
    const t = initTRPC.context<{ user: { id: string } | null }>().create();
    const cache = createCache<{ user: { id: string } | null }>({ scope: ({ ctx }) => ctx.user?.id ?? null });
    const { cached, invalidates } = cache;
    const auth = t.middleware(({ ctx, next }) => {
      if (ctx.user === null) throw new TRPCError({ code: 'UNAUTHORIZED' });
      return next({ ctx: { user: ctx.user } });
    });
    const id = z.object({ id: z.number() });
    const post = t.router({
      byId: t.procedure
        .input(id)
        .use(cached('1m'))
        .query(({ ctx, input }) => [ctx.user?.id, input.id]),
      list: t.procedure
        .input(z.object({ authorId: z.number() }))
        .use(
          cached({
            ttl: 60,
            staleWhileRevalidate: '1h',
            scope: 'public',
            tags: ({ input }) => [`author:${input.authorId}`],
          }),
        )
        .query((opts) => {
          cache.control(opts).tag(`page:${opts.input.authorId}`);
          return [];
        }),
      update: t.procedure
        .input(id)
        .use(invalidates('.list', ({ input }) => ({ path: 'post.byId', input: { id: input.id } })))
        .mutation(() => 1),
      rename: t.procedure
        .input(id)
        .use(invalidates(({ input }) => [{ tag: `author:${input.id}` }, 'author.*']))
        .mutation(() => 1),
      draft: t.procedure
        .use(auth)
        .use(invalidates(({ ctx }) => ({ path: 'draft.*', scope: ctx.user.id })))
        .mutation(() => 1),
    });
    const author = t.router({
      byId: t.procedure
        .input(id)
        .use(cached('1m'))
        .query(() => 'Ada'),
    });
    const draft = t.router({
      list: t.procedure
        .use(auth)
        .use(cached('1m'))
        .query(() => []),
    });
    const legacy = t.router({
      list: t.procedure.use(cached('1m')).query(() => []),
      add: t.procedure
        .use(
          invalidates(async () => {
            await fetch(new URL('https://elsewhere.example'), { path: '/drafts' } as never);
            return '.list';
          }),
        )
        .mutation(() => 1),
    });
    expect(await cache.audit(cache.register(t.router({ post, author, draft, legacy })))).toEqual([]);
  });

  test('a shop with tags, windows, sub-routers, pages, transactions and a webhook', async () => {
    const { cache, router } = shop();
    expect(await cache.audit(router)).toEqual([]);
  });
});

interface Context {
  user: { id: string; role: 'admin' | 'buyer' } | null;
  tenant: string;
  db: { transaction: <R>(work: () => Promise<R>) => Promise<R>; find: (what: unknown) => Promise<{ id: number }[]> };
}

function shop() {
  const t = initTRPC.context<Context>().create();
  const cache = createCache<Context>({
    scope: ({ ctx }) => (ctx.user === null ? null : `${ctx.tenant}/${ctx.user.id}`),
    defaults: { ttl: '1m', staleIfError: '1h' },
  });
  const { cached, invalidates, settle, pure } = cache;
  const log = t.middleware(async (opts) => {
    const started = performance.now();
    const result = await opts.next();
    console.info(opts.path, result.ok, performance.now() - started);
    return result;
  });
  const limit = t.middleware(async ({ ctx, next }) => {
    const found = await ctx.db.find({ limit: ctx.user?.id });
    if (found.length > 100) throw new TRPCError({ code: 'TOO_MANY_REQUESTS' });
    return next();
  });
  const base = t.procedure.use(log).use(limit);
  const buyer = base.use(async function auth({ ctx, next }) {
    if (ctx.user === null) throw new TRPCError({ code: 'UNAUTHORIZED' });
    return next({ ctx: { user: ctx.user } });
  });
  const admin = buyer.use(({ ctx, next }) => {
    if (ctx.user.role !== 'admin') throw new TRPCError({ code: 'FORBIDDEN' });
    return next();
  });
  const transactional = admin.use(settle).use(({ ctx, next }) => ctx.db.transaction(() => next()));
  const page = z.object({ cursor: z.number().nullish(), limit: z.number().min(1).max(100).default(20) });
  const product = t.router({
    byId: base
      .input(z.object({ id: z.number() }))
      .use(
        cached({
          ttl: '10m',
          scope: 'public',
          staleWhileRevalidate: '1d',
          errors: { NOT_FOUND: '5s' },
          http: { browser: '30s', cdn: '1m' },
          tags: ({ input }) => [`product:${input.id}`],
        }),
      )
      .output(z.object({ id: z.number() }))
      .query(({ input }) => ({ id: input.id })),
    list: base
      .input(page)
      .use(cached({ scope: 'public', vary: ['Accept-Language'], tags: ['products'] }))
      .query(async (opts) => {
        const found = await opts.ctx.db.find(opts.input);
        cache.control(opts).tag(...found.map(({ id }) => `product:${id}`));
        return found;
      }),
    feed: base.use(cached({ scope: 'public', collect: {} })).query(async function* ({ ctx }) {
      yield* await ctx.db.find({});
    }),
    import: transactional.use(invalidates('.*')).mutation(() => 'done'),
    rename: admin
      .input(z.object({ id: z.number(), name: z.string() }))
      .use(
        invalidates({ path: 'product.byId', input: { id: 1 } }, '.list', ({ input }) => ({
          tag: `product:${input.id}`,
        })),
      )
      .mutation(({ input }) => input.name),
    reprice: admin.use(invalidates({ tag: 'products' }, { mode: 'expire' })).mutation(() => 'done'),
    view: base.use(invalidates(() => [])).mutation(() => 'counted'),
  });
  const cart = t.router({
    show: buyer.use(cached({ ttl: '5m', tags: ['carts'] })).query(({ ctx }) => ctx.user.id),
    add: buyer
      .input(z.object({ id: z.number() }))
      .use(invalidates(({ ctx }) => ({ path: '.show', scope: `${ctx.tenant}/${ctx.user.id}` })))
      .mutation(() => 'added'),
    pay: buyer.mutation(async ({ ctx }) => {
      await cache.invalidate({ scope: `${ctx.tenant}/${ctx.user.id}` });
    }),
  });
  const auth = t.router({
    login: base.mutation(() => 'token'),
    refresh: base.use(invalidates(() => null)).mutation(() => 'token'),
  });
  const preview = t.router({
    show: base
      .use(cached({ scope: ({ ctx }) => ctx.tenant, when: ({ ctx }) => ctx.user === null }))
      .use(pure(log))
      .query(() => 'preview'),
  });
  return { cache, router: cache.register(t.router({ product, cart, auth, preview })) };
}
