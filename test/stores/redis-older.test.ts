import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/index.ts';
import { type RedisServer, redisAvailable } from '../support/redis.ts';
import { type Kind, kinds } from '../support/redis-clients.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { entryOf, freshNames, pairs } from './contract-entries.ts';
import { useRedis } from './redis-harness.ts';

const minute = 60_000;
const key = 'older:q:entry';
/** As an entry has them: the namespace's own is always among them. */
const epochs = ['older:e:all', 'older:e:q:entry', 'older:e:tag:learned'];

const look = (store: Store) => store.lookup({ key, epochs, keepMs: minute });
const fillUnder = (store: Store, ids: readonly (string | undefined)[]) =>
  store.fill({ entry: entryOf(key, epochs, ids), unchanged: pairs(epochs, ids), keepMs: minute });
/** Whether the entry would be served: it is there, and each of its epochs has the id that it was filled under. */
const isServed = async (store: Store) => {
  const { entry, own } = await look(store);
  return entry?.ids.every((id, index) => id === own[index]) ?? false;
};
/** What an operation gives, or that it was refused. */
const orRefused = (work: unknown): Promise<unknown> => Promise.resolve(work).catch(() => 'refused');
const warm = async (store: Store) => {
  await fillUnder(store, (await look(store)).ids);
  expect(await isServed(store)).toBe(true);
};

describe.skipIf(!redisAvailable)('law 1: a server that came back older serves nothing that was invalidated', () => {
  const redis = useRedis();
  /** Fills, saves, invalidates with a confirmation, and brings the server back as it was saved. */
  const comeBackOlder = async (store: Store, meanwhile: () => Promise<unknown> = async () => {}) => {
    const saved = await redis.server.snapshot();
    await store.advance([epochs[1] as string]);
    expect(await isServed(store)).toBe(false);
    await meanwhile();
    await redis.server.restart(saved);
    expect(await redis.server.command('EXISTS', key)).toBe(1);
  };

  describe.each(kinds)('%s', (kind) => {
    test('an entry of a snapshot is gone after a restart, for the client that stayed and for a new one', async () => {
      const { store } = await redis.open(kind);
      await warm(store);
      await comeBackOlder(store);
      expect(await isServed(store)).toBe(false);
      expect(await isServed((await redis.open(kind)).store)).toBe(false);
      await warm(store);
    });

    test('what was not invalidated goes with it: nobody can tell one from the other', async () => {
      const { store } = await redis.open(kind);
      await warm(store);
      const saved = await redis.server.snapshot();
      await redis.server.restart(saved);
      expect(await isServed(store)).toBe(false);
    });

    test('a fill that was under way across the restart stores nothing', async () => {
      const { store } = await redis.open(kind);
      const { ids } = await look(store);
      const saved = await redis.server.snapshot();
      await store.advance([epochs[1] as string]);
      await redis.server.restart(saved);
      expect(await redis.server.command('MGET', ...epochs.slice(1))).toEqual(ids.slice(1));
      expect(await fillUnder(store, ids)).toBe('invalidated');
      expect(await isServed(store)).toBe(false);
    });

    test('a tag that was learned across the restart does not bring a fill to life', async () => {
      const { store } = await redis.open(kind);
      const { ids } = await look(store);
      const saved = await redis.server.snapshot();
      await redis.server.restart(saved);
      const [learned] = (await store.lookup({ epochs: epochs.slice(2), keepMs: minute, exact: true })).ids;
      expect(await fillUnder(store, [...ids.slice(0, 2), learned])).toBe('invalidated');
    });

    test('commands that were waiting in the client for the server to come back change nothing', async () => {
      const { store } = await redis.open(kind);
      await warm(store);
      const { ids } = await look(store);
      const saved = await redis.server.snapshot();
      await store.advance([epochs[1] as string]);
      await redis.server.kill();
      const waiting = [look(store), fillUnder(store, ids), isServed(store)].map(orRefused);
      await redis.server.restart(saved);
      const [looked, filled, served] = await Promise.all(waiting);
      expect(['refused', 'invalidated']).toContain(filled);
      expect(['refused', false]).toContain(served);
      if (looked !== 'refused') expect((looked as { own: string[] }).own).not.toEqual(ids);
      expect(await isServed(store)).toBe(false);
    });

    test('a fill that the client sends again, because the server died before it answered, stores nothing', async () => {
      const { store } = await redis.open(kind, { ioredis: { autoResendUnfulfilledCommands: true } });
      const { ids } = await look(store);
      const saved = await redis.server.snapshot();
      await store.advance([epochs[1] as string]);
      redis.server.pause();
      const filled = orRefused(fillUnder(store, ids));
      await new Promise((resolve) => setImmediate(resolve));
      await redis.server.restart(saved);
      expect(['refused', 'invalidated']).toContain(await filled);
      expect(await isServed(store)).toBe(false);
    });

    test('an invalidation whose reply was lost is sent again, or rejects; it harms nothing either way', async () => {
      const proxy = await startTcpProxy(redis.server.port);
      try {
        const { store } = await redis.open(
          kind,
          { ioredis: { autoResendUnfulfilledCommands: true } },
          { port: proxy.port },
        );
        await warm(store);
        await store.advance(freshNames(1)); // the server knows the script
        proxy.loseNextReply();
        const answer = await orRefused(store.advance([epochs[1] as string]));
        expect(answer).toBe(kind === 'ioredis' ? undefined : 'refused');
        await vi.waitFor(async () => expect(await isServed(store)).toBe(false));
      } finally {
        await proxy.close();
      }
    });
  });
});

/** Without the pauses of replication over long distances. */
const replicating = { args: ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'] };

describe.skipIf(!redisAvailable)('law 1: another server takes over, and knows less', () => {
  const first = useRedis(replicating);
  const second = useRedis(replicating);
  afterEach(() => Promise.all([promote(first.server), promote(second.server)]));
  const isReplica = async (of: RedisServer) =>
    String(await of.command('INFO', 'replication')).includes('master_link_status:up');
  const follow = async (follower: RedisServer, leader: RedisServer) => {
    await follower.command('REPLICAOF', '127.0.0.1', String(leader.port));
    await vi.waitFor(async () => expect(await isReplica(follower)).toBe(true), { timeout: 10_000 });
  };
  const promote = (server: RedisServer) => server.command('REPLICAOF', 'NO', 'ONE');
  /** An entry on both, and an invalidation of it that the second never heard of. */
  const fallBehind = async (kind: Kind) => {
    const [a, b] = [await first.open(kind), await second.open(kind)];
    await warm(a.store);
    await follow(second.server, first.server);
    expect(await second.server.command('EXISTS', key)).toBe(1);
    await promote(second.server); // from here on, what the first one confirms is lost
    await a.store.advance([epochs[1] as string]);
    return { a: a.store, b: b.store };
  };

  describe.each(kinds)('%s', (kind) => {
    test('an entry that reached the new primary without its invalidation is gone there', async () => {
      const { b } = await fallBehind(kind);
      expect(await isServed(b)).toBe(false);
      await warm(b);
    });

    test('it stays gone when the old primary takes over again, in the same process, with the data of the other', async () => {
      const { a } = await fallBehind(kind);
      await follow(first.server, second.server);
      await promote(first.server);
      expect(await first.server.command('EXISTS', key)).toBe(1);
      expect(await isServed(a)).toBe(false);
    });

    test('a primary that became a replica serves nothing to the clients that stayed with it', async () => {
      const { a } = await fallBehind(kind);
      await follow(first.server, second.server);
      await expect(look(a)).rejects.toThrow('replica');
      await expect(a.advance(epochs)).rejects.toThrow('READONLY');
      await expect(fillUnder(a, ['1', '2', '3'])).rejects.toThrow('replica');
    });

    test('a replica that may be written confirms no invalidation: its primary would never hear of it', async () => {
      const [a, b] = [await first.open(kind), await second.open(kind)];
      await warm(a.store);
      await second.server.command('CONFIG', 'SET', 'replica-read-only', 'no');
      await follow(second.server, first.server);
      try {
        for (const names of [epochs, epochs.slice(1), freshNames(1)])
          await expect(b.store.advance(names)).rejects.toThrow('this server is a replica');
        expect(await isServed(a.store)).toBe(true);
        await promote(second.server);
        await b.store.advance(epochs);
      } finally {
        await second.server.command('CONFIG', 'SET', 'replica-read-only', 'yes');
      }
    });
  });
});
