import { describe, expect, test, vi } from 'vitest';
import { memoryStore, type Store } from '../../src/index.ts';
import { deferred, errorOf } from '../support/app.ts';
import { faultyStore, throwing } from '../support/stores.ts';
import { all, openStream, pair } from '../support/streams.ts';

/** A refresh as a cron job does it: nobody reads what it gives. */
const open = (...args: Parameters<typeof openStream>) => {
  const opened = openStream(...args);
  const refresh = async (make: () => AsyncIterable<unknown>) =>
    (await opened.cache.refresh({ path: 'list' }, make)) as AsyncGenerator<any>;
  return { ...opened, refresh };
};

const failure = new Error('down');

describe('refresh of a collected stream', () => {
  test.each(['copy', 'frozen'] as const)(
    'reads it to its end and stores it, whether or not anybody reads what it gives (share: %s)',
    async (share) => {
      const { cache, call, runs, refresh, filled } = open(pair, { share });
      await all(await call());
      await refresh(() => pair({}, 9));
      expect(filled).toHaveLength(2);
      expect(await all((await cache.peek({ path: 'list' }))?.output as never)).toEqual(['9a', '9b']);
      expect(await all(await call())).toEqual(['9a', '9b']);
      expect(runs()).toBe(1);
    },
  );

  test('gives a replay with its own copies, types and return value', async () => {
    const { call, refresh } = open(pair);
    const mine = { at: new Date(0), tags: ['a'] };
    const stream = await refresh(async function* () {
      yield mine;
      return { total: 1 };
    });
    const { value } = await stream.next();
    expect(value).toStrictEqual(mine);
    value.tags.push('spoilt');
    expect([await stream.next(), await stream.next()]).toEqual([
      { done: true, value: { total: 1 } },
      { done: true, value: undefined },
    ]);
    expect(await all(await call())).toStrictEqual([{ at: new Date(0), tags: ['a'] }]);
  });

  test('rejects with what the stream throws: nothing is stored, and the old answer is gone', async () => {
    const { cache, call, refresh, skipped } = open(pair);
    await all(await call());
    const failing = async function* () {
      yield 1;
      throw failure;
    };
    expect(await errorOf(() => refresh(failing))).toBe(failure);
    expect(skipped).toEqual([{ path: 'list', reason: 'error', error: failure }]);
    expect(await cache.peek({ path: 'list' })).toBeUndefined();
    expect(await all(await call())).toEqual(['2a', '2b']);
  });

  test.each([
    ['too many items', { collect: { maxItems: 2 } }, (item: number) => item, 'size'],
    ['too many bytes', { collect: { maxBytes: 10 } }, (item: number) => item * 100, 'size'],
    ['an item that cannot be stored', {}, (item: number) => (item === 3 ? () => item : item), 'unstorable'],
  ])('with %s gives all of it, goes on only as it is read, and stores nothing', async (_, options, itemOf, reason) => {
    const { cache, refresh, skipped } = open(pair, options);
    const made: number[] = [];
    const closed = vi.fn();
    const stream = await refresh(async function* () {
      try {
        for (let item = 1; item <= 5; item++) {
          made.push(item);
          yield itemOf(item);
        }
        return 'the end';
      } finally {
        closed();
      }
    });
    expect(skipped).toMatchObject([{ path: 'list', reason }]);
    expect(await cache.peek({ path: 'list' })).toBeUndefined();
    expect([made.length, closed.mock.calls.length]).toEqual([3, 0]);
    for (let item = 1; item <= 5; item++) {
      const { done, value } = await stream.next();
      expect([done, typeof value === 'function' ? value() : value]).toEqual([
        false,
        reason === 'unstorable' ? item : itemOf(item),
      ]);
    }
    expect([await stream.next(), await stream.next()]).toEqual([
      { done: true, value: 'the end' },
      { done: true, value: undefined },
    ]);
    expect(closed).toHaveBeenCalledTimes(1);
  });

  test.each([0, 1, 3])('what is too long may be left after %d items: its procedure hears of it', async (read) => {
    const { refresh } = open(pair, { collect: { maxItems: 1 } });
    const closed = vi.fn();
    const stream = await refresh(async function* () {
      try {
        for (let item = 1; ; item++) yield item;
      } finally {
        closed();
      }
    });
    for (let item = 1; item <= read; item++) expect((await stream.next()).value).toBe(item);
    expect(await stream.return('bye')).toEqual({ done: true, value: 'bye' });
    expect(closed).toHaveBeenCalledTimes(1);
    expect((await stream.next()).done).toBe(true);
  });

  test('what is not stored for another reason is given whole all the same', async () => {
    const { refresh, skipped } = open(pair, { ttl: () => 'never' as never });
    expect(await all(await refresh(() => pair({}, 9)))).toEqual(['9a', '9b']);
    expect(skipped).toMatchObject([{ reason: 'ttl' }]);
    const { store, fault } = faultyStore();
    const down = open(pair, {}, { store, namespace: 'test' });
    fault('lookup', throwing);
    expect(await all(await down.refresh(() => pair({}, 9)))).toEqual(['9a', '9b']);
    const off = open(pair, {}, { enabled: false });
    expect(await all(await off.refresh(() => pair({}, 9)))).toEqual(['9a', '9b']);
    // Stored, and not to be read again.
    let isBroken = false;
    const deserialize = ([value]: unknown[]) => (isBroken ? throwing() : value);
    const unreadable = open(pair, {}, { transformer: { serialize: (value: unknown) => [value], deserialize } });
    const stream = await unreadable.refresh(async function* () {
      yield* pair({}, 9);
      isBroken = true;
    });
    expect([await all(stream), unreadable.filled.length]).toEqual([['9a', '9b'], 1]);
  });

  test('an answer that is no stream is stored as always, and a stream without collect passes through', async () => {
    const { cache, call } = open(pair);
    expect(await cache.refresh({ path: 'list' }, () => 7)).toBe(7);
    expect(await call()).toBe(7);
    const plain = openStream(pair, { collect: undefined as never });
    const source = pair({}, 1);
    expect(await plain.cache.refresh({ path: 'list' }, () => source)).toBe(source);
  });

  test('is waited for by nobody: callers at the same time run for themselves, in other processes too', async () => {
    const inner = memoryStore();
    const { store } = faultyStore({ inner });
    const leasing = { ...store, lease: inner.lease, release: inner.release } as Store;
    const settings = { store: leasing, namespace: 'test', coalesce: 'store' } as const;
    const [one, two] = [open(pair, {}, settings), open(pair, {}, settings)];
    const gate = deferred();
    const begun = deferred();
    const refreshing = one.refresh(async function* () {
      yield 'fresh';
      begun.resolve();
      await gate.promise;
    });
    await begun.promise;
    expect(await all(await one.call())).toEqual(['1a', '1b']);
    await one.cache.invalidate('list');
    expect(await all(await two.call())).toEqual(['1a', '1b']);
    gate.resolve();
    expect(await all(await refreshing)).toEqual(['fresh']);
  });

  test('an invalidation while it is read counts: its caller has it, and nothing is stored', async () => {
    const { cache, refresh, skipped } = open(pair);
    const stream = await refresh(async function* () {
      yield 1;
      await cache.invalidate('list');
      yield 2;
    });
    expect(await all(stream)).toEqual([1, 2]);
    expect(skipped).toEqual([{ path: 'list', reason: 'invalidated' }]);
    expect(await cache.peek({ path: 'list' })).toBeUndefined();
  });
});
