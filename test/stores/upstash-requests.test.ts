import { describe, expect, test } from 'vitest';
import { upstashStore } from '../../src/stores/upstash.ts';
import { redisAvailable } from '../support/redis.ts';
import { freshNames, lookUpAndFill } from './contract.ts';
import { type ClientOptions, useUpstash } from './upstash-harness.ts';

const minute = 60_000;

describe.skipIf(!redisAvailable)('what Upstash is asked for: requests are what it bills and what they wait for', () => {
  const upstash = useUpstash();
  const clients: [string, ClientOptions][] = [
    ['with automatic pipelines', { enableAutoPipelining: true }],
    ['without automatic pipelines', { enableAutoPipelining: false }],
  ];
  const requestsOf = async (work: () => unknown) => {
    upstash.gateway.reset();
    await work();
    return upstash.gateway.count();
  };

  describe.each(clients)('%s', (_, options) => {
    test('a lookup is one request, of a missing entry with epochs to plant as of a stored one', async () => {
      const store = upstash.store(options);
      const epochs = freshNames(8);
      const lookup = () => store.lookup({ key: 'one', epochs, keepMs: minute });
      expect(await requestsOf(lookup)).toBe(1);
      await lookUpAndFill(store, 'one', epochs);
      expect(await requestsOf(lookup)).toBe(1);
    });

    test.each(['primary', 'nearest'] as const)(
      'ten lookups of one tick are one request when reads are %s',
      async (reads) => {
        const store = upstash.store(options, { reads });
        const epochs = freshNames(4);
        const keys = Array.from({ length: 10 }, (_, index) => `ten-${index}`);
        for (const key of keys) await lookUpAndFill(store, key, epochs);
        let answers: { entry: { key: string } | undefined }[] = [];
        const asked = await requestsOf(async () => {
          answers = await Promise.all(keys.map((key) => store.lookup({ key, epochs, keepMs: minute })));
        });
        expect(asked).toBe(1);
        expect(answers.map(({ entry }) => entry?.key)).toEqual(keys);
      },
    );

    test('lookups some microtasks apart, as the calls of a batch come, are one request; a later one is its own', async () => {
      const store = upstash.store(options);
      const epochs = freshNames();
      const asked = await requestsOf(async () => {
        const lookups = [];
        for (let index = 0; index < 5; index++) {
          lookups.push(store.lookup({ key: `apart-${index}`, epochs, keepMs: minute }));
          await undefined;
        }
        await Promise.all(lookups);
        await store.lookup({ key: 'later', epochs, keepMs: minute });
      });
      expect(asked).toBe(2);
    });

    test('a fill is one request', async () => {
      const store = upstash.store(options);
      const epochs = freshNames(8);
      await store.lookup({ key: 'fill', epochs, keepMs: minute });
      expect(await requestsOf(() => lookUpAndFill(store, 'fill', epochs))).toBe(2);
    });

    test.each([1, 100])('moving %i epochs on is one request', async (count) => {
      const store = upstash.store(options);
      expect(await requestsOf(() => store.advance(freshNames(count)))).toBe(1);
    });

    test("a command of the user's that breaks the automatic pipeline of its tick does not touch ours", async () => {
      const client = upstash.client(options);
      const store = upstashStore(client);
      const epochs = freshNames();
      const { entry } = await lookUpAndFill(store, 'mine', epochs);
      const theirs = async (key: unknown) => client.get(key as string);
      const refused = theirs(1n).catch(() => 'refused');
      const mine = [store.lookup({ key: 'mine', epochs, keepMs: minute }), store.advance(freshNames(1))] as const;
      const other = theirs('theirs').catch(() => 'refused too');
      const [found] = await Promise.all([...mine, other]);
      expect(await refused).toBe('refused');
      expect(found.entry).toMatchObject({ ...entry });
    });
  });

  test.each([10, 10_000])('moving an epoch on costs the same with %i entries stored', async (entries) => {
    const store = upstash.store();
    const epochs = freshNames();
    const { ids } = await lookUpAndFill(store, 'cost', epochs);
    const keys = Array.from({ length: entries }, (_, index) => [
      `cost-${index}`,
      `~{"e":${JSON.stringify(epochs)}}\n1`,
    ]);
    await upstash.server.command('MSET', ...keys.flat());
    await upstash.server.command('CONFIG', 'RESETSTAT');
    expect(await requestsOf(() => store.advance([epochs[0] as string]))).toBe(1);
    const stats = String(await upstash.server.command('INFO', 'commandstats'));
    const calls = [...stats.matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, name, count]) => [name, Number(count)]);
    const ran = Object.fromEntries(calls.filter(([name]) => name !== 'info' && !String(name).startsWith('config')));
    expect(ran.incr).toBe(1);
    expect(ran.set).toBe(1);
    expect(Object.keys(ran).sort()).not.toEqual(expect.arrayContaining(['scan']));
    expect(Object.keys(ran).sort()).not.toEqual(expect.arrayContaining(['keys']));
    const { own } = await store.lookup({ key: 'cost', epochs, keepMs: minute });
    expect(own[0]).not.toBe(ids[0]);
  });
});
