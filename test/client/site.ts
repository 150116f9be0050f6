import { createTRPCClient, httpBatchLink, type TRPCLink } from '@trpc/client';
import { initTRPC, TRPCError } from '@trpc/server';
import { z } from 'zod';
import { type InvalidationLinkOptions, invalidationLink } from '../../src/client/index.ts';
import { type CreateCacheOptions, createCache, type Target } from '../../src/index.ts';
import { serveRouter } from './origin.ts';

interface Context {
  readonly user: string | null;
}

/** Queries whose parsers do all that parsers do, and mutations that invalidate what a test says. */
export function createSite(options: Partial<CreateCacheOptions<Context>> = {}) {
  const t = initTRPC.context<Context>().create();
  const cache = createCache<Context>({
    scope: ({ ctx }) => ctx.user,
    ...options,
    http: { tellInvalidated: true, ...options.http },
  });
  /** What the next mutation invalidates, beside what its input says. */
  const hidden: { targets: readonly Target[]; fails: boolean } = { targets: [], fails: false };
  let runs = 0;
  const run = () => ({ run: ++runs });
  const cached = t.procedure.use(cache.cached('1m'));
  const open = t.procedure.use(cache.cached({ ttl: '1m', scope: 'public' }));
  const id = z.object({ id: z.number() });
  const targets = z.array(z.any()).default([]);
  const router = t.router({
    post: t.router({
      byId: t.procedure.input(id).use(cache.cached('1m')).query(run),
      bySlug: t.procedure
        .input(z.object({ slug: z.string().trim().toLowerCase() }))
        .use(cache.cached('1m'))
        .query(run),
      coerced: t.procedure
        .input(z.object({ id: z.coerce.number() }))
        .use(cache.cached('1m'))
        .query(run),
      since: t.procedure
        .input(z.object({ day: z.coerce.date() }))
        .use(cache.cached('1m'))
        .query(run),
      list: t.procedure
        .input(z.object({ page: z.number().default(1), tags: z.array(z.string()).optional() }).default({ page: 1 }))
        .use(cache.cached('1m'))
        .query(run),
      comments: t.router({ list: t.procedure.input(id).use(cache.cached('1m')).query(run) }),
      write: t.procedure
        .input(z.object({ targets }).loose())
        .use(
          cache.invalidates(({ input }) => {
            const sent = input as unknown as { targets: Target[] };
            return [...sent.targets, ...hidden.targets];
          }),
        )
        .mutation(() => {
          if (hidden.fails) throw new TRPCError({ code: 'CONFLICT' });
        }),
      touch: t.procedure.use(cache.invalidates('.list', 'user.*')).mutation(() => null),
      nothing: t.procedure.mutation(() => null),
      half: t.procedure.use(cache.invalidates({ targets: 'stats', on: 'always' })).mutation(() => {
        throw new TRPCError({ code: 'CONFLICT' });
      }),
    }),
    user: t.router({
      me: cached.query(run),
      list: open.query(run),
    }),
    author: t.procedure
      .input(id)
      .use(cache.cached({ ttl: '1m', tags: ({ input }) => [`author:${input.id}`] }))
      .query(run),
    top: open.query((opts) => {
      cache.control(opts).tag('hot');
      return run();
    }),
    keyed: t.procedure
      .input(id)
      .use(cache.cached({ ttl: '1m', key: ({ input }) => String(input.id % 2) }))
      .query(run),
    stats: open.query(run),
    raw: t.procedure.query(run),
    root: t.procedure.input(z.number()).use(cache.cached('1m')).query(run),
  });
  return { cache, router, hidden };
}

export type Router = ReturnType<typeof createSite>['router'];

/** Every query that tests ask, by path and input. */
export const calls: readonly (readonly [string, unknown?])[] = [
  ...[1, 2].map((id) => ['post.byId', { id }] as const),
  ...['a b', ' A B ', 'c'].map((slug) => ['post.bySlug', { slug }] as const),
  ...[1, '1', '01', 2].map((id) => ['post.coerced', { id }] as const),
  ...['2026-01-02', '2026-01-02T00:00:00.000Z'].map((day) => ['post.since', { day }] as const),
  ['post.list'],
  ...[{}, { page: 1 }, { page: 2 }, { page: 1, tags: ['x'] }].map((input) => ['post.list', input] as const),
  ['post.comments.list', { id: 1 }],
  ['user.me'],
  ['user.list'],
  ['author', { id: 1 }],
  ['author', { id: 2 }],
  ['top'],
  ['keyed', { id: 1 }],
  ['keyed', { id: 2 }],
  ['stats'],
  ['root', 1],
  ['root', 2],
];

/** Serves a site over a socket, to a client with an invalidation link. */
export async function openSite(
  options: Partial<CreateCacheOptions<Context>> = {},
  link: Partial<InvalidationLinkOptions> = {},
  end: (url: string) => TRPCLink<Router> = (url) => httpBatchLink({ url, headers: { 'x-user': 'ann' } }),
) {
  const site = createSite(options);
  const createContext = ({ req }: { req: { headers: Record<string, unknown> } }): Context => ({
    user: (req.headers['x-user'] ?? null) as string | null,
  });
  const { url } = await serveRouter(site.cache.http({ router: site.router, createContext: createContext as never }));
  const told: Parameters<InvalidationLinkOptions['onInvalidated']>[] = [];
  const client = createTRPCClient<Router>({
    links: [invalidationLink({ onInvalidated: (...args) => void told.push(args), ...link }), end(url)],
  });
  const ask = ([path, input]: readonly [string, unknown?]): Promise<{ run: number }> => {
    const procedure = path.split('.').reduce<any>((at, segment) => at[segment], client);
    return procedure.query(input);
  };
  return { ...site, url, told, client, askAll: () => Promise.all(calls.map(ask)) };
}
