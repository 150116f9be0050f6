// As its README has it, under "Caching Functions".
import { defineCachedFunction } from 'ocache';

export const name = 'ocache';

let caches = 0;

export const wrap = (load) => defineCachedFunction(async (id) => load(id), { maxAge: 3_600, name: `rows-${caches++}` });
