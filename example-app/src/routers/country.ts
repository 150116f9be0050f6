import { cached } from '../cache.ts';
import { publicProcedure, router } from '../trpc.ts';

interface CountryStatistics {
  country: string;
  cities: number;
  /** Half of its cities lie north of it, half of them east. */
  centre: { lat: number; lng: number };
  /** Distance of 10 %, 50 % and 90 % of its cities from the centre. */
  kmFromCentre: [number, number, number];
}

export const countryRouter = router({
  /**
   * The slowest query: it sorts every city of the world by latitude, by longitude and by distance, country by country. Who asks
   * after its ttl, or after a city was added, has the old answer at once, and the query runs behind it.
   */
  statistics: publicProcedure
    .use(cached({ ttl: '10m', staleWhileRevalidate: '1h', scope: 'public', http: { browser: '30s', cdn: '1m' } }))
    .query(async ({ ctx }) => ({
      computedAt: new Date(),
      countries: await ctx.database.query<CountryStatistics>(`
        with centre as (
          select country,
            percentile_cont(0.5) within group (order by lat) as lat,
            percentile_cont(0.5) within group (order by lng) as lng
          from city group by country
        )
        select country, count(*)::int as cities,
          json_build_object('lat', round(centre.lat::numeric, 2), 'lng', round(centre.lng::numeric, 2)) as centre,
          percentile_cont(array[0.1, 0.5, 0.9]) within group (
            order by distance_km(city.lat, city.lng, centre.lat, centre.lng)
          )::int[] as "kmFromCentre"
        from city join centre using (country)
        group by country, centre.lat, centre.lng
        order by cities desc
      `),
    })),
});
