// Docs: docs/stores.md#redis
import { CacheError, shown } from '../errors.ts';
import type { RedisConnection } from './redis-connection.ts';
import { fromIoredis, type IoredisClient } from './redis-ioredis.ts';
import { fromNodeRedis, type NodeRedisClient } from './redis-node.ts';

/** A client of `ioredis` or of `redis` (node-redis), in the part that is used. */
export type RedisClient = IoredisClient | NodeRedisClient;

/** The connection of a client, if it is one of a single server that reads from the primary. */
export function connectionOf(client: RedisClient): RedisConnection {
  const given: unknown = client;
  if (typeof given !== 'object' || given === null) throw notOne(given, 'is no client');
  const refusal = refusals.find(([is]) => is(given as Given));
  if (refusal !== undefined) throw notOne(given, refusal[1]);
  if (isIoredis(client)) return fromIoredis(client);
  if (isNodeRedis(client)) return fromNodeRedis(client);
  throw notOne(given, 'is no client');
}

type Given = { readonly options?: Readonly<Record<string, unknown>> } & Readonly<Record<string, unknown>>;

const isIoredis = (client: RedisClient): client is IoredisClient =>
  'call' in client && typeof client.call === 'function' && typeof client.status === 'string';

const isNodeRedis = (client: RedisClient): client is NodeRedisClient =>
  'sendCommand' in client && typeof client.sendCommand === 'function' && typeof client.isOpen === 'boolean';

// A client that is refused here would serve what was invalidated, or nothing at all.
const refusals: readonly (readonly [is: (client: Given) => boolean, why: string])[] = [
  [({ isCluster, slots }) => isCluster === true || slots !== undefined, 'is one of a cluster'],
  [({ totalClients }) => typeof totalClients === 'number', 'is a pool'],
  [({ acquire }) => typeof acquire === 'function', 'is one of sentinels'],
  [({ options }) => options?.role === 'slave', "reads from a replica (role: 'slave')"],
  [({ options }) => options?.readOnly === true || options?.readonly === true, 'reads from a replica (readOnly)'],
  [
    // Only the keys of a command get the prefix, not the names that an entry holds.
    ({ call, options }) => typeof call === 'function' && (options?.keyPrefix ?? '') !== '',
    'has a keyPrefix, which the namespace of the cache makes needless',
  ],
];

const notOne = (client: unknown, why: string): CacheError =>
  new CacheError(
    'INVALID_OPTION',
    `redisStore: expected a client of one Redis server, without replicas and without a key prefix; what was received ${why}: ${shown(client)}. Write redisStore(new Redis(url)) with ioredis, redisStore(await createClient({ url }).connect()) with redis.`,
  );
