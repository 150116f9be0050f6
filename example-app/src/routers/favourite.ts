import { z } from 'zod';
import { cache, cached, invalidates } from '../cache.ts';
import { protectedProcedure, router } from '../trpc.ts';

interface Favourite {
  id: number;
  name: string;
  country: string;
  addedAt: Date;
}

export const favouriteRouter = router({
  /** Private: `cached` takes the scope of `createCache`, the id of the user. */
  list: protectedProcedure.use(cached('10m')).query(async (opts) => {
    const favourites = await opts.ctx.database.query<Favourite>(
      `select city.id, name, country, added_at as "addedAt"
       from favourite join city on city.id = city_id where user_id = $1 order by name`,
      [opts.ctx.user.id],
    );
    cache.control(opts).tag(...favourites.map((city) => `city:${city.id}`));
    return favourites;
  }),

  add: protectedProcedure
    .input(z.object({ cityId: z.number().int() }))
    .use(invalidates(({ ctx }) => ({ path: 'favourite.list', scope: ctx.user.id }))) // of this user alone
    .mutation(async ({ ctx, input }) => {
      await ctx.database.query('insert into favourite (user_id, city_id) values ($1, $2) on conflict do nothing', [
        ctx.user.id,
        input.cityId,
      ]);
    }),
});
