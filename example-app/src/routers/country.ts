import { cached } from '../cache.ts';
import { publicProcedure, router } from '../trpc.ts';

export const countryRouter = router({
  /**
   * The slowest query. Who asks after its ttl, or after a city was added, has the old answer at once, and the query runs
   * behind it.
   */
  statistics: publicProcedure
    .use(cached({ ttl: '10m', staleWhileRevalidate: '1h', scope: 'public', http: { browser: '30s', cdn: '1m' } }))
    .query(async ({ ctx }) => ({ computedAt: new Date(), countries: await ctx.world.statistics() })),
});
