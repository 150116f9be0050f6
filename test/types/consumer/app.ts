// Compiled, never run, by each TypeScript of consumer.test.ts against the built declarations. It exports nothing, so that
// `isolatedDeclarations` has nothing to ask of a router, whose type nobody can write down.
import { initTRPC, TRPCError } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { type CachedOptions, createCache, everyone, memoryStore, type Target, tieredStore } from 'trpc-cached';
import { cdnTag, fastlyPurge } from 'trpc-cached/cdn';
import { conditionalFetch, invalidationLink } from 'trpc-cached/client';
import { redisStore } from 'trpc-cached/redis';
import { upstashStore } from 'trpc-cached/upstash';
import { z } from 'zod';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <T extends true>(_proof?: T): void => {};

interface Context {
  user: { id: string } | undefined;
}
const createContext = async (): Promise<Context> => ({ user: undefined });

const t = initTRPC.context<typeof createContext>().create();
const cache = createCache<typeof createContext>({ scope: ({ ctx }) => ctx.user?.id ?? null });
const { cached, invalidates } = cache;
const titles = new Map([[1, 'Hello']]);

const signedIn = t.procedure.use(({ ctx, next }) => {
  if (ctx.user === undefined) throw new TRPCError({ code: 'UNAUTHORIZED' });
  return next({ ctx: { user: ctx.user } });
});

const post = t.router({
  byId: t.procedure
    .input(z.object({ id: z.number(), length: z.number().default(10) }))
    .use(
      cached({
        ttl: '1m',
        scope: 'public',
        staleWhileRevalidate: '1h',
        http: { browser: '30s' },
        tags: ({ ctx, input }) => {
          is<Equal<typeof ctx, Context>>();
          is<Equal<typeof input, { id: number; length: number }>>();
          return [`post:${input.id}`];
        },
      }),
    )
    .query((opts) => {
      is<Equal<typeof opts.ctx, Context>>();
      cache.control(opts).tag('more').ttl('5m');
      return { title: titles.get(opts.input.id), at: new Date(0) };
    }),
  mine: signedIn.use(cached('1m')).query(({ ctx }) => {
    is<Equal<typeof ctx.user, { id: string }>>();
    return ctx.user.id;
  }),
  rename: signedIn
    .input(z.object({ id: z.number(), title: z.string() }))
    .use(
      invalidates('.mine', ({ ctx, input, output }) => {
        is<Equal<typeof ctx.user, { id: string }>>();
        is<Equal<typeof input, { id: number; title: string }>>();
        is<Equal<typeof output, any>>();
        return [{ path: 'post.byId', input: { id: input.id } }, { scope: ctx.user.id }];
      }),
    )
    .mutation(({ input }) => void titles.set(input.id, input.title)),
});
const appRouter = cache.register(t.router({ post, deep: { er: { now: t.procedure.query(() => 1) } } }));
type AppRouter = typeof appRouter;

const caller = t.createCallerFactory(appRouter)(createContext);
is<Equal<Awaited<ReturnType<typeof caller.post.byId>>, { title: string | undefined; at: Date }>>();
is<Equal<Parameters<typeof caller.post.byId>[0], { id: number; length?: number | undefined }>>();

createHTTPServer(cache.http({ router: appRouter, createContext }));
const handler = cache.fetch((req: Request) =>
  fetchRequestHandler({ endpoint: '/trpc', req, ...cache.http({ router: appRouter, createContext }) }),
);
is<Equal<ReturnType<typeof handler> extends Promise<Response> ? true : false, true>>();

const typed = cache.for<AppRouter>();
typed.invalidate('post.byId', 'post.*', 'deep.er.*', '*', { path: 'post.byId', input: { id: 1 } }, { tag: 'x' });
typed.peek({ path: 'post.byId', input: { id: 1 } }).then((peeked) => {
  is<Equal<NonNullable<typeof peeked>['output'], { title: string | undefined; at: Date }>>();
});
// @ts-expect-error no such procedure
typed.invalidate('post.byIdd');
// @ts-expect-error no such router
typed.invalidate('posts.*');
// @ts-expect-error another input
typed.invalidate({ path: 'post.byId', input: { id: '1' } });

const top = cache.wrap('top', async (region: string, limit?: number) => [region, limit ?? 1] as const, { ttl: '5m' });
is<Equal<Awaited<ReturnType<typeof top>>, readonly [string, number]>>();
top.invalidate('eu');
// @ts-expect-error the function takes a string
top(1);

cache.on('hit', (event) => is<Equal<typeof event.path, string>>());
// @ts-expect-error no such event
cache.on('hits', () => {});

// Options of wrong name, type or combination.
// @ts-expect-error a scope is required
createCache({});
// @ts-expect-error no such option
createCache({ scope: 'public', tttl: 1 });
// @ts-expect-error no duration
cached('1 minute');
// @ts-expect-error two things in one target
const two: Target = { path: 'post.byId', tag: 'x' };
// @ts-expect-error a ttl is no boolean
const wrong: CachedOptions<Context, unknown> = { ttl: true };
void two;
void wrong;

createCache({
  scope: () => everyone,
  namespace: 'shop',
  store: tieredStore(
    memoryStore({ maxBytes: 1e6 }),
    upstashStore({
      pipeline(): never {
        throw new Error('never run');
      },
    }),
    { trust: '1s' },
  ),
});
// @ts-expect-error no client
redisStore(1);
cdnTag('fastly', 'post:1');
// @ts-expect-error without a token
fastlyPurge({});
conditionalFetch({ maxEntries: 10 });
invalidationLink({
  onInvalidated: (matches, invalidated) => {
    is<Equal<ReturnType<typeof matches>, boolean>>();
    is<Equal<(typeof invalidated)[number]['path'], string>>();
  },
});
