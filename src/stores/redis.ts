// Docs: docs/stores.md#redis
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { CacheError, invalid, rejectUnknown } from '../errors.ts';
import type { Store } from '../store.ts';
import { createBus } from './redis-bus.ts';
import { connectionOf, type RedisClient } from './redis-client.ts';
import { shardedStore } from './redis-cluster.ts';
import type { RedisConnection } from './redis-connection.ts';
import { type ScanKeys, scanOf } from './scan.ts';
import { type RunScript, scriptedStore } from './scripted.ts';
import { scriptsFor } from './scripts.ts';

export type { RedisClient } from './redis-client.ts';
export type { IoredisClient } from './redis-ioredis.ts';
export type { IoredisCluster } from './redis-ioredis-cluster.ts';
export type { NodeRedisClient } from './redis-node.ts';
export type { NodeRedisCluster } from './redis-node-cluster.ts';

/** The options of {@link redisStore}. */
export interface RedisStoreOptions {
  /** The channel on which stores tell each other what was invalidated. Channels are shared by all databases of a server. @default 'trpc-cached' */
  readonly channel?: string;
}

/**
 * One Redis server over TCP, or a Cluster, on your own client of `ioredis` or of `redis` (node-redis), whatever its settings.
 * One command per hit, also for all calls of a batch; one for an invalidation, whatever the number of entries (on a Cluster: one
 * for each of 16 shards). The client stays yours: the store ends only the connection of its bus.
 *
 * @throws CacheError `INVALID_OPTION` for something else than a client of one server or of a Cluster: a pool, sentinels
 * (node-redis), a client that reads from a replica or prefixes keys.
 * @example
 * ```ts
 * import { Redis } from 'ioredis';
 * import { createCache } from 'trpc-cached';
 * import { redisStore } from 'trpc-cached/redis';
 *
 * createCache({
 *   store: redisStore(new Redis('redis://localhost:6379', { lazyConnect: true })),
 *   namespace: 'shop-production',
 *   scope: 'public',
 * });
 * ```
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): Store {
  rejectUnknown(options, ['channel'], 'redisStore');
  const { channel = 'trpc-cached' } = options;
  if (typeof channel !== 'string' || channel === '') {
    throw invalid('redisStore: channel', "a name such as 'trpc-cached'", channel);
  }
  const connection = connectionOf(client);
  const bus = createBus(connection, channel);
  const run = runnerOn(connection);
  return {
    name: 'redis',
    supports: { local: false },
    ...(connection.isCluster
      ? shardedStore('redisStore', run, connection, channel)
      : {
          ...scriptedStore('redisStore', scripts, run, channel),
          scan: scanOf('redisStore', scripts, run, scanKeysOn(connection)),
        }),
    subscribe: bus.subscribe,
    close: bus.close,
  };
}

const scripts = scriptsFor({ tellsRuns: true, publishes: true });

/** Scripts go by their hash; the server gets the text of one that it does not know. */
function runnerOn({ send }: Pick<RedisConnection, 'send'>): RunScript {
  const hashes = new Map<string, string>();
  const hashOf = (script: string) => {
    let hash = hashes.get(script);
    if (hash === undefined) hashes.set(script, (hash = bytesToHex(sha1(utf8ToBytes(script)))));
    return hash;
  };
  return async (script, keys, args, route) => {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return numberIn(await send(['EVALSHA', hashOf(script), ...rest], route));
    } catch (error) {
      if (!messageOf(error).startsWith('NOSCRIPT')) throw withoutValues(error);
    }
    try {
      return numberIn(await send(['EVAL', script, ...rest], route));
    } catch (error) {
      throw withoutValues(error);
    }
  };
}

const scanKeysOn =
  ({ send }: Pick<RedisConnection, 'send'>): ScanKeys =>
  async (cursor, match, count) => {
    try {
      return await send(['SCAN', cursor, 'MATCH', match, 'COUNT', String(count)]);
    } catch (error) {
      throw withoutValues(error);
    }
  };

/** A client may be set to give numbers as texts. */
const numberIn = (reply: unknown): unknown =>
  typeof reply === 'string' && /^\d+$/.test(reply) ? Number(reply) : reply;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The clients put the command into their errors, and servers quote it, stored values included: these are not for logs. */
function withoutValues(error: unknown): unknown {
  if (error instanceof CacheError) return error;
  return new Error(`redisStore: ${messageOf(error).replace(/, with args beginning with: [\s\S]*/, '')}`);
}
