import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { cache, cached, invalidates } from '../cache.ts';
import { announcedProcedure, publicProcedure, router } from '../trpc.ts';

const tagOf = (city: { id: number }) => `city:${city.id}`;
const existing = <City>(city: City | undefined, id: number): City => {
  if (!city) throw new TRPCError({ code: 'NOT_FOUND', message: `There is no city ${id}.` });
  return city;
};

export const cityRouter = router({
  byId: publicProcedure
    .input(z.object({ id: z.number().int() }))
    .use(cached({ ttl: '10m', scope: 'public' }))
    .query(async ({ ctx, input }) => existing(await ctx.world.city(input.id), input.id)),

  search: publicProcedure
    .input(z.object({ text: z.string().trim().min(2) }))
    .use(cached({ ttl: '10m', scope: 'public' }))
    .query(({ ctx, input }) => ctx.world.search(input.text)),

  nearest: publicProcedure
    .input(z.object({ lat: z.number().min(-90).max(90), lng: z.number().min(-180).max(180) }))
    .use(cached({ ttl: '10m', scope: 'public' }))
    .query(async (opts) => {
      const cities = await opts.ctx.world.nearest(opts.input);
      cache.control(opts).tag(...cities.map(tagOf)); // known only now: the cities that this answer shows
      return cities;
    }),

  /** Large: every square of the map that has a city. Numbers in a row, as each name of a member would come 20,000 times. */
  map: publicProcedure.use(cached({ ttl: '10m', scope: 'public' })).query(async ({ ctx }) => {
    const squares = await ctx.world.map();
    return squares.flatMap(({ x, y, cities }) => [x, y, cities]);
  }),

  /** The new city may be in any list; of the statistics it changes so little that the old ones may be shown once more. */
  add: announcedProcedure
    .input(
      z.object({
        name: z.string().trim().min(1),
        country: z.string().length(2),
        lat: z.number().min(-90).max(90),
        lng: z.number().min(-180).max(180),
      }),
    )
    .use(invalidates('.search', '.nearest', '.map'))
    .use(invalidates('country.statistics', { mode: 'expire' }))
    .mutation(({ ctx, input }) => ctx.world.add(input)),

  /** Empties what shows the city, and nothing else. */
  rename: announcedProcedure
    .input(z.object({ id: z.number().int(), name: z.string().trim().min(1) }))
    .use(
      invalidates(
        '.search', // the new name may match any text
        ({ input }) => [{ path: 'city.byId', input: { id: input.id } }, { tag: tagOf(input) }],
      ),
    )
    .mutation(async ({ ctx, input }) => existing(await ctx.world.rename(input.id, input.name), input.id)),
});
