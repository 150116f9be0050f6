import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/index.ts';
import { type KeyvClient, kvStore } from '../../src/stores/kv.ts';
import { cacheOf, t } from '../support/app.ts';
import {
  type DynamoAdapter,
  dynamoOn,
  keyvAvailable,
  keyvOf,
  startDynamo,
  type Version,
  versions,
} from '../support/keyv.ts';
import { describeStore, freshNames, lookUpAndFill } from './contract.ts';
import { describeOutage } from './outage.ts';

/** As docs/stores.md tells people to do it. */
const readConsistently = (adapter: DynamoAdapter): void =>
  adapter.client.middlewareStack.add(
    (next) => (args) => {
      const { Key, RequestItems } = args.input;
      if (Key !== undefined) args.input.ConsistentRead = true;
      for (const table of Object.values<any>(RequestItems ?? {})) if (table.Keys) table.ConsistentRead = true;
      return next(args);
    },
    { step: 'initialize' },
  );

describe.skipIf(!keyvAvailable)('DynamoDB through Keyv', () => {
  let dynamo: Awaited<ReturnType<typeof startDynamo>>;
  const adapters: DynamoAdapter[] = [];
  const stores = new Map<Version, { keyv: KeyvClient; store: Store }>();
  const newKeyv = async (version: Version) => {
    const adapter = await dynamoOn(dynamo.endpoint);
    adapters.push(adapter);
    readConsistently(adapter);
    return new (await keyvOf(version))({ store: adapter, throwOnErrors: true });
  };
  beforeAll(async () => {
    dynamo = await startDynamo();
    for (const version of versions) {
      const keyv = await newKeyv(version);
      stores.set(version, { keyv, store: kvStore(keyv, { reads: 'latest' }) });
    }
  });
  beforeEach(() => void (dynamo.requests.length = 0));
  afterAll(() => {
    for (const { client } of adapters) client.destroy();
    dynamo?.close();
  });

  const evict = async (...keys: string[]) => {
    for (const key of keys) await stores.get('Keyv 5')?.keyv.delete(`~p:${key}`);
  };
  describeStore('Keyv 5', () => stores.get('Keyv 5')?.store as Store, evict, {
    lacks: ['lease', 'expire', 'scan', 'parts'],
    another: async () => kvStore(await newKeyv('Keyv 5'), { reads: 'latest' }),
  });
  describeOutage('Keyv 6', () => stores.get('Keyv 6')?.store as Store);

  const operations = () => dynamo.requests.map(({ operation }) => operation);
  const counted = async (work: () => Promise<unknown>) => {
    dynamo.requests.length = 0;
    await work();
    const all = operations();
    return Object.fromEntries(
      [...new Set(all)].sort().map((one) => [one, all.filter((other) => other === one).length]),
    );
  };

  test.each(versions)('%s: requests: one for a hit, two writes for each epoch of an invalidation', async (version) => {
    const { store } = stores.get(version) as { store: Store };
    const cache = cacheOf({ store, namespace: `shop-${version}`, timeouts: { read: '5s', write: '5s' } });
    const read = vi.fn(() => 1);
    const router = cache.register(
      t.router({ row: t.router({ read: t.procedure.use(cache.cached('1h')).query(read) }) }),
    );
    const { read: query } = router.createCaller({}).row;
    expect((await counted(query)).PutItem).toBe(9 * 2 + 1);
    expect(await counted(query)).toEqual({ BatchGetItem: 1 });
    expect(await counted(() => cache.invalidate('row.read'))).toEqual({ PutItem: 2 });
    expect(await counted(query)).toEqual({ BatchGetItem: 3, PutItem: 3 });
    expect(await counted(() => cache.invalidate({ tag: 'x' }))).toEqual({ PutItem: 4 });
    expect(read).toHaveBeenCalledTimes(2);
  });

  test('reads are consistent when the client is told so, as the page says: of one key and of many', async () => {
    const { keyv, store } = stores.get('Keyv 5') as { keyv: KeyvClient; store: Store };
    const epochs = freshNames(2);
    await lookUpAndFill(store, 'consistent', epochs);
    await keyv.get('one');
    await store.advance(epochs);
    const reads = dynamo.requests.filter(({ operation }) => operation.includes('Get'));
    expect(new Set(reads.map(({ operation }) => operation))).toEqual(new Set(['BatchGetItem', 'GetItem']));
    for (const { body } of reads) expect((body.RequestItems?.cache ?? body).ConsistentRead).toBe(true);
  });

  test('without that they are not, so a store is not made unless somebody says that they are', async () => {
    const adapter = await dynamoOn(dynamo.endpoint);
    adapters.push(adapter);
    for (const version of versions) {
      const keyv = new (await keyvOf(version))({ store: adapter, throwOnErrors: true });
      expect(() => kvStore(keyv)).toThrow('DynamoDB reads eventually unless it is told to read consistently');
      await keyv.get('one');
    }
    for (const { body } of dynamo.requests.filter(({ operation }) => operation === 'GetItem'))
      expect(body.ConsistentRead).toBeUndefined();
  });

  test('an answer that is larger than an item may be is not stored, and that is no failure', async () => {
    const { store } = stores.get('Keyv 6') as { store: Store };
    expect((await lookUpAndFill(store, 'large', freshNames(1), 'x'.repeat(420_000))).answer).toBe('size');
  });

  test('two processes share what one of them stored, and neither serves what the other invalidated', async () => {
    const row = { value: 1 };
    const read = vi.fn(() => row.value);
    const apps = await Promise.all(
      [1, 2].map(async () => {
        const store = kvStore(await newKeyv('Keyv 5'), { reads: 'latest' });
        const cache = cacheOf({ store, namespace: 'two', timeouts: { read: '5s', write: '5s' } });
        const router = cache.register(t.router({ read: t.procedure.use(cache.cached('1h')).query(read) }));
        return { cache, caller: router.createCaller({}) };
      }),
    );
    const [one, two] = apps as [(typeof apps)[0], (typeof apps)[0]];
    expect([await one.caller.read(), await two.caller.read()]).toEqual([1, 1]);
    expect(read).toHaveBeenCalledTimes(1);
    row.value = 2;
    await two.cache.invalidate('read');
    expect([await one.caller.read(), await two.caller.read()]).toEqual([2, 2]);
    expect(read).toHaveBeenCalledTimes(2);
  });
});
