import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { cache, cached, invalidates } from '../cache.ts';
import { protectedProcedure, publicProcedure, router } from '../trpc.ts';

interface City {
  id: number;
  name: string;
  country: string;
  lat: number;
  lng: number;
  updatedAt: Date;
}

const columns = 'id, name, country, lat, lng, updated_at as "updatedAt"';
const tagOf = (city: { id: number }) => `city:${city.id}`;

export const cityRouter = router({
  byId: publicProcedure
    .input(z.object({ id: z.number().int() }))
    .use(cached({ ttl: '10m', scope: 'public' }))
    .query(async ({ ctx, input }) => {
      const [city] = await ctx.database.query<City>(`select ${columns} from city where id = $1`, [input.id]);
      if (!city) throw new TRPCError({ code: 'NOT_FOUND', message: `There is no city ${input.id}.` });
      return city;
    }),

  /** Slow: any part of the name may match, so no index helps. */
  search: publicProcedure
    .input(z.object({ text: z.string().trim().min(2) }))
    .use(cached({ ttl: '10m', scope: 'public' }))
    .query(({ ctx, input }) =>
      ctx.database.query<City>(
        `select ${columns} from city where name ilike $1 order by length(name), name, country limit 20`,
        [`%${input.text.replace(/[\\%_]/g, '\\$&')}%`],
      ),
    ),

  /** Slow: it computes the distance of every city of the world. */
  nearest: publicProcedure
    .input(z.object({ lat: z.number().min(-90).max(90), lng: z.number().min(-180).max(180) }))
    .use(cached({ ttl: '10m', scope: 'public' }))
    .query(async (opts) => {
      const { ctx, input } = opts;
      const cities = await ctx.database.query<City & { km: number }>(
        `select ${columns}, distance_km(lat, lng, $1, $2) as km from city order by km limit 10`,
        [input.lat, input.lng],
      );
      cache.control(opts).tag(...cities.map(tagOf)); // known only now: the cities that this answer shows
      return cities;
    }),

  /** The new city may be in any list; of the statistics it changes so little that the old ones may be shown once more. */
  add: protectedProcedure
    .input(
      z.object({
        name: z.string().trim().min(1),
        country: z.string().length(2),
        lat: z.number().min(-90).max(90),
        lng: z.number().min(-180).max(180),
      }),
    )
    .use(invalidates('.search', '.nearest'))
    .use(invalidates('country.statistics', { mode: 'expire' }))
    .mutation(async ({ ctx, input }) => {
      const [city] = await ctx.database.query<City>(
        `insert into city (id, name, country, lat, lng)
         select max(id) + 1, $1, $2, $3, $4 from city returning ${columns}`,
        [input.name, input.country, input.lat, input.lng],
      );
      return city as City;
    }),

  /** Empties what shows the city, and nothing else. */
  rename: protectedProcedure
    .input(z.object({ id: z.number().int(), name: z.string().trim().min(1) }))
    .use(
      invalidates(
        '.search', // the new name may match any text
        ({ input }) => [{ path: 'city.byId', input: { id: input.id } }, { tag: tagOf(input) }],
      ),
    )
    .mutation(async ({ ctx, input }) => {
      const [city] = await ctx.database.query<City>(
        `update city set name = $2, updated_at = now() where id = $1 returning ${columns}`,
        [input.id, input.name],
      );
      if (!city) throw new TRPCError({ code: 'NOT_FOUND', message: `There is no city ${input.id}.` });
      return city;
    }),
});
