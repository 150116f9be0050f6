import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { shardOf, shardTags } from '../../src/stores/cluster-shards.ts';
import { slotOf } from '../support/cluster.ts';
import { type RedisServer, redisAvailable } from '../support/redis.ts';
import { kinds } from '../support/redis-clients.ts';
import { type Rows, rowsOn, underLoad, useCluster } from './cluster-harness.ts';

/** Where a node hangs, what a query waits for is its budget. */
const timeouts = { read: '1500ms', write: '1500ms' } as const;
const ids = Array.from({ length: 60 }, (_, id) => id);

describe.skipIf(!redisAvailable)('law 4: a node of a cluster fails', () => {
  const redis = useCluster({ replicas: [2] }); // of the last primary alone: the others are gone while they are gone
  let caches: Rows['cache'][] = [];
  beforeEach(() => {
    caches = [];
  });
  afterEach(async () => {
    vi.useRealTimers();
    for (const node of redis.cluster.nodes) node.resume();
    for (const cache of caches) await cache.close();
  });
  const open = async (kind: (typeof kinds)[number]) => {
    const rows = rowsOn((await redis.open(kind)).store, { timeouts });
    caches.push(rows.cache);
    return rows;
  };
  const shardsOf = async (node: RedisServer) => {
    const owners = await Promise.all(shardTags.map((tag) => redis.cluster.ownerOf(slotOf(tag))));
    return new Set(owners.flatMap((owner, shard) => (owner === node ? [shard] : [])));
  };
  /** Which rows are in these shards, by what the server was asked for. */
  const rowsIn = (shards: Set<number>, rows: Rows) => new Set(ids.filter((id) => shards.has(shardOf(rows.keyOf(id)))));
  const muchLater = () => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  const cached = (rows: Rows, before = () => {}) =>
    vi.waitFor(
      async () => {
        before();
        await Promise.all(ids.map(rows.read));
        rows.run.mockClear();
        await Promise.all(ids.map(rows.read));
        expect(rows.run).not.toHaveBeenCalled();
      },
      { timeout: 20_000, interval: 100 },
    );
  /** Cached again, everywhere. */
  const recovers = (rows: Rows) => cached(rows, muchLater);

  /** Rows of both packages' clients, all of them cached. */
  const cachedRows = async () => {
    const both = await Promise.all(kinds.map(open));
    await Promise.all(both.map((rows) => cached(rows)));
    return both;
  };

  test('it hangs: its shards cost their budget until their breakers open, the others go on hitting, and nothing is confirmed', async () => {
    const both = await cachedRows();
    const [gone] = redis.cluster.nodes as [RedisServer];
    const shards = await shardsOf(gone);
    gone.pause();
    const hangs = async (rows: Rows) => {
      const lost = rowsIn(shards, rows);
      expect(lost.size).toBeGreaterThan(5);
      /** One that is in another shard is a hit, whatever becomes of these; these run, once each. */
      const othersHit = async () => {
        rows.run.mockClear();
        rows.hits.length = 0;
        await Promise.all(ids.map(rows.read));
        expect(rows.hits).toHaveLength(ids.length - lost.size);
        expect(rows.run.mock.calls.map(([{ input }]) => input).sort()).toEqual([...lost].sort());
      };
      for (let round = 0; round < 6; round++) await othersHit();
      // By now nobody asks it any more, but for a probe now and then.
      const opened = rows.breaker.flatMap(({ state, part }) => (state === 'open' ? [part] : []));
      expect(new Set(opened)).toEqual(new Set([...lost].map((id) => shardOf(rows.keyOf(id)))));
      rows.errors.length = 0;
      await othersHit();
      expect(rows.errors).toEqual([]);

      // Two are invalidated: one is where nothing answers.
      const there = ids.find((id) => !lost.has(id)) as number;
      const [away] = [...lost] as [number];
      for (const id of [there, away]) {
        expect(await rows.write(id, 'tag')).toBe(false);
        // In shards that confirmed, it is gone; in the others nothing is served at all.
        expect(await rows.read(id)).toBe(1);
      }
      await othersHit();
    };
    await Promise.all(both.map(hangs));
    gone.resume();
    for (const rows of both) {
      await recovers(rows);
      for (const id of ids) expect(await rows.read(id)).toBe(rows.versions.get(id) ?? 0);
      expect(await rows.write(0, 'path')).toBe(true);
    }
  }, 60_000);

  test('it is killed under load: hits go on in the other shards, nothing old is served, and it is used again', async () => {
    const both = await cachedRows();
    const loads = both.map((rows) => underLoad(rows, { workers: 3, rowCount: 1_000 }));
    const [, gone] = redis.cluster.nodes as [RedisServer, RedisServer];
    const shards = await shardsOf(gone);
    await gone.kill();
    for (const [index, rows] of both.entries()) {
      const load = loads[index] as (typeof loads)[number];
      await vi.waitFor(() => expect(load.seen.refused).toBeGreaterThan(3), { timeout: 20_000 });
      await load.stop();
      const lost = rowsIn(shards, rows);
      await Promise.all(ids.map(rows.read)); // what was invalidated
      rows.hits.length = 0;
      await Promise.all(ids.map(rows.read));
      expect(rows.hits).toHaveLength(ids.length - lost.size);
    }
    await gone.restart();
    await redis.cluster.settled();
    for (const rows of both) {
      await recovers(rows);
      expect(await rows.write(0, 'path')).toBe(true);
    }
  }, 60_000);

  // The last one: who was the primary is none any more.
  test('a replica that is behind is promoted: what was confirmed before stays invalidated, and its shards are used again', async () => {
    const both = await cachedRows();
    const [, , old, replica] = redis.cluster.nodes as [RedisServer, RedisServer, RedisServer, RedisServer];
    const lost = rowsIn(await shardsOf(old), both[0] as Rows);
    expect(lost.size).toBeGreaterThan(5);
    await vi.waitFor(async () => expect(await replica.command('DBSIZE')).toBe(await old.command('DBSIZE')));
    replica.pause();
    await old.command('CLIENT', 'KILL', 'TYPE', 'replica'); // what is written now, it will not hear
    for (const rows of both) for (const id of lost) expect(await rows.write(id, 'tag')).toBe(true);
    await old.kill();
    replica.resume();
    await replica.command('CLUSTER', 'FAILOVER', 'TAKEOVER');
    await vi.waitFor(async () => expect(await redis.cluster.ownerOf(slotOf(shardTags[15] as string))).toBe(replica), {
      timeout: 10_000,
    });
    for (const rows of both) {
      for (let round = 0; round < 3; round++) await Promise.all(ids.map(rows.read));
      await recovers(rows);
      expect(await rows.write(59, 'path')).toBe(true);
    }
  }, 60_000);
});
