// Docs: docs/cli.md#clients
import { type NodeRedisCluster, type RedisClient, redisStore } from '../stores/redis.ts';
import type { Address } from './arguments.ts';
import { type Connection, connectionOver, opened, patienceMs } from './connection.ts';

type RedisAddress = Extract<Address, { kind: 'redis' }>;

/** The database that an address names. */
const databaseOf = (url: string): number => Number(new URL(url).pathname.slice(1));

/** Connects through `ioredis`. */
export async function throughIoredis(
  { Redis, Cluster }: typeof import('ioredis'),
  { url, cluster }: RedisAddress,
  signal: AbortSignal,
): Promise<Connection> {
  const once = {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: patienceMs,
    maxRetriesPerRequest: 0,
    disconnectTimeout: 100,
  };
  const server = new Redis(url, once);
  let reason: unknown;
  server.on('error', (error: unknown) => (reason = error));
  let nodes: InstanceType<typeof Cluster> | undefined;
  const unreachable = new Set<string>();
  const close = () => {
    nodes?.disconnect();
    server.disconnect();
  };
  await opened(close, signal, async () => {
    await server.connect();
    // A SELECT that was refused is nothing but an event: the connection would be one to database 0.
    const database = databaseOf(url);
    if (database > 0) await server.select(database);
    if (!cluster) return;
    const { username, password, tls } = server.options;
    nodes = new Cluster([url], {
      lazyConnect: true,
      clusterRetryStrategy: () => null,
      // It would ask any node, also one that is down, and then end.
      enableReadyCheck: false,
      redisOptions: { ...(username && { username }), ...(password && { password }), ...(tls && { tls }) },
    });
    nodes.on('error', (error: unknown) => (reason = error));
    nodes.on('node error', (_: unknown, node: string) => unreachable.add(node));
    await nodes.connect();
  }).catch((error) => {
    throw reason ?? error; // "Connection is closed" says less
  });
  return connectionOver(redisStore((nodes ?? server) as RedisClient), {
    send: ([name, ...args]) => server.call(name, ...args),
    // It finds the keys of a command by itself.
    ...(nodes && { sendTo: (_, [name, ...args]) => (nodes as InstanceType<typeof Cluster>).call(name, ...args) }),
    unreachable,
    client: 'ioredis',
    close,
  });
}

/** The part of a Cluster whose type depends on no module of the server. */
type Ended = NodeRedisCluster & { readonly isOpen: boolean; readonly destroy: () => void };

/** Connects through `redis`. */
export async function throughNodeRedis(
  { createClient, createCluster }: typeof import('redis'),
  { url, cluster }: RedisAddress,
  signal: AbortSignal,
): Promise<Connection> {
  const socket = { reconnectStrategy: false, connectTimeout: patienceMs } as const;
  const server = createClient({ url, socket });
  server.on('error', () => {}); // or the process ends
  let nodes: Ended | undefined;
  const unreachable = new Set<string>();
  const close = () => {
    if (nodes?.isOpen) nodes.destroy();
    if (server.isOpen) server.destroy();
  };
  await opened(close, signal, async () => {
    await server.connect();
    const database = databaseOf(url);
    if (database > 0) await server.sendCommand(['SELECT', String(database)]);
    if (!cluster) return;
    const { username, password } = server.options ?? {};
    const defaults = { socket, ...(username && { username }), ...(password && { password }) };
    // Connected to all nodes at once, it gives all of them up for one that is down.
    const made = createCluster({ rootNodes: [{ url }], defaults, minimizeConnections: true });
    nodes = made as unknown as Ended;
    made.on('error', () => {});
    made.on('node-error', (_: unknown, { host, port }: { host: string; port: number }) => {
      unreachable.add(`${host}:${port}`);
    });
    await made.connect();
  });
  return connectionOver(redisStore((nodes ?? server) as RedisClient), {
    send: (command) => server.sendCommand([...command]),
    ...(nodes && { sendTo: (key, command) => (nodes as Ended).sendCommand(key, false, [...command]) }),
    unreachable,
    client: 'redis',
    close,
  });
}
