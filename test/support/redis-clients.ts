import { Redis, type RedisOptions } from 'ioredis';
import { createClient, type RedisClientOptions } from 'redis';
import type { RedisClient } from '../../src/stores/redis.ts';

/** The packages that users have their clients from. */
export const kinds = ['ioredis', 'redis'] as const;
export type Kind = (typeof kinds)[number];

/** Settings of a client, of each package its own. */
export interface ClientSettings {
  readonly ioredis?: RedisOptions;
  readonly redis?: RedisClientOptions;
}

/** A connected client, and what ends it without waiting for anything. */
export interface Connected {
  readonly client: RedisClient;
  /** Any command, past the store. */
  readonly command: (...command: [string, ...string[]]) => Promise<unknown>;
  readonly end: () => void;
}

/** Connects the client that users have; it comes back by itself at once when its connection is lost. */
export const connect = async (kind: Kind, port: number, settings: ClientSettings = {}): Promise<Connected> => {
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
