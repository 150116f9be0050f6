import { describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/index.ts';
import { createCache, memoryStore, tieredStore } from '../../src/index.ts';
import { type KeyvClient, type KvStoreOptions, kvStore } from '../../src/stores/kv.ts';
import { errorOf } from '../support/app.ts';
import { keyvAvailable, keyvOf, memcacheOn, versions } from '../support/keyv.ts';
import { describeStore, entryOf, freshNames, lookUpAndFill, pairs } from './contract.ts';
import { describeOutage } from './outage.ts';

const minute = 60_000;

type Failing = 'throws' | 'silently' | 'saying no';

describe.skipIf(!keyvAvailable).each(versions)('%s with its own memory', async (version) => {
  const Keyv = keyvAvailable ? await keyvOf(version) : undefined;
  const newKeyv = (options: object = {}) => new Keyv!({ throwOnErrors: true, ...options });
  const keyv = Keyv && newKeyv();
  let store: Store | undefined;
  const theStore = () => (store ??= kvStore(keyv as KeyvClient));

  for (const half of ['p', 'c']) {
    const evict = async (...keys: string[]) => {
      for (const key of keys) await keyv!.delete(`~${half}:${key}`);
    };
    // Of what is in a process there is no second client: another Keyv on the same memory is as near as it comes.
    const another = () => kvStore(newKeyv({ store: (keyv as { store?: unknown }).store }), { reads: 'latest' });
    const lacks = ['lease', 'expire', 'scan', 'parts'] as const;
    if (half === 'p') describeStore(version, theStore, evict, { lacks, another });
    else
      test('an epoch of which the confirmation is lost makes its entries unusable', async () => {
        const [epoch] = freshNames(1) as [string];
        const { ids, entry } = await lookUpAndFill(theStore(), 'half', [epoch]);
        await evict(epoch);
        const found = await theStore().lookup({ key: entry.key, epochs: [epoch], keepMs: minute });
        expect(found.own[0]).not.toBe(ids[0]);
      });
  }
  describeOutage(version, theStore);

  const settings: [string, () => object][] = [
    ['with a namespace that begins as keys do', () => ({ namespace: 'contract' })],
    ['with a lifetime of its own', () => ({ ttl: 3_600_000 })],
    ['that cleans its keys', () => ({ sanitize: true })],
    ['on a Map', () => ({ store: new Map() })],
  ];
  test.each(settings)('%s: an entry is stored, found, and gone when it is invalidated', async (_, options) => {
    const store = kvStore(newKeyv(options()));
    const epochs = freshNames(2);
    const { entry, ids, answer } = await lookUpAndFill(store, 'contract:k -- ;', epochs);
    expect(answer).toBe('stored');
    const found = await store.lookup({ key: entry.key, epochs, keepMs: minute });
    expect(found).toEqual({ ids, entry, own: ids });
    await store.advance(epochs);
    const after = await store.lookup({ key: entry.key, epochs, keepMs: minute });
    for (const [index, id] of after.own.entries()) expect(id).not.toBe(ids[index]);
  });

  test('it is told what to write where Keyv would hide errors, or read what is old', async () => {
    if (version === 'Keyv 5') {
      const { message } = await errorOf(() => kvStore(new Keyv!()));
      expect(message).toBe(
        'kvStore: this Keyv swallows errors, and a read that failed would look like nothing. Write new Keyv({ store, throwOnErrors: true }).',
      );
      for (const emitErrors of [false, undefined]) {
        const silent = await errorOf(() => kvStore(newKeyv({ emitErrors }), { reads: 'latest' }));
        expect(silent).toMatchObject({ name: 'CacheError', code: 'INVALID_OPTION' });
        expect(silent.message).toBe(
          'kvStore: emitErrors: this Keyv keeps errors to itself, and a write that its adapter tells only by an event would look confirmed. Write new Keyv({ store, throwOnErrors: true }), without emitErrors.',
        );
      }
    }
    const elsewhere = newKeyv({ store: await memcacheOn(9) });
    expect((await errorOf(() => kvStore(elsewhere))).message).toBe(
      "kvStore: reads: it is not known what this backend reads. If a read gives what was last confirmed, in every process (one server, or the primary), write kvStore(keyv, { reads: 'latest' }).",
    );
    const failingOver = newKeyv({ store: await memcacheOn(9, { failover: true }) });
    expect((await errorOf(() => kvStore(failingOver, { reads: 'latest' }))).message).toContain('failover: false');
  });

  describe('a backend that fails', () => {
    /**
     * An adapter as Keyv wants one, that fails as told: `'silently'`, it says nothing but an event, and of a write never more
     * than that it is over, as the one for Redis; `'saying no'`, a refused write is `false`, too.
     */
    const failing = (how: Failing) => {
      const listeners: ((error: unknown) => void)[] = [];
      const values = new Map<string, unknown>();
      const fails = { get: false, set: false, delete: false };
      const attempt = async <T>(operation: keyof typeof fails, work: () => T, else_: T): Promise<T> => {
        if (!fails[operation]) return work();
        const error = new Error(`no ${operation}`);
        if (how === 'throws') throw error;
        for (const listener of listeners) listener(error);
        return else_;
      };
      const set = (key: string, value: unknown) => {
        values.set(key, value);
        return how === 'silently' ? undefined : true;
      };
      const adapter = {
        opts: { url: '' },
        get: (key: string) => attempt('get', () => values.get(key), undefined),
        set: (key: string, value: unknown) =>
          attempt('set', () => set(key, value), how === 'silently' ? undefined : false),
        delete: (key: string) => attempt('delete', () => values.delete(key), false),
        clear: async () => values.clear(),
        on: (_: string, listener: (error: unknown) => void) => void listeners.push(listener),
      };
      return { store: kvStore(newKeyv({ store: adapter }), { reads: 'latest' }), fails, values };
    };

    test.each<Failing>(['throws', 'silently', 'saying no'])(
      '%s: a failure is never taken for an answer',
      async (how) => {
        const { store, fails, values } = failing(how);
        const epochs = freshNames(2);
        const { entry, ids } = await lookUpAndFill(store, 'k', epochs);
        const request = { key: 'k', epochs, keepMs: minute };
        const fill = { entry, unchanged: pairs(epochs, ids), keepMs: minute };
        const before = new Map(values);
        fails.get = true;
        await errorOf(() => store.lookup(request));
        await errorOf(() => store.fill(fill));
        expect(values).toEqual(before);
        fails.get = false;
        fails.set = true;
        await errorOf(() => store.fill(fill));
        await errorOf(() => store.lookup({ epochs: freshNames(1), keepMs: minute }));
        await errorOf(() => store.advance(freshNames(1))); // it is not said whether there was none, or it could not be removed
        fails.delete = true;
        await errorOf(() => store.advance(epochs));
        fails.set = false;
        fails.delete = false;
        expect((await store.lookup(request)).ids).toEqual(ids);
        await store.advance(epochs);
        for (const id of (await store.lookup(request)).own) expect(ids).not.toContain(id);
      },
    );

    test('where it cannot write any more, what is there is invalidated all the same', async () => {
      const { store, fails } = failing('throws');
      const epochs = freshNames(2);
      const { ids } = await lookUpAndFill(store, 'k', epochs);
      fails.set = true;
      await store.advance(epochs);
      fails.set = false;
      const { own } = await store.lookup({ key: 'k', epochs, keepMs: minute });
      for (const id of own) expect(ids).not.toContain(id);
    });
  });
});

describe('a store on a Keyv', () => {
  const plain = (more: object = {}): KeyvClient => {
    const values = new Map<string, unknown>();
    return {
      get: vi.fn(async (key: string) => values.get(key)),
      getMany: vi.fn(async (keys: string[]) => keys.map((key) => values.get(key))),
      set: vi.fn(async (key: string, value: string) => values.set(key, value).has(key)),
      delete: vi.fn(async (key: string) => values.delete(key)),
      on: vi.fn(),
      ...more,
    };
  };
  const latest = { reads: 'latest' } as const;

  test.each([
    [undefined, {}, 'kvStore: expected a Keyv, of version 5 or 6, received undefined.'],
    [new Map(), {}, 'kvStore: expected a Keyv, of version 5 or 6, received an object with no keys.'],
    [plain(), { read: 'latest' }, 'kvStore: unknown option "read". Known options: reads.'],
    [
      plain(),
      { reads: 'eventual' },
      "kvStore: reads: expected 'latest', because a backend that answers with what is older",
    ],
    [plain({ store: { opts: { dialect: 'dynamo' } } }), {}, 'DynamoDB reads eventually unless it is told to read'],
    [plain({ store: { store: { opts: { dialect: 'dynamo' } } } }), {}, 'docs/stores.md#keyv'],
    [plain({ throwOnErrors: false }), latest, 'Write new Keyv({ store, throwOnErrors: true }).'],
  ])('refuses %o with %o, and says what to write', async (keyv, options, message) => {
    const error = await errorOf(() => kvStore(keyv as KeyvClient, options as KvStoreOptions));
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain(message);
  });

  test('does nothing when it is made but listen for errors', () => {
    const keyv = plain();
    kvStore(keyv, latest);
    for (const method of ['get', 'getMany', 'set', 'delete'] as const) expect(keyv[method]).not.toHaveBeenCalled();
    expect(keyv.on).toHaveBeenCalledTimes(1);
  });

  test('gives no leases, and a cache that wants them says so when it is made', async () => {
    const store = kvStore(plain(), latest);
    const error = await errorOf(() => createCache({ store, namespace: 'n', scope: 'public', coalesce: 'store' }));
    expect(error.message).toBe(
      "createCache: coalesce: 'store' needs a store that gives leases, and keyv does not. Use redisStore or upstashStore, or remove coalesce.",
    );
  });

  test('says that it cannot expire, also from behind a tier, and removes in its place', async () => {
    const store = kvStore(plain(), latest);
    expect(store.supports).toEqual({ local: false, expire: false });
    expect(tieredStore(memoryStore(), store).supports).toEqual({ local: false, expire: false });
    const epochs = freshNames(1);
    const { ids } = await lookUpAndFill(store, 'k', epochs);
    await store.advance(epochs, 'expire');
    const { own } = await store.lookup({ key: 'k', epochs, keepMs: minute });
    expect(own[0]?.split('~')[0]).not.toBe(ids[0]);
  });

  test('reads all that a hit needs at once, at most a hundred keys in a request and none twice', async () => {
    const keyv = plain({ store: { getMany() {} } });
    const store = kvStore(keyv, latest);
    const epochs = freshNames(70);
    await lookUpAndFill(store, 'k', epochs);
    vi.mocked(keyv.getMany).mockClear();
    await Promise.all([
      store.lookup({ key: 'k', epochs, keepMs: minute }),
      store.lookup({ key: 'k', epochs: epochs.slice(0, 9), keepMs: minute }),
    ]);
    const asked = vi.mocked(keyv.getMany).mock.calls.map(([keys]) => keys);
    expect(asked.map(({ length }) => length)).toEqual([100, 41]);
    expect(new Set(asked.flat()).size).toBe(141);
    expect(keyv.get).not.toHaveBeenCalled();
  });

  test('has keys that every backend takes: short, of plain signs, and no two alike', async () => {
    const keyv = plain();
    const store = kvStore(keyv, latest);
    const odd = ['a'.repeat(300), 'a'.repeat(301), 'ż', 'z', 'a b', 'a\nb', 'a--b', 'ab', '#x', 'a/../b', 'a;b', ''];
    for (const key of odd) {
      const epochs = [`${key}:e:tag:t`];
      await store.fill({ entry: entryOf(key, epochs, ['1']), unchanged: [], keepMs: minute });
      await store.lookup({ epochs, keepMs: minute });
    }
    const keys = vi.mocked(keyv.set).mock.calls.map(([key]) => key);
    expect(new Set(keys).size).toBe(3 * odd.length);
    for (const key of keys) expect(key).toMatch(/^~(?!.*--)[\w:.+=#-]{1,122}$/);
    for (const key of odd) {
      const { entry } = await store.lookup({ key, epochs: [], keepMs: minute });
      expect(entry?.key).toBe(key);
    }
  });

  test('gives nobody an entry that lies under the key of another, nor one that is damaged', async () => {
    const keyv = plain();
    const store = kvStore(keyv, latest);
    await lookUpAndFill(store, 'one', freshNames(1));
    const [, frame] = vi.mocked(keyv.set).mock.calls.find(([key]) => key === '~v:one') as [string, string];
    for (const value of [frame, frame.slice(0, -1), 'text', { value: frame }]) {
      await keyv.set('~v:two', value as string);
      expect(await store.lookup({ key: 'two', epochs: [], keepMs: minute })).toEqual({
        ids: [],
        entry: undefined,
        own: [],
      });
    }
  });

  test.each([
    'MemJS SET: Value too large',
    'SERVER_ERROR object too large for cache',
    'Item size has exceeded the maximum allowed size',
  ])('an entry that is too large for the backend is a size, no failure: %s', async (message) => {
    const keyv = plain();
    const store = kvStore(keyv, latest);
    const epochs = freshNames(1);
    const { ids } = await store.lookup({ epochs, keepMs: minute });
    vi.mocked(keyv.set).mockRejectedValueOnce(new Error(message));
    const fill = () => store.fill({ entry: entryOf('k', epochs, ids), unchanged: pairs(epochs, ids), keepMs: minute });
    expect(await fill()).toBe('size');
    vi.mocked(keyv.set).mockRejectedValueOnce(new Error('down'));
    expect((await errorOf(fill)).message).toContain('down');
  });

  test('a write that is refused is not put down to what failed before it', async () => {
    const keyv = plain({ set: async () => false, delete: async () => false });
    const store = kvStore(keyv, latest);
    const [[, tell]] = vi.mocked(keyv.on).mock.calls as [Parameters<KeyvClient['on']>];
    tell(new Error('long ago'));
    const error = await errorOf(() => store.advance(freshNames(1)));
    expect(error.message).toBe('kvStore: set answered: false.');
    expect(error.cause).toBeUndefined();
  });
});
