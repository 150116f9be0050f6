// Docs: docs/stores.md#redis
import { CacheError, shown } from '../errors.ts';
import type { RedisConnection } from './redis-connection.ts';
import { fromIoredis, type IoredisClient } from './redis-ioredis.ts';
import { fromIoredisCluster, type IoredisCluster } from './redis-ioredis-cluster.ts';
import { fromNodeRedis, type NodeRedisClient } from './redis-node.ts';
import { fromNodeRedisCluster, type NodeRedisCluster } from './redis-node-cluster.ts';

/** A client of `ioredis` or of `redis` (node-redis), in the part that is used. */
export type RedisClient = IoredisClient | IoredisCluster | NodeRedisClient | NodeRedisCluster;

/** The connection of a client, if it is one of a single server or of a Cluster, and reads from primaries. */
export function connectionOf(client: RedisClient): RedisConnection {
  const given: unknown = client;
  if (typeof given !== 'object' || given === null) throw notOne(given, 'is no client');
  const refusal = refusals.find(([is]) => is(given as Given));
  if (refusal !== undefined) throw notOne(given, refusal[1]);
  if (isIoredisCluster(client)) return fromIoredisCluster(client);
  if (isNodeRedisCluster(client)) return fromNodeRedisCluster(client);
  if (isIoredis(client)) return fromIoredis(client);
  if (isNodeRedis(client)) return fromNodeRedis(client);
  throw notOne(given, 'is no client');
}

type Options = Readonly<Record<string, unknown>>;
type Given = { readonly options?: Options; readonly _options?: Options } & Readonly<Record<string, unknown>>;

const isIoredis = (client: RedisClient): client is IoredisClient =>
  'call' in client && typeof client.call === 'function' && 'status' in client && typeof client.status === 'string';

const isNodeRedis = (client: RedisClient): client is NodeRedisClient =>
  'sendCommand' in client && typeof client.sendCommand === 'function' && typeof client.isOpen === 'boolean';

const isIoredisCluster = (client: RedisClient): client is IoredisCluster =>
  'isCluster' in client && client.isCluster === true && typeof client.call === 'function';

const isNodeRedisCluster = (client: RedisClient): client is NodeRedisCluster =>
  'slots' in client && Array.isArray(client.slots) && typeof client.nodeClient === 'function';

// A client that is refused here would serve what was invalidated, or nothing at all.
const refusals: readonly (readonly [is: (client: Given) => boolean, why: string])[] = [
  [({ totalClients }) => typeof totalClients === 'number', 'is a pool'],
  [({ acquire }) => typeof acquire === 'function', 'is one of sentinels'],
  [({ options }) => options?.role === 'slave', "reads from a replica (role: 'slave')"],
  [({ options }) => options?.readOnly === true || options?.readonly === true, 'reads from a replica (readOnly)'],
  // A connection that was one to a replica stays so when that node is promoted, and never asks a primary again.
  [({ _options }) => _options?.useReplicas === true, 'reads from replicas (useReplicas)'],
  [
    // Only the keys of a command get the prefix, not the names that an entry holds.
    ({ call, options }) => typeof call === 'function' && (options?.keyPrefix ?? '') !== '',
    'has a keyPrefix, which the namespace of the cache makes needless',
  ],
];

const notOne = (client: unknown, why: string): CacheError =>
  new CacheError(
    'INVALID_OPTION',
    `redisStore: expected a client of one Redis server or of a Redis Cluster, that reads from no replica and prefixes no key; what was received ${why}: ${shown(client)}. Write redisStore(new Redis(url)) or redisStore(new Cluster(nodes)) with ioredis, redisStore(await createClient({ url }).connect()) or redisStore(await createCluster({ rootNodes }).connect()) with redis.`,
  );
