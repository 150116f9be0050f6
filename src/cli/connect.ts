// Docs: docs/cli.md#clients
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { late, within } from '../deadline.ts';
import type { Store } from '../store.ts';
import { type NodeRedisCluster, type RedisClient, redisStore } from '../stores/redis.ts';
import { type UpstashClient, upstashStore } from '../stores/upstash.ts';
import type { Address } from './arguments.ts';

/** A store that is connected, and its server. */
export interface Connection {
  /** As an application has it. Its operations end within the patience of a person. */
  readonly store: Required<Pick<Store, 'lookup' | 'fill' | 'advance' | 'scan'>> & Pick<Store, 'name'>;
  /** Sends one command; to the first node of a Cluster. */
  readonly command: (...command: readonly [string, ...string[]]) => Promise<unknown>;
  /** The package whose client it is. */
  readonly client: string;
  /** Whether the store is on a Cluster. */
  readonly isCluster: boolean;
  /** Ends all connections at once. */
  readonly close: () => void;
}

/** How to get a package of the user; `undefined` where it is not installed. */
export type Load = (name: string) => Promise<unknown>;

const patienceMs = 10_000;

/** A package that is installed beside this one, or in the folder where the command was typed (`npx` has folders of its own). */
export const loadInstalled: Load = async (name) => {
  try {
    return await import(name);
  } catch {
    // not beside this package
  }
  try {
    return await import(pathToFileURL(createRequire(`${process.cwd()}/`).resolve(name)).href);
  } catch {
    return undefined;
  }
};

/** Connects to a store. Rejects, with what to do, when it does not answer or no client is installed. */
export async function connect(address: Address, signal: AbortSignal, load: Load = loadInstalled): Promise<Connection> {
  if (address.kind === 'upstash') return toUpstash(address, signal, load);
  const ioredis = (await load('ioredis')) as typeof import('ioredis') | undefined;
  if (ioredis !== undefined) return throughIoredis(ioredis, address, signal);
  const redis = (await load('redis')) as typeof import('redis') | undefined;
  if (redis !== undefined) return throughNodeRedis(redis, address, signal);
  throw new Error('No client for Redis is installed here. Write: npm install ioredis (or redis).');
}

/** The part of a Cluster whose type depends on no module of the server. */
type Ended = NodeRedisCluster & { readonly isOpen: boolean; readonly destroy: () => void };
type RedisAddress = Extract<Address, { kind: 'redis' }>;

async function throughIoredis(
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
  const close = () => {
    nodes?.disconnect();
    server.disconnect();
  };
  await opened(close, signal, async () => {
    await server.connect();
    if (!cluster) return;
    const { username, password, tls } = server.options;
    nodes = new Cluster([url], {
      lazyConnect: true,
      clusterRetryStrategy: () => null,

      redisOptions: { ...(username && { username }), ...(password && { password }), ...(tls && { tls }) },
    });
    nodes.on('error', (error: unknown) => (reason = error));
    await nodes.connect();
  }).catch((error) => {
    throw reason ?? error; // "Connection is closed" says less
  });
  return over(redisStore((nodes ?? server) as RedisClient), {
    command: ([name, ...args]) => server.call(name, ...args),
    client: 'ioredis',
    isCluster: cluster,
    close,
  });
}

async function throughNodeRedis(
  { createClient, createCluster }: typeof import('redis'),
  { url, cluster }: RedisAddress,
  signal: AbortSignal,
): Promise<Connection> {
  const socket = { reconnectStrategy: false, connectTimeout: patienceMs } as const;
  const server = createClient({ url, socket });
  server.on('error', () => {}); // or the process ends
  let nodes: Ended | undefined;
  const close = () => {
    if (nodes?.isOpen) nodes.destroy();
    if (server.isOpen) server.destroy();
  };
  await opened(close, signal, async () => {
    await server.connect();
    if (!cluster) return;
    const { username, password } = server.options ?? {};
    const defaults = { socket, ...(username && { username }), ...(password && { password }) };
    const made = createCluster({ rootNodes: [{ url }], defaults });
    nodes = made as unknown as Ended;
    made.on('error', () => {});
    await made.connect();
  });
  return over(redisStore((nodes ?? server) as RedisClient), {
    command: (command) => server.sendCommand([...command]),
    client: 'redis',
    isCluster: cluster,
    close,
  });
}

async function toUpstash(
  { url, token }: Extract<Address, { kind: 'upstash' }>,
  signal: AbortSignal,
  load: Load,
): Promise<Connection> {
  const upstash = (await load('@upstash/redis')) as typeof import('@upstash/redis') | undefined;
  if (upstash === undefined)
    throw new Error('@upstash/redis is not installed here. Write: npm install @upstash/redis.');
  // Given as a function, or an aborted request would resolve.
  const ending = () => AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const client = new upstash.Redis({ url, token, enableTelemetry: false, retry: { retries: 0 }, signal: ending });
  const connection = over(upstashStore(client as UpstashClient), {
    // The client has no way to send any command.
    async command(command) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(command),
        signal: ending(),
      });
      const answer = (await response.json()) as { result?: unknown; error?: unknown };
      if (!response.ok || answer.error !== undefined)
        throw new Error(String(answer.error ?? `HTTP ${response.status}`));
      return answer.result;
    },
    client: '@upstash/redis',
    isCluster: false,
    close() {},
  });
  await connection.command('PING');
  return connection;
}

/** Opens something, in time and unless the user ends it; else closes it. */
async function opened(close: () => void, signal: AbortSignal, open: () => Promise<void>): Promise<void> {
  signal.addEventListener('abort', close);
  try {
    await patiently(open());
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
  }
}

interface Sending extends Omit<Connection, 'store' | 'command'> {
  readonly command: (command: readonly [string, ...string[]]) => Promise<unknown>;
}

function over(store: Store, { command, ...rest }: Sending): Connection {
  const { lookup, fill, advance, scan } = store as Required<Store>;
  return {
    ...rest,
    store: {
      name: store.name,
      lookup: (request) => patiently(lookup(request)),
      fill: (request) => patiently(fill(request)),
      advance: (...asked) => patiently(advance(...asked)),
      scan: (request) => patiently(scan(request)),
    },
    command: (...words) => patiently(command(words)),
  };
}

async function patiently<T>(work: T | Promise<T>): Promise<T> {
  const answer = await within(Promise.resolve(work), patienceMs);
  if (answer === late) throw new Error(`The store did not answer within ${patienceMs / 1_000} s.`);
  return answer;
}
