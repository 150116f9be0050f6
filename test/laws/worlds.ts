import { initTRPC } from '@trpc/server';
import superjson from 'superjson';
import { beforeEach, describe } from 'vitest';
import { type CreateCacheOptions, memoryStore, type Store } from '../../src/index.ts';
import { useUpstash } from '../stores/upstash-harness.ts';
import { type Context, cacheOf } from '../support/app.ts';
import { redisAvailable } from '../support/redis.ts';

/** A router builder whose values keep their types on the wire. */
export const typed = initTRPC.context<Context>().create({ transformer: superjson });

/** A place to keep entries that several caches share. */
export interface World {
  /** The store of another process on the same data. */
  readonly store: () => Store;
  /** A cache of another process, patient with a busy machine: what is late is tested elsewhere. */
  readonly cache: (options?: Partial<CreateCacheOptions<Context>>) => ReturnType<typeof cacheOf>;
}

const worldOf = (store: () => Store): World => ({
  store,
  cache: (options) => cacheOf({ store: store(), namespace: 'law', timeouts: { read: '5s', write: '5s' }, ...options }),
});

/** Runs a suite on a store in memory and, where there is a Redis, on Upstash. */
export function onEveryStore(suite: (world: World) => void): void {
  describe('on the memory store', () => {
    let shared: Store;
    beforeEach(() => {
      shared = memoryStore();
    });
    suite(worldOf(() => shared));
  });
  describe.skipIf(!redisAvailable)('on Upstash', () => {
    const upstash = useUpstash();
    suite(worldOf(() => upstash.store()));
  });
}
