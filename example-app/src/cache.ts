import { Redis } from '@upstash/redis';
import { createCache, memoryStore } from 'trpc-cached';
import { upstashStore } from 'trpc-cached/upstash';
import type { Context } from './context.ts';

const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = process.env;
if (Boolean(url) !== Boolean(token)) {
  throw new Error(
    'Upstash needs both UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN: set both, or none for memory.',
  );
}

export const storeName = url ? `Upstash at ${new URL(url).host}` : 'memory';

export const cache = createCache<Context>({
  store: url && token ? upstashStore(new Redis({ url, token })) : memoryStore(),
  namespace: 'world-cities',
  scope: ({ ctx }) => ctx.user?.id ?? null, // who shares an entry, where a procedure does not say otherwise
  waitUntil: (work, { ctx }) => ctx.waitUntil?.(work), // on Workers, work behind a response goes on by this alone
  http: {
    tellInvalidated: true, // the page refreshes what a mutation says it invalidated
    cacheStatus: 'world-cities', // how long an answer is fresh; the page shows it
  },
});

export const { cached, invalidates } = cache;
