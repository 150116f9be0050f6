import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Store } from '../../src/store.ts';
import { type RedisStoreOptions, redisStore } from '../../src/stores/redis.ts';
import { type RedisOptions, type RedisServer, startRedis } from '../support/redis.ts';
import { type ClientSettings, type Connected, connect, type Kind } from '../support/redis-clients.ts';
import { freshNames, lookUpAndFill } from './contract.ts';

/** A store on a client of its own. */
export interface RedisStore extends Connected {
  readonly store: Store;
}

/** A real Redis, with clients and stores on it. */
export interface RedisHarness {
  readonly server: RedisServer;
  /** Connects a client and makes a store on it; both end with the test. */
  readonly open: (
    kind: Kind,
    settings?: ClientSettings,
    options?: RedisStoreOptions & { port?: number },
  ) => Promise<RedisStore>;
}

/** Starts one for the suite that calls this, and empties it before every test. */
export function useRedis(options: RedisOptions = {}): RedisHarness {
  let server: RedisServer;
  const opened: RedisStore[] = [];
  beforeAll(async () => {
    server = await startRedis(options);
  });
  afterAll(() => server?.stop());
  beforeEach(() => server.flush());
  afterEach(async () => {
    server.resume();
    for (const { store, end } of opened.splice(0)) {
      await store.close?.();
      end();
    }
  });
  return {
    get server() {
      return server;
    },
    async open(kind, settings, { port = server.port, ...rest } = {}) {
      const connected = await connect(kind, port, settings);
      const one = { ...connected, store: redisStore(connected.client, rest) };
      opened.push(one);
      return one;
    },
  };
}

/** What is written through the first of these stores, each on a client of its own, is read through all of them. */
export async function expectReadByAll(stores: ReadonlyMap<string, Store>): Promise<void> {
  const [first] = stores.values();
  const epochs = ['any:e:all', ...freshNames()];
  const { entry } = await lookUpAndFill(first as Store, 'any', epochs, '{"json":"12345678901234567890 ż"}');
  for (const [name, store] of stores) {
    const found = await store.lookup({ key: 'any', epochs, keepMs: 60_000 });
    expect(found.entry, name).toMatchObject({ ...entry });
    expect(found.ids, name).toEqual(entry.ids);
  }
}
