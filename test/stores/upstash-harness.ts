import type { Redis } from '@upstash/redis';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Store } from '../../src/store.ts';
import { type UpstashStoreOptions, upstashStore } from '../../src/stores/upstash.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { type RedisOptions, type RedisServer, startRedis } from '../support/redis.ts';
import { upstashClient } from '../support/upstash.ts';

export type ClientOptions = Parameters<typeof upstashClient>[1];

/** A real Redis, the gateway in front of it, and clients and stores on both. */
export interface UpstashHarness {
  readonly server: RedisServer;
  readonly gateway: Gateway;
  readonly client: (options?: ClientOptions) => Redis;
  /** A store on a client of its own. */
  readonly store: (options?: ClientOptions, storeOptions?: UpstashStoreOptions) => Store;
}

/** Starts them for the suite that calls this, and empties them before every test. */
export function useUpstash(options: RedisOptions = {}): UpstashHarness {
  let server: RedisServer;
  let gateway: Gateway;
  beforeAll(async () => {
    server = await startRedis(options);
    gateway = await startGateway({ redisPort: server.port });
  });
  afterAll(async () => {
    await gateway?.close();
    await server?.stop();
  });
  beforeEach(async () => {
    gateway.reset();
    await server.flush();
  });
  const client = (given?: ClientOptions) => upstashClient(gateway, given);
  return {
    get server() {
      return server;
    },
    get gateway() {
      return gateway;
    },
    client,
    store: (given, storeOptions) => upstashStore(client(given), storeOptions),
  };
}

/** One try for each request, so that a fault shows as it is. */
export const singleTry: ClientOptions = { retry: { retries: 0 } };
