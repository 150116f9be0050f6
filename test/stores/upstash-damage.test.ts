import { describe, expect, test } from 'vitest';
import { redisAvailable } from '../support/redis.ts';
import { entryOf, freshNames, lookUpAndFill, pairs } from './contract.ts';
import { singleTry, useUpstash } from './upstash-harness.ts';

const minute = 60_000;

describe.skipIf(!redisAvailable)('Upstash with requests sent twice, replies lost, keys damaged', () => {
  const upstash = useUpstash();
  const look = (key: string, epochs: readonly string[], store = upstash.store()) =>
    store.lookup({ key, epochs, keepMs: minute });

  test('a lookup whose reply was lost is sent again and gives the ids that the first one planted', async () => {
    const epochs = freshNames(3);
    upstash.gateway.fault = { kind: 'lose-reply', times: 1 };
    const { ids } = await look('lost', epochs);
    expect(upstash.gateway.count()).toBe(2);
    expect((await look('lost', epochs)).ids).toEqual(ids);
  });

  test('a fill whose reply was lost is sent again and is stored once', async () => {
    const epochs = freshNames();
    const store = upstash.store();
    await look('lost', epochs, store);
    upstash.gateway.fault = { kind: 'lose-reply', times: 1, match: isFill };
    expect((await lookUpAndFill(store, 'lost', epochs)).answer).toBe('stored');
    expect((await look('lost', epochs)).entry?.key).toBe('lost');
  });

  test('a fill that arrives again after an invalidation stores nothing', async () => {
    const epochs = freshNames();
    const store = upstash.store();
    const { entry, ids } = await lookUpAndFill(store, 'late', epochs);
    const fill = upstash.gateway.requests.at(-1)?.commands[0] as string[];
    await store.advance([epochs[0] as string]);
    await upstash.server.command('DEL', entry.key);
    expect(await upstash.server.command(...(fill as [string]))).toBe(0);
    expect(await upstash.server.command('EXISTS', entry.key)).toBe(0);
    expect((await look('late', epochs)).ids).not.toEqual(ids);
  });

  test('an invalidation whose reply was lost is applied twice and harms nothing', async () => {
    const epochs = freshNames();
    const store = upstash.store();
    const { ids } = await lookUpAndFill(store, 'twice', epochs);
    upstash.gateway.fault = { kind: 'lose-reply', times: 1 };
    await store.advance(epochs);
    expect(upstash.gateway.count()).toBe(4);
    const after = await look('twice', epochs);
    after.ids.forEach((id, index) => {
      expect(id).not.toBe(ids[index]);
    });
  });

  test('an invalidation whose reply was lost rejects where the client does not try again', async () => {
    upstash.gateway.fault = { kind: 'lose-reply', times: 1 };
    await expect(upstash.store(singleTry).advance(freshNames())).rejects.toThrow();
  });

  test('one that arrives again much later, after an eviction, gives an id that was never used', async () => {
    const [epoch] = freshNames(1) as [string];
    const store = upstash.store();
    await store.advance([epoch]);
    const again = upstash.gateway.requests.at(-1)?.commands[0] as [string];
    const used = new Set<unknown>();
    for (let round = 0; round < 5; round++) {
      used.add((await look('evicted', [epoch])).ids[0]);
      await upstash.server.command('DEL', epoch);
      await upstash.server.command(...again);
    }
    used.add((await look('evicted', [epoch])).ids[0]);
    expect(used.size).toBe(6);
  });

  test('a lookup that arrives again after an eviction plants another id', async () => {
    const [epoch] = freshNames(1) as [string];
    const first = await look('again', [epoch]);
    const again = upstash.gateway.requests.at(-1)?.commands[0] as [string];
    await upstash.server.command('DEL', epoch);
    await upstash.server.command(...again);
    expect((await look('again', [epoch])).ids).not.toEqual(first.ids);
  });

  const frames: [string, (frame: string) => string][] = [
    ['cut off in its head', (frame) => frame.slice(0, 20)],
    ['without a head', () => '~\n{}'],
    ['a head that is another JSON', () => '~[1,2]\nbody'],
    ['epochs that are no texts', (frame) => frame.replace(/"e":\[[^\]]*\]/, '"e":[1,{"a":2},null]')],
    ['epochs without ids', (frame) => frame.replace(/"i":\[[^\]]*\]/, '"i":[]')],
    ['times that are texts', (frame) => frame.replace(/"s":\d+/, '"s":"soon"')],
    ['the key of another entry', (frame) => frame.replace('"k":"damaged"', '"k":"another"')],
    ['foreign JSON', () => '{"json":{"id":1}}'],
    ['a number', () => '12345678901234567890'],
    ['an empty text', () => ''],
    ['bytes', () => '\u0000\uffff~~~'],
    ['JSON deeper than any stack', () => `~${'['.repeat(5_000)}\n`],
  ];
  describe.each(['primary', 'nearest'] as const)('reads %s', (reads) => {
    test.each(frames)('an entry that was damaged is no entry, and the next fill replaces it: %s', async (_, damage) => {
      const epochs = freshNames();
      for (const automaticDeserialization of [true, false]) {
        const store = upstash.store({ automaticDeserialization }, { reads });
        await lookUpAndFill(store, 'damaged', epochs);
        const frame = String(await upstash.server.command('GET', 'damaged'));
        await upstash.server.command('SET', 'damaged', damage(frame));
        const { entry, own, ids } = await look('damaged', epochs, store);
        expect(entry === undefined || entry.key !== 'damaged' || own.length !== 2 || entry.ids.length !== 2).toBe(true);
        for (const id of ids) expect(id).toMatch(/^\d+$/);
        expect((await lookUpAndFill(store, 'damaged', epochs)).answer).toBe('stored');
        expect((await look('damaged', epochs, store)).entry?.key).toBe('damaged');
      }
    });

    test('a key of another type is a missing entry, for itself and for the lookups of its tick', async () => {
      const epochs = freshNames();
      const store = upstash.store({}, { reads });
      await lookUpAndFill(store, 'sound', epochs);
      await upstash.server.command('RPUSH', 'list', '1');
      const [list, sound] = await Promise.all([look('list', epochs, store), look('sound', epochs, store)]);
      expect(list.entry).toBeUndefined();
      expect(sound.entry?.key).toBe('sound');
      expect((await lookUpAndFill(store, 'list', epochs)).answer).toBe('stored');
    });

    test('an epoch of another type is not known, until an invalidation puts it right', async () => {
      const [sound, broken] = freshNames() as [string, string];
      const store = upstash.store({}, { reads });
      await upstash.server.command('RPUSH', broken, '1');
      expect((await look('a', [sound, broken], store)).ids).toEqual([expect.any(String), undefined]);
      await store.advance([broken]);
      expect((await lookUpAndFill(store, 'a', [sound, broken])).answer).toBe('stored');
    });
  });

  test('an epoch that holds a text moves on like any other', async () => {
    const [epoch] = freshNames(1) as [string];
    const store = upstash.store();
    await upstash.server.command('SET', epoch, 'not a number');
    const { ids } = await lookUpAndFill(store, 'text', [epoch]);
    await store.advance([epoch]);
    expect((await look('text', [epoch])).ids).not.toEqual(ids);
  });

  test.each([
    '[]',
    '[{"result":null}]',
    '[{"result":[]}]',
    '[{"result":"aGk="}]',
    '[{"result":{"a":1}}]',
    '{}',
    'null',
    '<html>',
  ])('an answer that is not one rejects, in every operation: %s', async (body) => {
    const store = upstash.store(singleTry);
    const epochs = freshNames();
    const { ids } = await look('garbage', epochs, store);
    const entry = entryOf('garbage', epochs, ids);
    upstash.gateway.fault = { kind: 'garbage', body };
    await expect(store.lookup({ key: 'garbage', epochs, keepMs: minute })).rejects.toThrow();
    await expect(store.fill({ entry, unchanged: pairs(epochs, ids), keepMs: minute })).rejects.toThrow();
    await expect(store.advance(epochs)).rejects.toThrow();
  });
});

const isFill = (commands: string[][]) => commands[0]?.[1]?.includes('return 1') === true;
