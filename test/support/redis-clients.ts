import type { ClusterOptions, RedisOptions } from 'ioredis';
import * as ioredis from 'ioredis';
import type { RedisClientOptions, RedisClusterOptions } from 'redis';
import * as redis from 'redis';
import type { RedisClient } from '../../src/stores/redis.ts';
import type { Packages } from './redis-older.ts';

/** The packages that users have their clients from. */
export const kinds = ['ioredis', 'redis'] as const;
export type Kind = (typeof kinds)[number];

/** Settings of a client, of each package its own. */
export interface ClientSettings {
  readonly ioredis?: RedisOptions;
  readonly redis?: RedisClientOptions;
}

/** Settings of a client of a cluster, of each package its own. */
export interface ClusterSettings {
  readonly ioredis?: ClusterOptions;
  readonly redis?: Partial<RedisClusterOptions>;
}

/** A connected client, and what ends it without waiting for anything. */
export interface Connected {
  readonly client: RedisClient;
  /** Any command, past the store. */
  readonly command: (...command: [string, ...string[]]) => Promise<unknown>;
  readonly end: () => void;
}

const current: Packages = {
  Cluster: ioredis.Cluster,
  Redis: ioredis.Redis,
  createClient: redis.createClient,
  createCluster: redis.createCluster,
};

/** Connects the client that users have; it comes back by itself at once when its connection is lost. */
export const connect = async (
  kind: Kind,
  port: number,
  settings: ClientSettings = {},
  { Redis, createClient }: Packages = current,
): Promise<Connected> => {
  if (kind === 'ioredis') {
    const options = { port, lazyConnect: true, retryStrategy: () => 5, ...settings.ioredis };
    const client = new Redis(options as RedisOptions & { replyMapping: 'legacy' });
    client.on('error', () => {});
    await client.connect();
    return { client, command: (name, ...args) => client.call(name, ...args), end: () => client.disconnect() };
  }
  const client = createClient({ ...settings.redis, socket: { port, reconnectStrategy: () => 5 } });
  client.on('error', () => {});
  await client.connect();
  return {
    client,
    command: (...command) => client.sendCommand(command),
    end: () => client.destroy(),
  };
};

/** The same for a cluster; commands go to the node that holds their first key. */
export const connectCluster = async (
  kind: Kind,
  ports: readonly number[],
  settings: ClusterSettings = {},
  { Cluster, createCluster }: Packages = current,
): Promise<Connected> => {
  if (kind === 'ioredis') {
    const nodes = ports.map((port) => ({ host: '127.0.0.1', port }));
    const client = new Cluster(nodes, { lazyConnect: true, ...settings.ioredis } as object);
    client.on('error', () => {});
    await client.connect();
    return { client, command: (name, ...args) => client.call(name, ...args), end: () => client.disconnect() };
  }
  const client = createCluster({
    rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })),
    defaults: { socket: { reconnectStrategy: () => 20 } },
    ...settings.redis,
  });
  client.on('error', () => {});
  await client.connect();
  return {
    client,
    command: (...command) => client.sendCommand(command[1], false, command),
    end: () => client.destroy(),
  };
};
