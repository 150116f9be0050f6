import { z } from 'zod';
import { cache, cached, invalidates } from '../cache.ts';
import { protectedProcedure, router } from '../trpc.ts';

export const favouriteRouter = router({
  /** Private: `cached` takes the scope of `createCache`, the id of the user. */
  list: protectedProcedure.use(cached('10m')).query(async (opts) => {
    const favourites = await opts.ctx.world.favouritesOf(opts.ctx.user.id);
    cache.control(opts).tag(...favourites.map((city) => `city:${city.id}`));
    return favourites;
  }),

  add: protectedProcedure
    .input(z.object({ cityId: z.number().int() }))
    .use(invalidates(({ ctx }) => ({ path: 'favourite.list', scope: ctx.user.id }))) // of this user alone
    .mutation(({ ctx, input }) => ctx.world.addFavourite(ctx.user.id, input.cityId)),
});
