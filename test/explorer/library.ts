import type { createCache, memoryStore, tieredStore } from '../../src/index.ts';

/** What the explorer uses of the library. */
export interface Library {
  readonly createCache: typeof createCache;
  readonly memoryStore: typeof memoryStore;
  readonly tieredStore: typeof tieredStore;
}
