import { describe, expect, test, vi } from 'vitest';
import { memoryStore, type Store, tieredStore } from '../../src/index.ts';
import { createOutbox } from '../../src/outbox.ts';
import { shardTags } from '../../src/stores/cluster-shards.ts';
import { shardedStore } from '../../src/stores/redis-cluster.ts';
import { cacheOf, errorOf, listen, t } from '../support/app.ts';
import { hanging, throwing } from '../support/stores.ts';

/** A store of two parts, each of which fails as told; even rows are in the first one. */
const twoParts = () => {
  const parts = [memoryStore(), memoryStore()] as const;
  const fault: (undefined | (() => any))[] = [undefined, undefined];
  const lookups = [0, 0];
  const advances = [0, 0];
  /** The names of epochs that each part has moved on. */
  const moved = [new Set<string>(), new Set<string>()] as const;
  const partOf = (key: string) => Number(/(\d+)\D*$/.exec(key)?.[1]) % 2;
  const within = async <T>(part: number, work: (store: Store) => T) =>
    (fault[part] ?? (() => work(parts[part] as Store)))();
  const store: Store = {
    name: 'two parts',
    supports: { local: false },
    partOf,
    lookup: (request) => {
      const part = partOf((request.key ?? request.near) as string);
      lookups[part]! += 1;
      return within(part, (store) => store.lookup(request));
    },
    fill: (request) => within(partOf(request.entry.key), (store) => store.fill(request)),
    async advance(epochs, mode, confirmed = new Set()) {
      await Promise.all(
        parts.map(async (_, part) => {
          if (confirmed.has(part)) return;
          advances[part]! += 1;
          await within(part, (store) => store.advance(epochs, mode));
          for (const epoch of epochs) moved[part as 0 | 1].add(epoch);
          confirmed.add(part);
        }),
      );
    },
  };
  return { store, fault, lookups, advances, moved };
};

/** What somebody waits for until somebody else opens it. */
const gate = () => {
  let open = () => {};
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { isOpen, open: () => open() };
};

const appOn = (store: Store) => {
  const cache = cacheOf({ store, namespace: 'parts', timeouts: { read: '20ms', write: '40ms' } });
  let version = 1;
  const run = vi.fn(({ input }: { input: unknown }) => `${input} v${version}`);
  const row = t.procedure
    .input((value) => value as number)
    .use(cache.cached({ ttl: '1h', tags: ['rows'] }))
    .query(run);
  const { row: read } = cache.register(t.router({ row })).createCaller({});
  const runsOf = async (id: number) => {
    run.mockClear();
    await read(id);
    return run.mock.calls.length;
  };
  return { cache, read, runsOf, breaker: listen(cache, 'breaker'), change: () => void (version += 1) };
};

describe.each([
  ['a store of parts', (store: Store) => store],
  ['a tier over a store of parts', (store: Store) => tieredStore(memoryStore(), store)],
])('%s', (_, around) => {
  test('a part that is down is left alone after five failures, and the other one goes on hitting', async () => {
    const { store, fault, lookups } = twoParts();
    const { read, runsOf, breaker } = appOn(around(store));
    for (const id of [0, 1]) await read(id);
    fault[1] = throwing;
    for (let call = 0; call < 8; call++) {
      expect(await runsOf(1)).toBe(1);
      if (call === 4) lookups[1] = 0;
    }
    expect(lookups[1]).toBe(0);
    expect(await runsOf(0)).toBe(0);
    expect(breaker).toEqual([{ state: 'open', part: 1 }]);
  });

  test.each([
    ['fails', throwing],
    ['hangs', hanging],
  ])(
    'an invalidation that one part confirmed while the other %s is in force there, hits and all; the other serves nothing',
    async (_how, fail) => {
      const { store, fault } = twoParts();
      const { cache, read, runsOf, change } = appOn(around(store));
      for (const id of [0, 1]) await read(id);
      fault[1] = fail;
      change();
      expect((await errorOf(() => cache.invalidate({ tag: 'rows' }))).code).toBe('NOT_ACKNOWLEDGED');
      expect([await read(0), await runsOf(0)]).toEqual(['0 v2', 0]);
      expect([await read(1), await runsOf(1)]).toEqual(['1 v2', 1]);
      fault[1] = undefined;
      await vi.waitFor(async () => expect(await runsOf(1)).toBe(0));
      expect([await read(0), await read(1)]).toEqual(['0 v2', '1 v2']);
      await cache.close();
    },
  );

  test('what a part confirmed is not sent to it again: its entries would go each time that the other one is tried', async () => {
    const { store, fault, advances } = twoParts();
    const { cache, read, runsOf } = appOn(around(store));
    fault[1] = throwing;
    await errorOf(() => cache.invalidate('row'));
    await read(0);
    await vi.waitFor(() => expect(advances[1]).toBeGreaterThan(2));
    expect(advances[0]).toBe(1);
    expect(await runsOf(0)).toBe(0);
    fault[1] = undefined;
    await cache.close();
    expect(advances[0]).toBe(1);
  });

  test('a second invalidation that no part confirmed is refused in both, although one had confirmed the first', async () => {
    const { store, fault } = twoParts();
    const { cache, read, runsOf, change } = appOn(around(store));
    for (const id of [0, 1]) await read(id);
    fault[1] = throwing;
    await errorOf(() => cache.invalidate('row'));
    await read(0);
    fault[0] = throwing;
    change();
    await errorOf(() => cache.invalidate('row'));
    fault[0] = undefined;
    expect([await read(0), await runsOf(0)]).toEqual(['0 v2', 1]);
    await cache.close();
  });
});

test('a part that expired what was removed in vain has not removed it: who removes wins', async () => {
  const { store, fault } = twoParts();
  const advance = vi.fn(store.advance);
  const outbox = createOutbox({
    store: () => ({ ...store, advance }),
    namespace: 'all',
    writeMs: 1_000,
    collapsed: () => {},
  });
  fault[0] = fault[1] = throwing;
  await errorOf(() => outbox.write(['a'], 'remove'));
  fault[0] = undefined;
  await errorOf(() => outbox.write(['a'], 'expire'));
  advance.mockClear();
  expect(await outbox.flush(0)).toBe(false); // part 1 is down still
  expect(advance.mock.calls.map(([, mode]) => mode)).toEqual(['remove']);
  expect(await outbox.flush(0)).toBe(true); // this one has removed it by now
  expect(await outbox.flush(1)).toBe(false);
  await outbox.close();
});

const outboxOn = (store: Store) =>
  createOutbox({ store: () => store, namespace: 'n:e:all', writeMs: 1_000, collapsed: () => {} });

test('two invalidations that failed in different parts are each written where they were not', async () => {
  const { store, fault, moved } = twoParts();
  const outbox = outboxOn(store);
  for (const [part, epoch] of ['n:e:a', 'n:e:b'].entries()) {
    fault[part] = throwing;
    await errorOf(() => outbox.write([epoch]));
    fault[part] = undefined;
  }
  expect([moved[0].has('n:e:a'), moved[1].has('n:e:b')]).toEqual([false, false]);
  expect(await outbox.flush()).toBe(true);
  expect([moved[0].has('n:e:a'), moved[1].has('n:e:b')]).toEqual([true, true]);
  await outbox.close();
});

test('when so many wait that they become one, that one is written in every part, also where the last of them was confirmed', async () => {
  const { store, fault, moved } = twoParts();
  const outbox = outboxOn(store);
  const names = (count: number, kind: string) => Array.from({ length: count }, (_, index) => `n:e:${kind}${index}`);
  fault[0] = throwing;
  await errorOf(() => outbox.write(names(700, 'a')));
  [fault[0], fault[1]] = [undefined, throwing];
  await errorOf(() => outbox.write(names(400, 'b')));
  fault[1] = undefined;
  expect(outbox.waiting()).toBe(1);
  expect(await outbox.flush()).toBe(true);
  expect(moved.map((some) => some.has('n:e:all'))).toEqual([true, true]);
  await outbox.close();
});

test('an error says how many parts confirmed nevertheless', async () => {
  const { store, fault } = twoParts();
  const outbox = outboxOn(store);
  fault[1] = throwing;
  expect((await errorOf(() => outbox.write(['n:e:a']))).message).toContain(
    'did not acknowledge the invalidation (1 of its parts did)',
  );
  fault[0] = throwing;
  expect((await errorOf(() => outbox.write(['n:e:b']))).message).toContain('did not acknowledge the invalidation.');
  await outbox.close();
});

describe('shards of a cluster', () => {
  const away = shardTags[3] as string;
  const storeWith = (fail: () => Promise<number>) => {
    const run = async (_: string, keys: readonly string[], __: readonly string[], route?: string) =>
      route === away ? fail() : keys.length;
    return shardedStore('redisStore', run, { send: async () => 1 }, 'channel');
  };

  test.each([
    ['fails', throwing],
    ['hangs', hanging],
  ])('have confirmed an invalidation when they have, and not when it is sent: one %s', async (_, fail) => {
    const confirmed = new Set<number>();
    Promise.resolve(storeWith(fail).advance(['n:e:a'], 'remove', confirmed)).catch(() => {});
    await vi.waitFor(() => expect(confirmed.size).toBeGreaterThanOrEqual(15));
    expect([...confirmed].sort((a, b) => a - b)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  });

  test('that did not confirm are named, with why, when the others have answered', async () => {
    const confirmed = new Set<number>();
    const cause = new Error('OOM');
    const advance = async () => storeWith(() => Promise.reject(cause)).advance(['n:e:a'], 'remove', confirmed);
    expect(await errorOf(advance)).toMatchObject({
      message: 'redisStore: 1 of 16 shards did not confirm (3): OOM',
      cause,
    });
    expect(confirmed.size).toBe(15);
  });
});

test('a tier with trust: a copy that was asked for just before its part moved on is not trusted when another part never does', async () => {
  const { store, fault } = twoParts();
  const [sent, moving] = [gate(), gate()];
  const advance: Store['advance'] = async (...asked) => {
    sent.open();
    await moving.isOpen;
    await store.advance(...asked);
  };
  const { cache, read, change } = appOn(tieredStore(memoryStore(), { ...store, advance }, { trust: '1h' }));
  for (const id of [0, 1]) await read(id);
  change();
  const refused = errorOf(() => cache.invalidate('row'));
  await sent.isOpen;
  expect(await read(0)).toBe('0 v1'); // it may: nothing has moved on, nothing was answered
  fault[1] = hanging;
  moving.open();
  expect((await refused).code).toBe('NOT_ACKNOWLEDGED');
  expect(await read(0)).toBe('0 v2');
  fault[1] = undefined;
  await cache.close();
});
