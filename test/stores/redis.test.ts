import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, createCluster, createSentinel, RESP_TYPES } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/index.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { errorOf } from '../support/app.ts';
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts';
import { type ClientSettings, type Connected, connect, type Kind, kinds } from '../support/redis-clients.ts';
import { olderAvailable, olderPackages, olderVersions } from '../support/redis-older.ts';
import { describeStore, freshNames, lookUpAndFill } from './contract.ts';
import { describeOutage } from './outage.ts';
import { expectReadByAll, useRedis } from './redis-harness.ts';

const minute = 60_000;

const settings: [string, Kind, ClientSettings, 'older'?][] = [
  ['ioredis as it comes', 'ioredis', {}],
  ['ioredis with automatic pipelines', 'ioredis', { ioredis: { enableAutoPipelining: true } }],
  ['ioredis with numbers as texts', 'ioredis', { ioredis: { stringNumbers: true } }],
  ['ioredis over RESP 2', 'ioredis', { ioredis: { protocol: 2 } as object }],
  ['redis as it comes', 'redis', {}],
  ['redis over RESP 2', 'redis', { redis: { RESP: 2 } as object }],
  [
    'redis with buffers',
    'redis',
    { redis: { commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String } } } },
  ],
  ['ioredis 5', 'ioredis', {}, 'older'],
  ['ioredis 5 with automatic pipelines', 'ioredis', { ioredis: { enableAutoPipelining: true } }, 'older'],
  ['redis 5', 'redis', {}, 'older'],
  ['redis 5 over RESP 3', 'redis', { redis: { RESP: 3 } }, 'older'],
];
const isThere = (older: 'older' | undefined) => older === undefined || olderAvailable;

describe.skipIf(!redisAvailable)('Redis', () => {
  let server: RedisServer;
  const stores = new Map<string, Store>();
  const opened: Connected[] = [];
  beforeAll(async () => {
    server = await startRedis();
    for (const [name, kind, given, older] of settings) {
      if (!isThere(older)) continue;
      const connected = await connect(kind, server.port, given, older && (await olderPackages()));
      opened.push(connected);
      stores.set(name, redisStore(connected.client));
    }
  });
  afterAll(async () => {
    for (const { end } of opened) end();
    await server?.stop();
  });
  const evict = async (...keys: string[]) => void (await server.command('DEL', ...keys));

  for (const [name, , , older] of settings)
    describe.skipIf(!isThere(older))(name, () => {
      // The next one in the list, so that each kind of client meets another.
      const others = () => [...stores.entries()].filter(([other]) => other !== name).map(([, store]) => store);
      const at = settings.findIndex(([other]) => other === name);
      const another = () => others()[at % others().length] as Store;
      describeStore(name, () => stores.get(name) as Store, evict, { another });
    });
  describe('that fails', () => {
    beforeEach(() => server.flush());
    for (const [name, , , older] of settings.filter(([given]) => /as it comes$|^\w+ 5$/.test(given)))
      describe.skipIf(!isThere(older))(name, () => {
        describeOutage(name, () => stores.get(name) as Store);
      });
  });

  test('an entry written through one client is read through any other', () => expectReadByAll(stores));
});

describe.skipIf(!redisAvailable)('a store on a client of Redis', () => {
  const redis = useRedis();

  describe.each(kinds)('%s', (kind) => {
    test('the server gets the text of a script once, and again when it lost it', async () => {
      const { store } = await redis.open(kind);
      await redis.server.command('SCRIPT', 'FLUSH');
      const calls = async () => {
        const stats = String(await redis.server.command('INFO', 'commandstats'));
        const count = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
        return [count('evalsha'), count('eval')];
      };
      await redis.server.command('CONFIG', 'RESETSTAT');
      for (let round = 0; round < 3; round++) await store.advance(freshNames());
      expect(await calls()).toEqual([3, 1]);
      await redis.server.command('SCRIPT', 'FLUSH');
      await store.advance(freshNames());
      expect(await calls()).toEqual([4, 2]);
    });

    test('making a store sends nothing and opens nothing', async () => {
      const { client } = await redis.open(kind);
      // Those of earlier tests may still be closing.
      const connected = async () =>
        Number(/connected_clients:(\d+)/.exec(String(await redis.server.command('INFO', 'clients')))?.[1]);
      const before = await connected();
      await redis.server.command('CONFIG', 'RESETSTAT');
      redisStore(client, { channel: 'other' });
      expect(await connected()).toBeLessThanOrEqual(before);
      expect(String(await redis.server.command('INFO', 'commandstats'))).not.toContain('eval');
    });

    test('no error holds a stored value or a key', async () => {
      const { store, command } = await redis.open(kind);
      const refused = await errorOf(async () => {
        await redis.server.command('CONFIG', 'SET', 'maxmemory', '1');
        await lookUpAndFill(store, 'secret-key', [], '"secret-value"');
      });
      await redis.server.command('CONFIG', 'SET', 'maxmemory', '0');
      expect(refused.message).toContain('OOM');
      await command('ACL', 'SETUSER', 'default', '-evalsha');
      const forbidden = await errorOf(() => lookUpAndFill(store, 'secret-key', [], '"secret-value"'));
      await command('ACL', 'SETUSER', 'default', '+@all');
      expect(forbidden.message).toContain('NOPERM');
      for (const error of [refused, forbidden]) {
        const told = [
          error.message,
          error.stack,
          JSON.stringify(error),
          String(error.cause),
          Object.keys(error).join(),
        ];
        expect(told.join('\n')).not.toContain('secret');
        expect(error).not.toHaveProperty('command');
      }
    });

    test('keys of others in the same database survive every operation', async () => {
      const { store } = await redis.open(kind);
      await redis.server.command('MSET', 'theirs', '1', 'contract:theirs', '2');
      const epochs = ['ours:e:all', ...freshNames()];
      await lookUpAndFill(store, 'ours', epochs);
      await store.advance(epochs);
      expect(await redis.server.command('MGET', 'theirs', 'contract:theirs')).toEqual(['1', '2']);
      expect(await redis.server.command('DBSIZE')).toBe(2 + 1 + epochs.length);
    });
  });

  test.each([
    ['a client', () => createClient()],
    ['a cluster', () => createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:9' }] })],
  ])('%s of redis that nobody connected says so, and does not hang', async (_, make) => {
    const store = redisStore(make());
    const told = 'Call await client.connect() first';
    await expect(store.lookup({ epochs: [], keepMs: minute })).rejects.toThrow(told);
    await expect(store.advance(['a'])).rejects.toMatchObject({ code: 'STORE' });
  });

  test.skipIf(!olderAvailable).each(kinds)(
    'the older %s is the major before the current one, and has a bus',
    async (kind) => {
      const { default: current } = await import(`${kind}/package.json`, { with: { type: 'json' } });
      const major = (version: string) => Number(version.split('.')[0]);
      expect([major(olderVersions()[kind]), major(current.version)]).toEqual([5, 6]);
      const connected = await connect(kind, redis.server.port, {}, await olderPackages());
      const store = redisStore(connected.client);
      const heard: string[] = [];
      store.subscribe?.({ moved: (names) => heard.push(...names), lost: () => heard.push('lost') });
      await vi.waitFor(() => expect(heard).toEqual(['lost']));
      await store.advance(['older:e:all']);
      await vi.waitFor(() => expect(heard).toEqual(['lost', 'older:e:all']));
      await store.close?.();
      connected.end();
    },
  );

  test('a client of ioredis that connects when it is needed connects then', async () => {
    const client = new Redis({ port: redis.server.port, lazyConnect: true });
    const store = redisStore(client);
    expect(client.status).toBe('wait');
    const cluster = new Cluster([{ host: '127.0.0.1', port: redis.server.port }], { lazyConnect: true });
    redisStore(cluster);
    expect(cluster.status).toBe('wait');
    expect((await store.lookup({ epochs: freshNames(1), keepMs: minute })).ids).toHaveLength(1);
    client.disconnect();
  });
});

describe('what a store on Redis refuses', () => {
  const lazy = { lazyConnect: true };
  const nodes = [{ host: '127.0.0.1', port: 9 }];
  test.each<[string, () => unknown, string]>([
    ['nothing', () => undefined, 'is no client'],
    ['an address', () => 'redis://localhost', 'is no client'],
    ['an object', () => ({}), 'is no client'],
    ['the old interface of redis', () => createClient().legacy(), 'is no client'],
    ['a cluster whose keys have a prefix', () => new Cluster(nodes, { ...lazy, keyPrefix: 'app:' }), 'has a keyPrefix'],
    [
      'a cluster whose nodes put a prefix to keys',
      () => new Cluster(nodes, { ...lazy, redisOptions: { keyPrefix: 'app:' } }),
      'has a keyPrefix',
    ],
    ['a pool of redis', () => createClientPool(), 'is a pool'],
    ['sentinels of redis', () => createSentinel({ name: 'main', sentinelRootNodes: nodes }), 'is one of sentinels'],
    [
      'replicas of ioredis',
      () => new Redis({ ...lazy, role: 'slave', sentinels: nodes, name: 'main' }),
      'reads from a replica',
    ],
    ['a readonly ioredis', () => new Redis({ ...lazy, readOnly: true }), 'reads from a replica'],
    ['a readonly redis', () => createClient({ readonly: true }), 'reads from a replica'],
    [
      'a cluster of redis that reads from replicas',
      () => createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:9' }], useReplicas: true }),
      'reads from replicas (useReplicas)',
    ],
    ['keys with a prefix', () => new Redis({ ...lazy, keyPrefix: 'app:' }), 'has a keyPrefix'],
  ])('%s, naming what to write instead', async (_, make, why) => {
    const error = await errorOf(() => redisStore(make() as never));
    expect(error).toMatchObject({ name: 'CacheError', code: 'INVALID_OPTION' });
    expect(error.message).toContain(why);
    expect(error.message).toContain('redisStore(new Redis(url))');
    expect(error.message).toContain('redisStore(new Cluster(nodes))');
  });

  test.skipIf(!olderAvailable)('a cluster of redis 5 that reads from replicas', async () => {
    const { createCluster } = await olderPackages();
    const client = createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:9' }], useReplicas: true });
    expect(() => redisStore(client)).toThrow('reads from replicas (useReplicas)');
  });

  test('an unknown option, and a channel that is no name', () => {
    const client = new Redis(lazy);
    expect(() => redisStore(client, { chanel: 'a' } as never)).toThrow('redisStore: unknown option "chanel"');
    for (const channel of ['', 1, null])
      expect(() => redisStore(client, { channel } as never)).toThrow(
        "redisStore: channel: expected a name such as 'trpc-cached'",
      );
  });
});
