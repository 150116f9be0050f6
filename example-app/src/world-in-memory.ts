import {
  type City,
  type CountryStatistics,
  type Place,
  type Point,
  type Square,
  squaresPerDegree,
  type World,
} from './world.ts';

/** The same where there is no PostgreSQL, as on Workers: in the memory of one process. */
export function worldInMemory(
  places: readonly Place[],
  wishes: readonly (readonly [userId: string, name: string])[],
): World {
  const cities: City[] = places.map((place, index) => ({ ...place, id: index + 1, updatedAt: new Date(0) }));
  const favourites = wishes.flatMap(([userId, name]) => {
    const city = cities.find((one) => one.name === name);
    return city === undefined ? [] : [{ userId, city, addedAt: new Date(0) }];
  });
  let queries = 0;
  const asked = <Answer>(answer: Answer): Promise<Answer> => {
    queries++;
    return Promise.resolve(structuredClone(answer));
  };

  return {
    city: (id) => asked(cities[id - 1]),
    search(text) {
      const wanted = text.toLowerCase();
      const found = cities.filter(({ name }) => name.toLowerCase().includes(wanted));
      return asked(found.sort(byLengthOfName).slice(0, 20));
    },
    nearest: (point) =>
      asked(
        cities
          .map((city) => ({ ...city, km: kmBetween(city, point) }))
          .sort((one, other) => one.km - other.km)
          .slice(0, 10),
      ),
    map: () => asked(squaresOf(cities)),
    statistics: () =>
      asked(
        [...byCountry(cities)]
          .map(([country, all]) => statisticsOf(country, all))
          .sort((one, other) => other.cities - one.cities),
      ),
    add(place) {
      const city = { ...place, id: cities.length + 1, updatedAt: new Date() };
      cities.push(city);
      return asked(city);
    },
    rename(id, name) {
      const city = cities[id - 1];
      if (city !== undefined) Object.assign(city, { name, updatedAt: new Date() });
      return asked(city);
    },
    favouritesOf: (userId) =>
      asked(
        favourites
          .filter((favourite) => favourite.userId === userId)
          .map(({ city, addedAt }) => ({ id: city.id, name: city.name, country: city.country, addedAt }))
          .sort((one, other) => (one.name < other.name ? -1 : 1)),
      ),
    addFavourite(userId, cityId) {
      const city = cities[cityId - 1];
      const isThere = favourites.some((favourite) => favourite.userId === userId && favourite.city === city);
      if (city !== undefined && !isThere) favourites.push({ userId, city, addedAt: new Date() });
      return asked(undefined);
    },
    get queries() {
      return queries;
    },
    close: () => Promise.resolve(),
  };
}

const byLengthOfName = (one: City, other: City) =>
  one.name.length - other.name.length || (one.name < other.name ? -1 : 1) || one.id - other.id;

/** The haversine formula: the great-circle distance of two points. */
function kmBetween(one: Point, other: Point): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const half = (a: number, b: number) => Math.sin(radians(b - a) / 2) ** 2;
  const across = Math.cos(radians(one.lat)) * Math.cos(radians(other.lat)) * half(one.lng, other.lng);
  return 12_742 * Math.asin(Math.sqrt(half(one.lat, other.lat) + across));
}

function byCountry(cities: readonly City[]): Map<string, City[]> {
  const groups = new Map<string, City[]>();
  for (const city of cities) {
    const group = groups.get(city.country);
    if (group === undefined) groups.set(city.country, [city]);
    else group.push(city);
  }
  return groups;
}

function squaresOf(cities: readonly City[]): Square[] {
  const squares = new Map<string, Square>();
  for (const { lat, lng } of cities) {
    const x = Math.floor((lng + 180) * squaresPerDegree);
    const y = Math.floor((90 - lat) * squaresPerDegree);
    const square = squares.get(`${x} ${y}`);
    if (square === undefined) squares.set(`${x} ${y}`, { x, y, cities: 1 });
    else square.cities++;
  }
  return [...squares.values()];
}

function statisticsOf(country: string, cities: readonly City[]): CountryStatistics {
  const centre = {
    lat: round(
      part(
        0.5,
        cities.map(({ lat }) => lat),
      ),
    ),
    lng: round(
      part(
        0.5,
        cities.map(({ lng }) => lng),
      ),
    ),
  };
  const distances = cities.map((city) => kmBetween(city, centre));
  const km = (share: number) => Math.round(part(share, distances));
  return { country, cities: cities.length, centre, kmFromCentre: [km(0.1), km(0.5), km(0.9)] };
}

const round = (degrees: number) => Math.round(degrees * 100) / 100;

/** The value below which such a share of all lies, between two where it falls between them. */
function part(share: number, values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return below + (above - below) * (at % 1);
}
