// As its documentation has it, under "Quick setup", with the memory driver alone.
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';

export const name = 'bentocache';

const bento = new BentoCache({
  default: 'myCache',
  stores: { myCache: bentostore().useL1Layer(memoryDriver({ maxSize: '100mb' })) },
});

let caches = 0;

export const wrap = (load) => {
  const cache = caches++;
  return (id) => bento.getOrSet({ key: `rows-${cache}-${id}`, ttl: '1h', factory: async () => load(id) });
};
