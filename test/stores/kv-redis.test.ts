import { EventEmitter } from 'node:events';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kvStore } from '../../src/stores/kv.ts';
import { cacheOf, errorOf, listen } from '../support/app.ts';
import { keyvAvailable, keyvOf, versions } from '../support/keyv.ts';
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts';

/** As `@keyv/redis` 5 comes: what fails is an event, and a write answers nothing, whatever became of it. */
class SilentAdapter extends EventEmitter {
  readonly opts = {};
  namespace?: string;
  readonly client: Redis;

  constructor(port: number) {
    super();
    this.client = new Redis({ port, maxRetriesPerRequest: 0, enableOfflineQueue: false });
    this.client.on('error', () => {});
  }
  async #tried<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.emit('error', error);
      return otherwise;
    }
  }
  get = (key: string) => this.#tried<unknown>(async () => (await this.client.get(key)) ?? undefined, undefined);
  getMany = (keys: string[]) =>
    this.#tried<unknown[]>(
      async () => (await this.client.mget(keys)).map((value) => value ?? undefined),
      keys.map(() => undefined),
    );
  set = (key: string, value: string, ttl: number) =>
    this.#tried<void>(async () => void (await this.client.set(key, value, 'PX', ttl)), undefined);
  delete = (key: string) => this.#tried(async () => (await this.client.del(key)) > 0, false);
  clear = async () => {};
}

describe.skipIf(!keyvAvailable || !redisAvailable)('law 1: Redis through an adapter that only tells of errors', () => {
  let server: RedisServer;
  const opened: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());
  beforeEach(() => server.flush());
  afterEach(async () => {
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await server.command('REPLICAOF', 'NO', 'ONE');
    for (const end of opened.splice(0)) await end();
  });
  /** A row behind a cache, that has been asked for twice. */
  const warmed = async (version: (typeof versions)[number]) => {
    const adapter = new SilentAdapter(server.port);
    const keyv = new (await keyvOf(version))({ store: adapter, throwOnErrors: true });
    const store = kvStore(keyv, { reads: 'latest' });
    const cache = cacheOf({ store, namespace: 'shop', timeouts: { read: '5s', write: '5s' } });
    opened.push(async () => {
      await cache.close();
      adapter.client.disconnect();
    });
    await expect.poll(() => adapter.client.status).toBe('ready');
    const row = { value: 1 };
    const read = cache.wrap('row', () => row.value, { ttl: '1h' });
    const hits = listen(cache, 'hit');
    await read();
    expect([await read(), hits.length]).toEqual([1, 1]);
    return { row, read };
  };

  describe.each(versions)('%s', (version) => {
    test('a server that is full: what cannot be written is deleted, and nothing old is served', async () => {
      const { row, read } = await warmed(version);
      await server.command('CONFIG', 'SET', 'maxmemory', '1');
      row.value = 2;
      await read.invalidate();
      expect(await read()).toBe(2);
    });

    test('a server that became a replica: no invalidation is acknowledged, and nothing old is served', async () => {
      const { row, read } = await warmed(version);
      await server.command('REPLICAOF', '127.0.0.1', '1');
      row.value = 2;
      const refused = await errorOf(() => read.invalidate());
      expect(refused.code).toBe('NOT_ACKNOWLEDGED');
      expect(String((refused.cause as Error).message)).toContain('READONLY');
      expect(await read()).toBe(2);
    });
  });
});
