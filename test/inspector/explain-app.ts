import { initTRPC } from '@trpc/server';
import { z } from 'zod';
import type { CreateCacheOptions } from '../../src/index.ts';
import { type Context, cacheOf, counter, perUser } from '../support/app.ts';

const t = initTRPC.context<Context>().create();

/** Queries of every kind that an explanation tells apart, and one that is not cached. */
export const appOf = (options: Partial<CreateCacheOptions<Context>> = {}) => {
  const cache = cacheOf(options);
  const run = counter();
  const { cached } = cache;
  const byId = t.procedure.input(z.object({ id: z.number() }));
  const router = cache.register(
    t.router({
      post: t.router({
        byId: byId.use(cached({ ttl: '1m', staleWhileRevalidate: '30s', tags: ['feed'] })).query(run),
        list: t.procedure.use(cached('1m')).query(run),
        draft: t.procedure
          .use(cached({ ttl: '1m', scope: perUser, tags: ({ ctx }) => [`user:${ctx.user?.id}`] }))
          .query(run),
        never: t.procedure.use(cached({ ttl: '1m', when: () => false })).query(run),
        broken: t.procedure
          .use(
            cached({
              ttl: '1m',
              tags: () => {
                throw new RangeError('secret-7');
              },
            }),
          )
          .query(run),
        spoken: t.procedure.use(cached({ ttl: '1m', vary: ['accept-language'] })).query(run),
        guarded: t.procedure
          .use(cached('1m'))
          .use(({ next }) => next())
          .query(run),
        raw: t.procedure.query(run),
        rename: t.procedure.mutation(run),
      }),
    }),
  );
  return { cache, run, as: (ctx: Context) => router.createCaller(ctx).post };
};
