/** The cities and who likes them, wherever they are kept. */
export interface World {
  city(id: number): Promise<City | undefined>;
  /** Any part of the name may match. The shortest names come first. */
  search(text: string): Promise<City[]>;
  /** The ten nearest. */
  nearest(point: Point): Promise<(City & { km: number })[]>;
  /** How many cities there are in each square of the map. */
  map(): Promise<Square[]>;
  statistics(): Promise<CountryStatistics[]>;
  add(city: Place): Promise<City>;
  rename(id: number, name: string): Promise<City | undefined>;
  favouritesOf(userId: string): Promise<Favourite[]>;
  addFavourite(userId: string, cityId: number): Promise<void>;
  /** How many queries it was asked: this shows what the cache saves. */
  readonly queries: number;
  close(): Promise<void>;
}

export interface Point {
  lat: number;
  lng: number;
}

export interface Place extends Point {
  name: string;
  country: string;
}

export interface City extends Place {
  id: number;
  updatedAt: Date;
}

export interface Favourite {
  id: number;
  name: string;
  country: string;
  addedAt: Date;
}

/** A third of a degree wide and high; `x` counts from 180° west, `y` from the north pole. */
export interface Square {
  x: number;
  y: number;
  cities: number;
}

export const squaresPerDegree = 3;

export interface CountryStatistics {
  country: string;
  cities: number;
  /** Half of its cities lie north of it, half of them east. */
  centre: Point;
  /** Distance of 10 %, 50 % and 90 % of its cities from the centre. */
  kmFromCentre: [number, number, number];
}
