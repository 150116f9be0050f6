import { beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/index.ts';
import { listen } from '../support/app.ts';
import { redisAvailable } from '../support/redis.ts';
import { entryOf, freshNames, lookUpAndFill, pairs } from './contract.ts';
import { outageApp } from './outage-app.ts';
import { useUpstash } from './upstash-harness.ts';

const minute = 60_000;

describe.skipIf(!redisAvailable)('an Upstash database that is full, and evicts nothing', () => {
  const upstash = useUpstash({ args: ['--maxmemory-policy', 'noeviction'] });
  let store: Store;
  beforeEach(async () => {
    await upstash.server.command('CONFIG', 'SET', 'maxmemory', '0');
    store = upstash.store();
  });
  const fillUp = () => upstash.server.command('CONFIG', 'SET', 'maxmemory', '1');
  const makeRoom = () => upstash.server.command('CONFIG', 'SET', 'maxmemory', '0');

  test('an entry that is there is still read', async () => {
    const epochs = freshNames();
    const { entry, ids } = await lookUpAndFill(store, 'there', epochs);
    await fillUp();
    const found = await store.lookup({ key: 'there', epochs, keepMs: minute });
    expect(found).toMatchObject({ entry, ids, own: ids });
  });

  test('an epoch that cannot be planted is not known, those that exist are', async () => {
    const [known, missing] = freshNames() as [string, string];
    const { ids } = await store.lookup({ epochs: [known], keepMs: minute });
    await fillUp();
    expect((await store.lookup({ epochs: [known, missing], keepMs: minute })).ids).toEqual([ids[0], undefined]);
  });

  test('a fill rejects, and leaves nothing half stored', async () => {
    const epochs = freshNames();
    const { ids } = await store.lookup({ key: 'new', epochs, keepMs: minute });
    await fillUp();
    const entry = entryOf('new', epochs, ids);
    await expect(store.fill({ entry, unchanged: pairs(epochs, ids), keepMs: minute })).rejects.toThrow('OOM');
    expect(await upstash.server.command('EXISTS', 'new')).toBe(0);
  });

  test('an invalidation is confirmed: epochs that cannot be moved on are deleted, which no entry survives', async () => {
    const epochs = freshNames(3);
    const { ids } = await lookUpAndFill(store, 'old', epochs);
    await fillUp();
    for (const epoch of epochs.slice(1)) await store.advance([epoch]);
    expect(await upstash.server.command('MGET', ...epochs)).toEqual([ids[0], null, null]);
    const { own } = await store.lookup({ key: 'old', epochs: epochs.slice(0, 1), keepMs: minute });
    expect(own.slice(1)).toEqual([undefined, undefined]);
    await makeRoom();
    const after = await lookUpAndFill(store, 'new', epochs);
    expect(after.answer).toBe('stored');
  });

  test('queries are answered: hits from the store, everything else by its procedure, and an invalidation is at once seen', async () => {
    const { cache, caller, row, read, store: watched } = outageApp(store);
    const hits = listen(cache, 'hit');
    await caller.read();
    await fillUp();
    await caller.read();
    expect(hits).toHaveLength(1);

    row.value = 2;
    expect(await cache.invalidate('read')).toMatchObject({ acknowledged: true });
    watched.fill.mockClear();
    expect([await caller.read(), await caller.read()]).toEqual([{ value: 2 }, { value: 2 }]);
    expect(read).toHaveBeenCalledTimes(3);
    expect(watched.fill).not.toHaveBeenCalled();

    await makeRoom();
    for (let call = 0; call < 3; call++) await caller.read();
    expect(read).toHaveBeenCalledTimes(4);
  });

  test('a full database does not open the breaker: what it still holds is served all along', async () => {
    const { cache, caller, read } = outageApp(store);
    const hits = listen(cache, 'hit');
    await caller.read();
    await fillUp();
    await cache.invalidate({ tag: 'other' });
    for (let call = 0; call < 10; call++) await caller.read();
    await makeRoom();
    await caller.read();
    await caller.read();
    expect(hits.length + read.mock.calls.length).toBe(13);
    expect(hits.length).toBeGreaterThan(0);
  });
});
