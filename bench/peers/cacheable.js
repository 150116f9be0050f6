// As its README has it, under "GetOrSet".
import { Cacheable } from 'cacheable';

export const name = 'cacheable';

const cache = new Cacheable();

let caches = 0;

export const wrap = (load) => {
  const own = caches++;
  return (id) => cache.getOrSet(`rows:${own}:${id}`, async () => load(id), { ttl: '1h' });
};
