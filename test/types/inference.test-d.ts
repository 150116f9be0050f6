// Compiled, never run: `npm run types` with TypeScript 7 and 5.9.
import { initTRPC, TRPCError } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { Redis } from '@upstash/redis';
import { type CachedOptions, createCache, everyone, type Target } from 'trpc-cached';
import { upstashStore } from 'trpc-cached/upstash';
import { z } from 'zod';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <T extends true>(_proof?: T): void => {};

interface Context {
  user: { id: string; role: 'admin' | 'member' } | undefined;
  db: { find: (id: number) => { id: number; at: Date } };
}
const createContext = async (): Promise<Context> => ({
  user: undefined,
  db: { find: (id) => ({ id, at: new Date() }) },
});

const t = initTRPC.context<typeof createContext>().create();
const cache = createCache<typeof createContext>({ scope: ({ ctx }) => ctx.user?.id ?? null });
const { cached, invalidates } = cache;

const auth = t.middleware(({ ctx, next }) => {
  if (ctx.user === undefined) throw new TRPCError({ code: 'UNAUTHORIZED' });
  return next({ ctx: { user: ctx.user } });
});

// The context is that of the chain, narrowed; it is the same, and not `any`, behind the middleware.
const mine = t.procedure
  .use(auth)
  .input(z.object({ id: z.number(), limit: z.number().default(10) }))
  .use(
    cached({
      ttl: ({ output }) => (output === null ? '5s' : 60),
      scope: ({ ctx }) => {
        is<Equal<typeof ctx.user.id, string>>();
        return ctx.user.id;
      },
      tags: ({ ctx, input, path }) => {
        is<Equal<typeof input, { id: number; limit: number }>>();
        is<Equal<typeof path, string>>();
        return [`${ctx.user.role}:${input.id}`];
      },
      key: async ({ input }) => String(input.limit),
      when: ({ ctx }) => ctx.user.role === 'member',
    }),
  )
  .query((opts) => {
    is<Equal<typeof opts.ctx.user, { id: string; role: 'admin' | 'member' }>>();
    is<Equal<typeof opts.input, { id: number; limit: number }>>();
    cache.control(opts).ttl('5m').tag(`page:${opts.input.id}`).noStore();
    return opts.ctx.db.find(opts.input.id);
  });

// A callback that several procedures share says what it reads, and no more.
const byOrg = ({ ctx }: { ctx: { orgId: string } }) => `org:${ctx.orgId}`;
const inOrg = t.procedure
  .use(auth)
  .input(z.object({ id: z.number() }))
  .use(({ next }) => next({ ctx: { orgId: 'acme' } }));
const cachedByOrg = (ttl: '1m' | '5m') => cached({ ttl, scope: byOrg });
inOrg
  .use(cached({ ttl: '1m', scope: byOrg, tags: ({ ctx, input }) => [`${ctx.orgId}:${input.id}`] }))
  .use(cachedByOrg('1m'))
  .query(({ ctx, input }) => is<Equal<[typeof ctx.orgId, typeof input.id], [string, number]>>());
// @ts-expect-error nothing in front gives an orgId
t.procedure.use(cached({ ttl: '1m', scope: byOrg }));
// @ts-expect-error a procedure of another context
initTRPC.context<{ other: 1 }>().create().procedure.use(cached('1m'));

// Before `.input()` there is no input.
const base = t.procedure.use(
  cached({
    ttl: '1m',
    tags: ({ input }) => {
      is<Equal<typeof input, undefined>>();
      return [];
    },
  }),
);
const early = base.input(z.string()).query(({ input }) => input.length);

const rename = t.procedure
  .use(auth)
  .input(z.object({ id: z.number(), name: z.string() }))
  .use(
    invalidates('.list', ({ ctx, input, output }) => {
      is<Equal<typeof ctx.user.id, string>>();
      is<Equal<typeof input.name, string>>();
      is<Equal<typeof output, any>>();
      return [{ path: 'post.byId', input: { id: input.id } }, { tag: `author:${input.id}` }, { scope: ctx.user.id }];
    }),
  )
  .mutation(({ ctx }) => ctx.user.id);

const strict = t.procedure
  .use(invalidates({ targets: ['post.*', async () => undefined, () => false], on: 'always', onFailure: 'throw' }))
  .mutation(() => 1);

const appRouter = cache.register(
  t.router({
    post: t.router({ mine, early, rename, strict, deep: { er: base.query(() => 1) } }),
    plain: t.procedure.query(() => 'x'),
  }),
);
type AppRouter = typeof appRouter;

// The router keeps its type, and callers keep their outputs.
const caller = appRouter.createCaller(createContext);
is<Equal<Awaited<ReturnType<typeof caller.post.mine>>, { id: number; at: Date }>>();
is<Equal<Awaited<ReturnType<typeof caller.post.early>>, number>>();

// Adapters take what `http` returns, with the user's own hooks in it.
createHTTPServer(cache.http({ router: appRouter, createContext }));
createHTTPServer({ ...cache.http({ router: appRouter, createContext }), basePath: '/trpc/' });
export const handler = (req: Request) =>
  fetchRequestHandler({
    endpoint: '/trpc',
    req,
    ...cache.http({
      router: appRouter,
      createContext: () => createContext(),
      responseMeta: ({ ctx, errors }: { ctx?: Context; errors: TRPCError[] }) => ({
        headers: { 'x-user': ctx?.user?.id ?? '', 'x-errors': String(errors.length) },
      }),
    }),
  });

// Typed from outside of the router.
const typed = cache.for<AppRouter>();
typed.invalidate(
  'post.mine',
  'post.*',
  'post.deep.*',
  '*',
  '*.mine',
  { path: 'post.mine', input: { id: 1 } },
  { path: 'post.*', scope: 'u' },
  { path: '*.mine', scope: null },
  { path: 'post.mine', key: 'k' },
  { tag: 'x' },
  { scope: 'u' },
);
// @ts-expect-error two things in one target
typed.invalidate({ path: 'post.mine', tag: 'x' });
// @ts-expect-error an input of several paths
typed.invalidate({ path: 'post.*', input: { id: 1 } });
// @ts-expect-error no router has such a query
typed.invalidate('*.nine');
typed
  .peek({ path: 'post.early', input: 'x' })
  .then((peeked) => is<Equal<NonNullable<typeof peeked>['output'], number>>());
typed.refresh({ path: 'post.mine', input: { id: 1 }, scope: 'u' }, () => ({ id: 1, at: new Date() }));
typed.peek({ path: 'post.deep.er' });
typed.explain('plain');
typed.explain('post.mine', { id: 1 }, {}, { scope: 'u' });
// @ts-expect-error the query needs an input
typed.peek({ path: 'post.mine', scope: 'u' });
// @ts-expect-error the query needs an input
typed.refresh({ path: 'post.early' }, () => 1);
// @ts-expect-error the query needs an input
typed.explain('post.early');
// @ts-expect-error no such procedure
typed.invalidate('post.byIdd');
// @ts-expect-error no such router
typed.invalidate('posts.*');
// @ts-expect-error the input is another one
typed.invalidate({ path: 'post.mine', input: { id: '1' } });
// @ts-expect-error the output is another one
typed.refresh({ path: 'post.early', input: 'x' }, () => 'not a number');

// Targets of wrong shape.
export const targets: Target[] = [
  'post.byId',
  { path: 'post.byId', input: { id: 1 }, scope: null },
  { path: 'post.*', scope: everyone },
  { path: 'post.byId', key: 'k' },
  { path: 'other.thing', external: true },
  { tag: 'author:7' },
  { scope: 'user-7' },
  // @ts-expect-error two things in one target
  { path: 'post.byId', tag: 'x' },
  // @ts-expect-error two things in one target
  { tag: 'x', scope: 'u' },
  // @ts-expect-error a key replaces the input
  { path: 'post.byId', input: 1, key: 'k' },
  // @ts-expect-error an input of what?
  { input: 1 },
  // @ts-expect-error a scope is a string, null or everyone
  { scope: 7 },
];
// @ts-expect-error not a target
invalidates({ path: 'post.byId', tag: 'x' });
// @ts-expect-error not a target
cache.invalidate({ tag: 7 });
// @ts-expect-error no target
cache.invalidate();

// Durations, scopes and options of wrong shape.
// @ts-expect-error minutes are written 5m
cached('5 minutes');
// @ts-expect-error not a unit
cached({ ttl: '5y' });
// @ts-expect-error an option nobody reads
cached({ ttl: 60, maxAge: 60 });
// @ts-expect-error who shares an entry must be said
createCache({});
// @ts-expect-error a literal scope is 'public' only
createCache({ scope: 'everyone' });
// @ts-expect-error not a boolean
createCache({ scope: 'public', enabled: 'yes' });
createCache({ scope: 'public', store: upstashStore(new Redis({ url: 'https://x', token: 'x' })), namespace: 'app' });
createCache<Context>({
  scope: ({ ctx }) => (ctx.user === undefined ? everyone : ctx.user.id),
  defaults: { ttl: '1m' },
});
createCache({
  scope: 'public',
  store: () => upstashStore(new Redis({ url: 'https://x', token: 'x' })),
  namespace: 'app',
});
// @ts-expect-error without a context type, ctx is an object and not any
createCache({ scope: ({ ctx }) => ctx.user.id });
// @ts-expect-error the context has no such user
createCache<Context>({ scope: ({ ctx }) => ctx.userId });
export const shared: CachedOptions<Context, { id: number }> = { ttl: '1m', tags: ({ input }) => [`p:${input.id}`] };

// Events and plain functions.
cache.on('hit', ({ path, ageMs }) => is<Equal<[typeof path, typeof ageMs], [string, number]>>())();
// @ts-expect-error no such event
cache.on('hits', () => {});
const top = cache.wrap('top', async (region: string, count: number = 10) => [region, count] as const, {
  ttl: '5m',
  tags: (region) => [region],
});
top('eu').then((value) => is<Equal<typeof value, readonly [string, number]>>());
top.invalidate('eu');
// @ts-expect-error another argument
top(7);

// A base procedure keeps its type through pure, and settle fits anywhere.
const log = cache.pure(t.middleware(({ next }) => next()));
t.procedure
  .use(cache.settle)
  .use(log)
  .input(z.string())
  .use(cached(5))
  .query(({ input }) => is<Equal<typeof input, string>>());
