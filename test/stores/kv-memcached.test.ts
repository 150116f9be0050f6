import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/index.ts';
import { type KeyvClient, kvStore } from '../../src/stores/kv.ts';
import { cacheOf, errorOf, listen, t } from '../support/app.ts';
import { keyvAvailable, keyvOf, memcacheOn, type Version, versions } from '../support/keyv.ts';
import { type Memcached, memcachedAvailable, startMemcached } from '../support/memcached.ts';
import { describeStore, freshNames, lookUpAndFill } from './contract.ts';
import { describeOutage } from './outage.ts';

const minute = 60_000;

/** One row of a database behind a cached query, in a process of its own. */
const appOn = (store: Store, row: { value: number }, timeouts: object = { read: '5s', write: '5s' }) => {
  const cache = cacheOf({ store, namespace: 'shop', timeouts });
  const read = vi.fn(async () => ({ value: row.value }));
  const router = cache.register(
    t.router({
      row: t.router({
        read: t.procedure.use(cache.cached('1h')).query(read),
        tagged: t.procedure.use(cache.cached('1h')).query((opts) => {
          const { value } = row;
          cache.control(opts).tag('row');
          return { value };
        }),
      }),
    }),
  );
  return { cache, caller: router.createCaller({}).row, read, bypasses: listen(cache, 'bypass') };
};

describe.skipIf(!keyvAvailable || !memcachedAvailable)('memcached through Keyv', () => {
  let server: Memcached;
  const clients: { close(): void }[] = [];
  const newKeyv = async (version: Version = 'Keyv 5', options: object = {}): Promise<KeyvClient> => {
    const store = await memcacheOn(server.port, options);
    clients.push(store.client);
    return new (await keyvOf(version))({ store, throwOnErrors: true });
  };
  const newStore = async (...given: Parameters<typeof newKeyv>) =>
    kvStore(await newKeyv(...given), { reads: 'latest' });
  const shared = new Map<Version, { keyv: KeyvClient; store: Store }>();
  beforeAll(async () => {
    server = await startMemcached();
    for (const version of versions) {
      const keyv = await newKeyv(version);
      shared.set(version, { keyv, store: kvStore(keyv, { reads: 'latest' }) });
    }
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await server?.kill();
  });

  describe.each(versions)('%s', (version) => {
    const evict = async (...keys: string[]) => {
      for (const key of keys) await shared.get(version)?.keyv.delete(`~p:${key}`);
    };
    describeStore(version, () => shared.get(version)?.store as Store, evict, {
      lacks: ['lease', 'expire', 'scan', 'parts'],
      another: () => newStore(version),
    });
    if (version === 'Keyv 5') describeOutage(version, () => shared.get(version)?.store as Store);
  });

  test('an entry written through one version of Keyv is read through the other', async () => {
    const [five, six] = versions.map((version) => shared.get(version)?.store as Store) as [Store, Store];
    const epochs = freshNames(2);
    const { entry } = await lookUpAndFill(five, 'both', epochs);
    const found = await six.lookup({ key: 'both', epochs, keepMs: minute });
    // Keyv 6 puts no prefix of its own in front: the two do not see each other, and nothing is taken for something else.
    if (found.entry === undefined) expect(found.own).toEqual([]);
    else expect(found).toMatchObject({ entry, own: entry.ids });
  });

  test('an answer that is larger than the server takes is not stored, and that is no failure', async () => {
    const store = await newStore();
    const { answer } = await lookUpAndFill(store, 'large', freshNames(1), 'x'.repeat(1_100_000));
    expect(answer).toBe('size');
  });

  test('requests: a hit reads two values for each epoch and the entry; an invalidation writes two for each of its epochs', async () => {
    const store = await newStore();
    const { cache, caller } = appOn(store, { value: 1 });
    const counted = async (work: () => Promise<unknown>) => {
      const before = await server.stats();
      await work();
      const after = await server.stats();
      const since = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
      return { get: since('cmd_get'), set: since('cmd_set'), delete: since('delete_hits') + since('delete_misses') };
    };
    const first = await counted(() => caller.read());
    expect(first.set).toBe(9 * 3 + 1);
    expect(await counted(() => caller.read())).toEqual({ get: 19, set: 0, delete: 0 });
    expect(await counted(() => cache.invalidate('row.read'))).toEqual({ get: 0, set: 2, delete: 0 });
    // The lookup, the epoch that moved on is planted, read back and confirmed, the fill reads again and writes.
    expect(await counted(() => caller.read())).toEqual({ get: 19 + 2 + 16, set: 2 + 1, delete: 0 });
    expect(await counted(() => cache.invalidate({ tag: 'x' }))).toEqual({ get: 0, set: 4, delete: 0 });
  });

  describe('two processes', () => {
    test('share what one of them stored, and neither serves what the other invalidated', async () => {
      const row = { value: 1 };
      const [one, two] = [appOn(await newStore(), row), appOn(await newStore('Keyv 5'), row)];
      await one.caller.read();
      expect(await two.caller.read()).toEqual({ value: 1 });
      expect(two.read).not.toHaveBeenCalled();
      for (let round = 2; round < 10; round++) {
        row.value = round;
        const [changing, other] = round % 2 === 0 ? [one, two] : [two, one];
        await changing.cache.invalidate('row.read');
        expect(await Promise.all([other.caller.read(), changing.caller.read()])).toEqual([
          { value: round },
          { value: round },
        ]);
        expect(await other.caller.read()).toEqual({ value: round });
      }
      expect(one.bypasses.concat(two.bypasses)).toEqual([]);
    });

    test('that read and invalidate all at once never get what was invalidated before they asked', async () => {
      const row = { value: 1 };
      const apps = [appOn(await newStore(), row), appOn(await newStore(), row)];
      let acknowledged = 0;
      const reading = apps.map(async ({ caller }) => {
        for (let call = 0; call < 60; call++) {
          const since = acknowledged;
          for (const { value } of await Promise.all([caller.read(), caller.tagged()]))
            expect(value).toBeGreaterThanOrEqual(since);
        }
      });
      const changing = apps.map(async ({ cache }) => {
        for (let call = 0; call < 20; call++) {
          const value = ++row.value;
          await cache.invalidate('row.read', { tag: 'row' });
          acknowledged = Math.max(acknowledged, value);
        }
      });
      await Promise.all([...reading, ...changing]);
    });
  });

  describe('that fails', () => {
    beforeEach(() => server.restart());
    afterEach(async () => {
      vi.useRealTimers();
      server.resume();
      await server.restart();
    });
    /** Whatever the breaker thinks of the store: its pause is over. */
    const muchLater = () => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    /** Cached again: of some calls that all see the new row, few run. */
    const recovers = async ({ caller, read }: ReturnType<typeof appOn>, value: number) => {
      muchLater();
      await vi.waitFor(
        async () => {
          read.mockClear();
          for (let call = 0; call < 3; call++) expect(await caller.read()).toEqual({ value });
          expect(read).not.toHaveBeenCalled();
        },
        { timeout: 10_000 },
      );
    };
    const quick = { read: '100ms', write: '150ms' };

    test.each(versions)(
      '%s: it is paused: queries are answered by one run each, and after it nothing old is served',
      async (version) => {
        const row = { value: 1 };
        const app = appOn(await newStore(version), row, quick);
        await app.caller.read();
        await server.pause();
        row.value = 2;
        const refused = errorOf(() => app.cache.invalidate('row.read'));
        app.read.mockClear();
        for (let call = 1; call <= 3; call++) {
          expect(await app.caller.read()).toEqual({ value: 2 });
          expect(app.read).toHaveBeenCalledTimes(call);
        }
        expect((await refused).code).toBe('NOT_ACKNOWLEDGED');
        server.resume();
        await recovers(app, 2);
        await app.cache.close();
      },
    );

    test.each(versions)(
      '%s: it is killed and comes back empty: queries are answered, and it is used again',
      async (version) => {
        const row = { value: 1 };
        const app = appOn(await newStore(version), row, quick);
        await app.caller.read();
        await server.kill();
        row.value = 2;
        const refused = errorOf(() => app.cache.invalidate('row.read'));
        for (let call = 0; call < 3; call++) expect(await app.caller.read()).toEqual({ value: 2 });
        expect((await refused).code).toBe('NOT_ACKNOWLEDGED');
        await server.restart();
        await recovers(app, 2);
        await app.cache.close();
      },
    );

    test('it stops again and again while clients send twice what was not answered: nothing old is served after', async () => {
      const row = { value: 1 };
      // Impatient clients: a pause is long enough for their second attempt.
      const impatient = { timeout: 0.02, retries: 3 };
      const apps = await Promise.all([1, 2].map(async () => appOn(await newStore('Keyv 5', impatient), row, quick)));
      for (let round = 2; round < 8; round++) {
        const reading = Promise.all(apps.map(({ caller }) => caller.read()));
        await server.pause();
        row.value = round;
        const told = Promise.all(
          apps.map(({ cache }) =>
            cache.invalidate('row.read').then(
              () => true,
              () => false,
            ),
          ),
        );
        await new Promise((resolve) => setTimeout(resolve, 40));
        server.resume();
        const acknowledged = await told;
        await reading;
        for (const [index, { caller }] of apps.entries()) {
          if (acknowledged[index] || acknowledged.includes(true)) expect(await caller.read()).toEqual({ value: round });
        }
      }
      for (const app of apps) await recovers(app, 7);
      for (const { cache } of apps) await cache.close();
    });
  });
});
