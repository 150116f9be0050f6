import { initTRPC, TRPCError } from '@trpc/server';
import { z } from 'zod';
import { type CreateCacheOptions, createCache } from '../../src/index.ts';
import { type Context, createContext } from '../support/http-router.ts';

export { createContext };

/** A shop for CDNs: public queries with tags, and what shared caches must never keep. */
export function createCdnShop(options: Omit<CreateCacheOptions<Context>, 'scope'> = {}) {
  const t = initTRPC.context<Context>().create({ isDev: false });
  const cache = createCache<Context>({ scope: ({ ctx }) => ctx.user, ...options });
  const { cached, invalidates } = cache;
  const runs: Record<string, number> = {};
  const stock = new Map<number, number>();
  const count = (name: string) => {
    runs[name] = (runs[name] ?? 0) + 1;
  };
  const will = { tag: 'a', gate: Promise.resolve() };
  const byNumber = t.procedure.input(z.object({ id: z.number() }));
  const forCdn = { ttl: '5m', scope: 'public', http: { cdn: '5m' } } as const;
  const router = t.router({
    cdn: t.procedure.use(cached({ ...forCdn, tags: ['post', 'post:1'] })).query(() => {
      count('cdn');
      return { stock: stock.get(0) ?? 0 };
    }),
    post: t.router({
      byId: byNumber
        .use(cached({ ...forCdn, tags: ({ input }) => [`post:${input.id}`] }))
        .query(({ input }) => ({ id: input.id, stock: stock.get(input.id) ?? 0 })),
      learned: byNumber.use(cached(forCdn)).query((opts) => {
        const { id } = opts.input;
        cache.control(opts).tag(`author:${id}`, `shop ${id}, Ä`);
        return { id };
      }),
      many: byNumber
        .use(cached({ ...forCdn, tags: ({ input }) => Array.from({ length: input.id }, (_, index) => `tag:${index}`) }))
        .query(({ input }) => input.id),
      update: byNumber
        .use(invalidates(({ input }) => [{ tag: `post:${input.id}` }, '.learned']))
        .mutation(({ input }) => void stock.set(input.id, (stock.get(input.id) ?? 0) + 1)),
    }),
    priv: t.procedure.use(cached({ ttl: '5m', http: { browser: '1m' } })).query(({ ctx }) => ({ user: ctx.user })),
    err: t.procedure.use(cached({ ...forCdn, tags: ['post'] })).query(() => {
      throw new TRPCError({ code: 'NOT_FOUND' });
    }),
    fleeting: t.procedure.use(cached(forCdn)).query((opts) => {
      cache.control(opts).noStore();
      return 'not to be kept';
    }),
    steady: t.procedure.use(cached(forCdn)).query((opts) => {
      cache.control(opts).tag(will.tag);
      return 'always the same';
    }),
    slow: t.procedure.use(cached({ ...forCdn, http: { browser: '1m', cdn: '5m' } })).query(async () => {
      count('slow');
      await will.gate;
      return 'old';
    }),
    raw: t.procedure.query(() => 'raw'),
  });
  return { cache, router, runs, stock, will };
}

/** A query in a URL. */
export const asked = (path: string, input: unknown) => `${path}?input=${encodeURIComponent(JSON.stringify(input))}`;
