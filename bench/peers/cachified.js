// As its README has it, under "Usage".
import { cachified, totalTtl } from '@epic-web/cachified';
import { LRUCache } from 'lru-cache';

export const name = '@epic-web/cachified';

const lruInstance = new LRUCache({ max: 1000 });

const lru = {
  set(key, value) {
    const ttl = totalTtl(value?.metadata);
    return lruInstance.set(key, value, {
      ttl: ttl === Infinity ? undefined : ttl,
      start: value?.metadata?.createdTime,
    });
  },
  get(key) {
    return lruInstance.get(key);
  },
  delete(key) {
    return lruInstance.delete(key);
  },
};

let caches = 0;

export const wrap = (load) => {
  const cache = caches++;
  return (id) =>
    cachified({ key: `rows-${cache}-${id}`, cache: lru, getFreshValue: async () => load(id), ttl: 3_600_000 });
};
