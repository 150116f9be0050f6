import { describe, expect, test } from 'vitest';
import { upstashStore } from '../../src/stores/upstash.ts';
import { redisAvailable } from '../support/redis.ts';
import { describeStore, freshNames, lookUpAndFill } from './contract.ts';
import { describeOutage } from './outage.ts';
import { type ClientOptions, useUpstash } from './upstash-harness.ts';

const minute = 60_000;

describe.skipIf(!redisAvailable)('Upstash', () => {
  const upstash = useUpstash();
  const evict = async (...keys: string[]) => {
    await upstash.server.command('DEL', ...keys);
  };

  const clients: [string, ClientOptions][] = [
    ['the client as it comes', {}],
    ['values not parsed', { automaticDeserialization: false }],
    ['no automatic pipelines', { enableAutoPipelining: false }],
    [
      'neither, nor base64',
      { automaticDeserialization: false, enableAutoPipelining: false, responseEncoding: false } as ClientOptions,
    ],
  ];
  for (const [name, options] of clients) {
    // The database of tests has no replica that could lag.
    for (const reads of ['primary', 'nearest'] as const) {
      const make = () => upstash.store(options, { reads });
      describeStore(`Upstash, ${reads === 'nearest' ? 'reads nearest, ' : ''}${name}`, make, evict, { another: make });
    }
  }

  describeOutage('Upstash, the client as it comes', () => upstash.store({}));

  test('an entry written through one client is read through any other', async () => {
    const [epoch] = freshNames(1) as [string];
    const { entry } = await lookUpAndFill(upstash.store(), 'any', [epoch], '{"json":{"n":"12345678901234567890"}}');
    for (const [, options] of clients) {
      for (const reads of ['primary', 'nearest'] as const) {
        const found = await upstash.store(options, { reads }).lookup({ key: 'any', epochs: [epoch], keepMs: minute });
        expect(found.entry).toMatchObject({ body: entry.body, epochs: [epoch], ids: entry.ids });
        expect(found.ids).toEqual(entry.ids);
      }
    }
  });

  test('ids stay exact through a client that parses numbers, up to the largest one and beyond its increments', async () => {
    const [epoch] = freshNames(1) as [string];
    await upstash.server.command('SET', epoch, String(2 ** 52 - 1));
    for (const reads of ['primary', 'nearest'] as const) {
      const store = upstash.store({}, { reads });
      await store.advance([epoch]);
      const { ids } = await lookUpAndFill(store, 'exact', [epoch]);
      expect(ids).toEqual([await upstash.server.command('GET', epoch)]);
      expect((await store.lookup({ key: 'exact', epochs: [epoch], keepMs: minute })).own).toEqual(ids);
    }
  });

  test('keys of others in the same database survive every operation', async () => {
    await upstash.server.command('MSET', 'theirs', '1', 'contract:theirs', '2', 'shop:q:other', '3');
    const store = upstash.store();
    const epochs = freshNames(3);
    await lookUpAndFill(store, 'contract:ours', epochs);
    await store.advance(epochs);
    expect(await upstash.server.command('MGET', 'theirs', 'contract:theirs', 'shop:q:other')).toEqual(['1', '2', '3']);
    expect(await upstash.server.command('DBSIZE')).toBe(3 + 1 + epochs.length);
  });

  test('a database that was emptied, or restarted, has neither the entry nor its epochs', async () => {
    const store = upstash.store();
    const epochs = freshNames();
    const lost = [() => upstash.server.flush(), () => upstash.server.restart()];
    for (const lose of lost) {
      const { ids } = await lookUpAndFill(store, 'lost', epochs);
      await lose();
      const after = await store.lookup({ key: 'lost', epochs, keepMs: minute });
      expect(after.entry).toBeUndefined();
      for (const [index, id] of after.ids.entries()) expect(id).not.toBe(ids[index]);
    }
  });

  test.each([[undefined], [null], [{}], ['https://example.upstash.io']])(
    'it refuses %s in the place of a client',
    (redis) => {
      expect(() => upstashStore(redis as never)).toThrow('upstashStore: expected a client of @upstash/redis');
    },
  );

  test('it refuses an unknown option, and another word for where to read', () => {
    const client = upstash.client();
    expect(() => upstashStore(client, { read: 'nearest' } as never)).toThrow('upstashStore: unknown option "read"');
    expect(() => upstashStore(client, { reads: 'replica' as never })).toThrow("reads: expected 'primary' or 'nearest'");
  });
});
