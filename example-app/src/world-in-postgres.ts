import type { Database } from './database.ts';
import {
  type City,
  type CountryStatistics,
  type Favourite,
  type Square,
  squaresPerDegree,
  type World,
} from './world.ts';

const columns = 'id, name, country, lat, lng, updated_at as "updatedAt"';

/** Every city of GeoNames, in PostgreSQL. */
export function worldInPostgres(database: Database): World {
  const { query } = database;
  return {
    async city(id) {
      const [city] = await query<City>(`select ${columns} from city where id = $1`, [id]);
      return city;
    },

    /** Slow: any part of the name may match, so no index helps. */
    search: (text) =>
      query<City>(`select ${columns} from city where name ilike $1 order by length(name), name, country, id limit 20`, [
        `%${text.replace(/[\\%_]/g, '\\$&')}%`,
      ]),

    /** Slow: it computes the distance of every city of the world. */
    nearest: ({ lat, lng }) =>
      query<City & { km: number }>(
        `select ${columns}, distance_km(lat, lng, $1, $2) as km from city order by km limit 10`,
        [lat, lng],
      ),

    /** Slow: it counts every city of the world. */
    map: () =>
      query<Square>(
        `select floor((lng + 180) * $1)::int as x, floor((90 - lat) * $1)::int as y, count(*)::int as cities
         from city group by 1, 2`,
        [squaresPerDegree],
      ),

    /** The slowest: it sorts every city of the world by latitude, by longitude and by distance, country by country. */
    statistics: () =>
      query<CountryStatistics>(`
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

    async add({ name, country, lat, lng }) {
      const [city] = await query<City>(
        `insert into city (id, name, country, lat, lng)
         select max(id) + 1, $1, $2, $3, $4 from city returning ${columns}`,
        [name, country, lat, lng],
      );
      return city as City;
    },

    async rename(id, name) {
      const [city] = await query<City>(
        `update city set name = $2, updated_at = now() where id = $1 returning ${columns}`,
        [id, name],
      );
      return city;
    },

    favouritesOf: (userId) =>
      query<Favourite>(
        `select city.id, name, country, added_at as "addedAt"
         from favourite join city on city.id = city_id where user_id = $1 order by name`,
        [userId],
      ),

    async addFavourite(userId, cityId) {
      await query('insert into favourite (user_id, city_id) values ($1, $2) on conflict do nothing', [userId, cityId]);
    },

    get queries() {
      return database.queries;
    },
    close: () => database.close(),
  };
}
