import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { loadInstalled } from '../../src/cli/connect.ts';
import { memoryStore, type Store, tieredStore } from '../../src/index.ts';
import { shardOf, shardTags } from '../../src/stores/cluster-shards.ts';
import { scriptedStore } from '../../src/stores/scripted.ts';
import { scriptsFor } from '../../src/stores/scripts.ts';
import { typed } from '../cli/typed.ts';
import { slotOf } from '../support/cluster.ts';
import { type RedisServer, redisAvailable } from '../support/redis.ts';
import { type ClusterSettings, connect, type Kind, kinds } from '../support/redis-clients.ts';
import { olderAvailable, olderPackages } from '../support/redis-older.ts';
import { besides, everywhere, rowsOn, underLoad, useCluster } from './cluster-harness.ts';
import { describeStore, entryOf, freshNames, lookUpAndFill, pairs } from './contract.ts';
import { describeOutage } from './outage.ts';
import { expectReadByAll } from './redis-harness.ts';

const minute = 60_000;

const fromReplicas: ClusterSettings = { ioredis: { enableAutoPipelining: true, scaleReads: 'slave' } };

const settings: [string, Kind, ClusterSettings, 'older'?][] = [
  ['ioredis', 'ioredis', {}],
  ['ioredis with automatic pipelines, reading from replicas', 'ioredis', fromReplicas],
  ['redis', 'redis', {}],
  ['redis over RESP 2', 'redis', { redis: { RESP: 2, minimizeConnections: true } as object }],
  ['ioredis 5', 'ioredis', {}, 'older'],
  ['redis 5', 'redis', {}, 'older'],
];

/** A key of every shard. */
const keysOfAllShards = (prefix: string): string[] => {
  const keys: string[] = [];
  for (let index = 0; keys.filter(Boolean).length < shardTags.length; index++)
    keys[shardOf(`${prefix}${index}`)] ??= `${prefix}${index}`;
  return keys;
};

describe.skipIf(!redisAvailable)('Redis Cluster', () => {
  const redis = useCluster({ replicas: [0] });
  const stores = new Map<string, Store>();
  beforeAll(async () => {
    for (const [name, kind, given, older] of settings) {
      if (older !== undefined && !olderAvailable) continue;
      const packages = older && (await olderPackages());
      stores.set(name, (await redis.open(kind, { ...given, forAll: true }, packages)).store);
    }
  });
  const evict = async (...keys: string[]) => {
    for (const key of everywhere(...keys)) await (await redis.cluster.ownerOf(slotOf(key))).command('DEL', key);
  };
  // Nothing that may write, as scripts may, is answered by the node until then.
  const cutPart = async (part: number) => {
    const node = await redis.cluster.ownerOf(slotOf(shardTags[part] as string));
    await node.command('CLIENT', 'PAUSE', String(minute), 'WRITE');
    return async () => void (await node.command('CLIENT', 'UNPAUSE'));
  };
  const calls = async (...names: string[]) => {
    const stats = (await redis.cluster.everywhere('INFO', 'commandstats')).map(String);
    const count = (text: string, name: string) =>
      Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(text)?.[1] ?? 0);
    return stats.map((text) => names.reduce((sum, name) => sum + count(text, name), 0));
  };
  const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);

  for (const [name, , , older] of settings) {
    describe.skipIf(older !== undefined && !olderAvailable)(name, () => {
      const isPlain = kinds.some((kind) => kind === name);
      const another = () => [...stores].find(([other]) => other !== name)?.[1] as Store;
      describeStore(name, () => stores.get(name) as Store, evict, { lacks: [], another, ...(isPlain && { cutPart }) });
    });
  }
  for (const name of kinds) {
    describe('that fails', () => {
      describeOutage(name, () => stores.get(name) as Store);
    });
  }

  describe.each(kinds)('%s', (kind) => {
    test('what one process invalidates is gone in another one, in every shard', async () => {
      const [one, other] = [await redis.open(kind), await redis.open(kind === 'redis' ? 'ioredis' : 'redis')];
      const epochs = ['every:e:all', ...freshNames(1)];
      const keys = keysOfAllShards(`every${kind}`);
      const filled = await Promise.all(keys.map((key) => lookUpAndFill(one.store, key, epochs)));
      await other.store.advance([epochs[1] as string]);
      const found = await Promise.all(keys.map((key) => one.store.lookup({ key, epochs, keepMs: minute })));
      found.forEach(({ entry, own }, index) => {
        const { ids, answer } = filled[index]!;
        expect(answer).toBe('stored');
        expect(entry).toBeDefined();
        expect(own[0]).toBe(ids[0]);
        expect(own[1]).not.toBe(ids[1]);
      });
    });

    test('no shard is hot: entries of one procedure and namespace, and their lookups, are spread over all nodes', async () => {
      const rows = rowsOn((await redis.open(kind)).store);
      await redis.cluster.everywhere('CONFIG', 'RESETSTAT');
      for (let id = 0; id < 240; id++) await rows.read(id);
      const perNode = await calls('evalsha', 'eval');
      for (const count of perNode)
        expect(count / sum(perNode)).toSatisfy((share: number) => share > 0.2 && share < 0.5);
    });

    test('a hit is one command, a batch of hits one for each shard at most, an invalidation one for each shard and the bus', async () => {
      const rows = rowsOn((await redis.open(kind)).store);
      const ids = Array.from({ length: 40 }, (_, id) => id);
      await Promise.all(ids.map(rows.read));
      await rows.write(0); // every node knows every script
      await Promise.all(ids.map(rows.read));
      const costOf = async (work: () => unknown) => {
        await redis.cluster.everywhere('CONFIG', 'RESETSTAT');
        await work();
        return [sum(await calls('evalsha')), sum(await calls('eval')), sum(await calls('publish'))];
      };
      rows.run.mockClear();
      expect(await costOf(() => rows.read(0))).toEqual([1, 0, 0]);
      const [batch] = await costOf(() => Promise.all(ids.map(rows.read)));
      expect(batch).toBeLessThanOrEqual(16);
      expect(rows.run).not.toHaveBeenCalled();
      expect(
        await costOf(async () => {
          await rows.write(0, 'tag');
          await vi.waitFor(async () => expect(sum(await calls('publish'))).toBe(1));
        }),
      ).toEqual([16, 0, 1]);
    });

    test('an epoch that nobody reads is not written anywhere', async () => {
      const { store } = await redis.open(kind);
      await redis.cluster.everywhere('FLUSHALL');
      await store.advance(['unread:e:guard', 'unread:e:tag:a']);
      await store.advance(['unread:e:scope:a'], 'expire');
      expect(await redis.cluster.everywhere('DBSIZE')).toEqual([0, 0, 0]);
    });

    test('a fill under way when a tag is invalidated that nobody knew yet is dead: its guard moved on in its shard', async () => {
      const { store } = await redis.open(kind);
      for (const key of keysOfAllShards(`guarded${kind}`)) {
        const names = ['guarded:e:all', 'guarded:e:guard'];
        const { ids } = await store.lookup({ key, epochs: names, keepMs: minute });
        await store.advance(['guarded:e:guard', `guarded:e:tag:${key}`]);
        const tag = [`guarded:e:tag:${key}`];
        const learned = await store.lookup({ near: key, epochs: tag, keepMs: minute });
        const entry = entryOf(key, ['guarded:e:all', ...tag], [ids[0], ...learned.ids]);
        const unchanged = [...pairs(names, ids), ...pairs(tag, learned.ids)];
        expect(await store.fill({ entry, unchanged, keepMs: minute })).toBe('invalidated');
      }
    });

    test('every command has the keys of one slot, whatever they hold', async () => {
      const { store, client } = await redis.open(kind);
      const slots: number[][] = [];
      const spied = (args: readonly unknown[]) => {
        const [command, , count, ...rest] = args as string[];
        if (/^EVAL/.test(command as string)) slots.push(rest.slice(0, Number(count)).map(slotOf));
      };
      if (kind === 'ioredis')
        vi.spyOn(client as { call: (...args: string[]) => unknown }, 'call').mockImplementation(function (
          this: object,
          ...args
        ) {
          spied(args);
          return Object.getPrototypeOf(client).call.apply(client, args);
        });
      else {
        const send = (client as { sendCommand: (...args: unknown[]) => unknown }).sendCommand.bind(client);
        vi.spyOn(client as { sendCommand: typeof send }, 'sendCommand').mockImplementation((...args) => {
          spied(args[2] as string[]);
          return send(...args);
        });
      }
      const name = fc.oneof(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.constantFrom('{a}', '}{', '{}', '{04s}', 'a:e:all'),
      );
      const names = fc.uniqueArray(name, { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(name, names, async (one, some) => {
          const key = `${one}:k`;
          const epochs = some.map((epoch) => `${epoch}:e:tag`);
          const { ids } = await store.lookup({ key, epochs, keepMs: minute });
          const near = await store.lookup({ near: key, epochs, keepMs: minute, held: { id: '1', epochs } });
          expect(near.ids).toEqual(ids);
          const lease = { name: `${key}:lease`, token: '1' };
          expect(await store.lease?.(lease, key, minute)).toMatch(/leased|stored/);
          const entry = entryOf(key, epochs, ids);
          expect(await store.fill({ entry, unchanged: pairs(epochs, ids), keepMs: minute, lease })).toBe('stored');
          expect((await store.lookup({ key, epochs, keepMs: minute })).own).toEqual(ids);
          await store.release?.({ ...lease, near: key });
          await store.advance(epochs);
          expect((await store.lookup({ key, epochs, keepMs: minute })).own).not.toEqual(ids);
        }),
        { numRuns: 25 },
      );
      expect(slots.length).toBeGreaterThan(25 * 20);
      for (const some of slots) expect(new Set(some).size).toBeLessThanOrEqual(1);
      for (const errors of await redis.cluster.everywhere('INFO', 'errorstats'))
        expect(errors).not.toContain('CROSSSLOT');
    });

    test('the bus tells every store, by the names without their shard, and ends with the store', async () => {
      const [one, other] = [
        await redis.open(kind, { channel: `bus${kind}` }),
        await redis.open(kind, { channel: `bus${kind}` }),
      ];
      const heard: string[] = [];
      const subscribers = async () =>
        sum(
          (await redis.cluster.everywhere('PUBSUB', 'NUMSUB', `bus${kind}`)).map((answer) =>
            Number((answer as [string, number])[1]),
          ),
        );
      other.store.subscribe?.({ moved: (names) => heard.push(...names), lost: () => heard.push('lost') });
      await vi.waitFor(async () => expect(await subscribers()).toBe(1));
      await one.store.advance(['bus:e:all', 'bus:e:ż']);
      await vi.waitFor(() => expect(heard).toEqual(['lost', 'bus:e:all', 'bus:e:ż']));
      await other.store.close?.();
      await vi.waitFor(async () => expect(await subscribers()).toBe(0));
    });

    test('a tier over it serves copies, and what another process invalidates is gone', async () => {
      const one = rowsOn(tieredStore(memoryStore(), (await redis.open(kind)).store));
      const other = besides(one, tieredStore(memoryStore(), (await redis.open(kind)).store));
      for (let id = 0; id < 20; id++) for (const rows of [one, other]) await rows.read(id);
      expect(one.run).toHaveBeenCalledTimes(20);
      expect(other.run).not.toHaveBeenCalled();
      for (let id = 0; id < 20; id++) {
        expect(await one.write(id, id % 2 === 0 ? 'tag' : 'input')).toBe(true);
        expect(await other.read(id)).toBe(1);
      }
    });

    test("with coalesce: 'store' one process runs for all, in every shard", async () => {
      const options = { coalesce: 'store' } as const;
      const one = rowsOn((await redis.open(kind)).store, { ...options, namespace: `leases${kind}` });
      const other = rowsOn((await redis.open(kind)).store, { ...options, namespace: `leases${kind}` });
      const ids = Array.from({ length: 32 }, (_, id) => id);
      await Promise.all(ids.flatMap((id) => [one.read(id), other.read(id)]));
      expect(one.run.mock.calls.length + other.run.mock.calls.length).toBe(32);
    });

    test('a slot moves to another node under load: nothing old is served, invalidations go on, and so do hits after it', async () => {
      const { store } = await redis.open(kind);
      const rows = rowsOn(store, { timeouts: { read: '250ms', write: '5s' } });
      const load = underLoad(rows);
      await vi.waitFor(() => expect(load.seen.reads).toBeGreaterThan(200), { timeout: 15_000 });
      const slot = slotOf(shardTags[3] as string);
      const from = await redis.cluster.ownerOf(slot);
      const to = redis.cluster.nodes.find((node) => node !== from)!;
      const [fromId, toId] = [await redis.cluster.id(from), await redis.cluster.id(to)];
      await to.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', fromId);
      await from.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', toId);
      const before = load.seen.confirmed;
      let [hasBegun, isHalf] = [false, false];
      for (;;) {
        const keys = (await from.command('CLUSTER', 'GETKEYSINSLOT', String(slot), '3')) as string[];
        if (keys.length === 0) break;
        if (hasBegun && !isHalf) {
          isHalf = true;
          // What is there and what is not: invalidations get through all the same.
          await vi.waitFor(() => expect(load.seen.confirmed).toBeGreaterThan(before + 20), { timeout: 20_000 });
          continue;
        }
        await from.command('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys);
        hasBegun = true;
      }
      expect(isHalf).toBe(true);
      for (const node of [to, from, ...redis.cluster.primaries])
        await node.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', toId);
      await redis.cluster.settled();
      const after = load.seen.confirmed;
      await vi.waitFor(() => expect(load.seen.confirmed).toBeGreaterThan(after + 20), { timeout: 20_000 });
      await load.stop();
      // Cached again, in every shard.
      await vi.waitFor(
        async () => {
          rows.run.mockClear();
          for (let id = 0; id < 40; id++) await rows.read(id);
          expect(rows.run).not.toHaveBeenCalled();
        },
        { timeout: 20_000 },
      );
      await rows.cache.close();
    }, 60_000);
  });

  test.each(kinds)('what it holds is listed page by page, each entry once, through %s', async (kind) => {
    const rows = rowsOn((await redis.open(kind)).store);
    await Promise.all(Array.from({ length: 40 }, (_, id) => rows.read(id)));
    await rows.write(7);
    const found: { key: string; state: string; tags: readonly string[] }[] = [];
    let cursor: string | undefined;
    do {
      const page = await rows.cache.entries({ limit: 100, ...(cursor !== undefined && { cursor }) });
      found.push(...page.entries);
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(found).toHaveLength(40);
    expect(new Set(found.map(({ key }) => key)).size).toBe(40);
    expect(found.filter(({ state }) => state !== 'fresh')).toMatchObject([{ state: 'invalidated', tags: ['row:7'] }]);
  });

  test.each(kinds)('the command line reads, invalidates and examines it, through %s', async (kind) => {
    const rows = rowsOn((await redis.open(kind)).store);
    await Promise.all(Array.from({ length: 20 }, (_, id) => rows.read(id)));
    const load = async (name: string) => (name === kind ? loadInstalled(name) : undefined);
    const where = ['-n', rows.cache.status().namespace, '--redis', `redis://127.0.0.1:${redis.cluster.nodes[1]?.port}`];
    const type = (...argv: string[]) => typed([...argv, ...where, '--json'], { load });
    const { fresh } = (await type('stats', '--cluster')).json.total;
    expect(fresh).toBeGreaterThanOrEqual(20);
    expect((await type('invalidate', '--tag', 'row:7', '--yes', '--cluster')).code).toBe(0);
    expect((await type('stats', '--cluster')).json.total.fresh).toBe(fresh - 1);
    const levels = async (...more: string[]) =>
      Object.fromEntries((await type('doctor', ...more)).json.findings.map((one: any) => [one.check, one.level]));
    expect(await levels('--cluster')).toMatchObject({ cluster: 'ok', invalidation: 'ok' });
    expect(await levels()).toEqual({ reachable: 'ok', cluster: 'error' });
    const readsWhenDown = (value: string) =>
      redis.cluster.everywhere('CONFIG', 'SET', 'cluster-allow-reads-when-down', value);
    await readsWhenDown('yes');
    expect(await levels('--cluster')).toMatchObject({ cluster: 'error', invalidation: 'ok' });
    await readsWhenDown('no');
  });

  test('a client of ioredis that reads from replicas does, and the store uses the primaries all the same', async () => {
    const { store, command } = await redis.open('ioredis', fromReplicas);
    const [replica] = redis.cluster.nodes.slice(3) as [RedisServer];
    await replica.command('CONFIG', 'RESETSTAT');
    const rows = rowsOn(store);
    for (let id = 0; id < 20; id++) await rows.read(id);
    expect(await rows.write(0)).toBe(true);
    rows.run.mockClear();
    for (let id = 0; id < 20; id++) await rows.read(id);
    expect(rows.run).toHaveBeenCalledTimes(1);
    await command('get', `${shardTags[0]}theirs`);
    const stats = String(await replica.command('INFO', 'commandstats'));
    expect(stats).toContain('cmdstat_get:calls=1,');
    expect(stats).not.toContain('cmdstat_eval');
  });

  // A connection of node-redis to a replica stays one when that node was the primary for a while.
  test('a replica that is asked confirms nothing, also not that an epoch which it does not hold moved on', async () => {
    const [replica] = redis.cluster.nodes.slice(3) as [RedisServer];
    const { command, end } = await connect('ioredis', replica.port, { ioredis: { readOnly: true } });
    const [tag] = shardTags as [string];
    const epochs = [`${tag}replica:e:all`, `${tag}replica:e:tag:a`];
    const shard = scriptedStore('shard', scriptsFor({ tellsRuns: true, isSharded: true }), (script, keys, args) =>
      command('EVAL', script, String(keys.length), ...keys, ...args),
    );
    const isNone = /this server is a replica/;
    for (const mode of ['remove', 'expire'] as const) await expect(shard.advance(epochs, mode)).rejects.toThrow(isNone);
    await redis.cluster.nodes[0]?.command('MSET', ...epochs.flatMap((name) => [name, '1']));
    await vi.waitFor(async () => expect(await command('get', epochs[0] as string)).toBe('1'));
    for (const mode of ['remove', 'expire'] as const) await expect(shard.advance(epochs, mode)).rejects.toThrow(isNone);
    const key = `${tag}replica`;
    await expect(shard.lookup({ key, epochs, keepMs: minute })).rejects.toThrow(isNone);
    const entry = entryOf(key, epochs, ['1', '1']);
    await expect(shard.fill({ entry, unchanged: pairs(epochs, ['1', '1']), keepMs: minute })).rejects.toThrow(isNone);
    end();
  });

  test('an entry written through one client is read through any other', () => expectReadByAll(stores));
});
