// As its README has it, under "Example".
import { createCache } from 'async-cache-dedupe';

export const name = 'async-cache-dedupe';

const cache = createCache({ ttl: 3_600, stale: 5, storage: { type: 'memory' } });

let caches = 0;

export const wrap = (load) => {
  const rows = `rows${caches++}`;
  cache.define(rows, async (id) => load(id));
  return (id) => cache[rows](id);
};
