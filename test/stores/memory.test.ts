import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CacheError, memoryStore } from '../../src/index.ts';
import { describeStore, entryOf, lookUpAndFill, pairs } from './contract.ts';
import { describeOutage } from './outage.ts';

describeStore('memory', memoryStore);
describeOutage('memory', memoryStore);

describe('the memory store', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const minute = 60_000;
  const epoch = 'memory:e:all';
  const has = async (store: ReturnType<typeof memoryStore>, key: string) =>
    (await store.lookup({ key, epochs: [epoch], keepMs: minute })).entry !== undefined;
  const fillAll = async (store: ReturnType<typeof memoryStore>, keys: readonly string[], text?: string) => {
    const answers = [];
    for (const key of keys) answers.push((await lookUpAndFill(store, key, [epoch], text)).answer);
    return answers;
  };
  const heldOf = async (store: ReturnType<typeof memoryStore>, keys: readonly string[]) => {
    const held = [];
    for (const key of keys) if (await has(store, key)) held.push(key);
    return held;
  };

  test('it holds so many entries, and lets go of the one that was used longest ago', async () => {
    const store = memoryStore({ maxEntries: 2 });
    await fillAll(store, ['a', 'b']);
    await has(store, 'a');
    await fillAll(store, ['c']);
    expect(await heldOf(store, ['a', 'b', 'c'])).toEqual(['a', 'c']);
  });

  test('a bound is no reservation: what holds a trillion entries is as small as what holds two, until it is filled', async () => {
    const store = memoryStore({ maxEntries: 2 ** 40, maxEpochs: 2 ** 40 });
    await fillAll(store, ['a']);
    expect(await heldOf(store, ['a'])).toEqual(['a']);
  });

  test('it holds so many bytes, counted generously, and says so of an entry that is too large for it', async () => {
    const store = memoryStore({ maxBytes: 20_000 });
    const keys = ['a', 'b', 'c', 'd'];
    expect(await fillAll(store, keys, 'x'.repeat(2_000))).toEqual(['stored', 'stored', 'stored', 'stored']);
    expect(await heldOf(store, keys)).toEqual(['c', 'd']);
    expect(await fillAll(store, ['large'], 'x'.repeat(20_000))).toEqual(['size']);
    expect(await heldOf(store, ['c', 'd', 'large'])).toEqual(['c', 'd']);
  });

  test('what is short as a text and large as objects counts as large', async () => {
    const store = memoryStore({ maxBytes: 1_048_576 });
    const keys = Array.from({ length: 50 }, (_, id) => `objects ${id}`);
    await fillAll(store, keys, `[${'{},'.repeat(999)}{}]`);
    // Each takes 64 bytes for every object, decoded once for callers and once for the wire.
    const held = await heldOf(store, keys);
    expect(held.length).toBeLessThanOrEqual(Math.floor(1_048_576 / (2 * 64 * 1_000)));
    expect(held).toContain('objects 49');
  });

  test('an answer that is too large takes the place of the older one, which is not served in its stead', async () => {
    const store = memoryStore({ maxBytes: 20_000 });
    await fillAll(store, ['a']);
    await fillAll(store, ['a'], 'x'.repeat(20_000));
    expect(await has(store, 'a')).toBe(false);
  });

  test('it counts epochs apart from entries, and an epoch it lets go of makes misses', async () => {
    const store = memoryStore({ maxEpochs: 2 });
    const { entry, ids } = await lookUpAndFill(store, 'a', [epoch]);
    await store.lookup({ epochs: ['memory:e:x', 'memory:e:y'], keepMs: minute });
    const found = await store.lookup({ key: 'a', epochs: [epoch], keepMs: minute });
    expect(found.entry).toEqual(entry);
    expect(found.ids).not.toEqual(ids);
    expect(found.own).not.toEqual(ids);
  });

  test('a call with more epochs than the store can hold stores nothing', async () => {
    const store = memoryStore({ maxEpochs: 2 });
    const { answer } = await lookUpAndFill(store, 'a', ['memory:e:x', 'memory:e:y', 'memory:e:z']);
    expect(answer).toBe('invalidated');
  });

  test('an entry is gone when its time in the store is up', async () => {
    const store = memoryStore();
    await fillAll(store, ['a']);
    vi.advanceTimersByTime(minute - 1);
    expect(await has(store, 'a')).toBe(true);
    vi.advanceTimersByTime(1);
    expect(await has(store, 'a')).toBe(false);
  });

  test('what has expired is swept by later fills, and makes room before anything that is fresh', async () => {
    const store = memoryStore({ maxEntries: 3 });
    await lookUpAndFill(store, 'oldest', [epoch], '1', 10 * minute);
    await fillAll(store, ['expired', 'also expired']);
    vi.advanceTimersByTime(2 * minute);
    await fillAll(store, ['new']);
    expect(await heldOf(store, ['oldest', 'expired', 'also expired', 'new'])).toEqual(['oldest', 'new']);
  });

  test('a wall clock that jumps back or forth keeps no entry longer than its time in the store', async () => {
    const store = memoryStore();
    vi.setSystemTime(1_000_000_000_000);
    await fillAll(store, ['a']);
    vi.setSystemTime(1_000_000_000_000 + 10 * minute);
    expect(await has(store, 'a')).toBe(false);
  });

  test('it starts no timer', async () => {
    const store = memoryStore();
    await fillAll(store, ['a']);
    store.advance([epoch]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('making one draws no random and reads no clock', () => {
    const now = vi.spyOn(Date, 'now');
    const random = vi.spyOn(crypto, 'getRandomValues');
    memoryStore();
    expect(now).not.toHaveBeenCalled();
    expect(random).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  test('two stores never give the same id', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await memoryStore().lookup({ epochs: [epoch], keepMs: 1 })).ids[0]),
    );
    expect(new Set(ids).size).toBe(20);
  });

  test('several caches may share one store: what one fills, the other finds', async () => {
    const store = memoryStore();
    const { ids } = await store.lookup({ epochs: [epoch], keepMs: minute });
    await store.fill({ entry: entryOf('a', [epoch], ids), unchanged: pairs([epoch], ids), keepMs: minute });
    expect(await has(store, 'a')).toBe(true);
  });

  test.each([
    ['maxEntries', 0],
    ['maxBytes', -1],
    ['maxEpochs', 1.5],
    ['maxBytes', Number.NaN],
    ['maxEntries', '10'],
  ])('it refuses %s: %s, by the name of the option', (option, value) => {
    expect(() => memoryStore({ [option]: value })).toThrow(CacheError);
    expect(() => memoryStore({ [option]: value })).toThrow(
      `memoryStore: ${option}: expected a whole number above zero`,
    );
  });

  test('it refuses an option that nobody reads', () => {
    expect(() => memoryStore({ maxSize: 1 } as never)).toThrow('memoryStore: unknown option "maxSize"');
  });
});
