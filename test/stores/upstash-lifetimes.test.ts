import { beforeEach, describe, expect, test } from 'vitest';
import { epochNames, isBounded } from '../../src/epochs.ts';
import type { Store } from '../../src/index.ts';
import { redisAvailable } from '../support/redis.ts';
import { entryOf, lookUpAndFill, pairs } from './contract.ts';
import { useUpstash } from './upstash-harness.ts';

const minute = 60_000;
const day = 1_440 * minute;
const names = epochNames('shop', false);
const bounded = [names.namespace, names.guard, names.subtree('post'), names.procedure('q', 'post.byId')];
const others = [
  names.input('q', 'post.byId', '{"id":1}'),
  names.tag('author:7'),
  names.tag('x:e:all:y'),
  names.scope('user-7'),
  names.scopedProcedure('q', 'post.byId', 'user-7'),
  names.scopedInput('q', 'post.byId', null, ':e:q:'),
];
const epochs = [...bounded, ...others];

describe.skipIf(!redisAvailable)('how long things stay in Upstash', () => {
  const upstash = useUpstash();
  let store: Store;
  beforeEach(() => {
    store = upstash.store();
  });
  const left = async (key: string) => Number(await upstash.server.command('PTTL', key));
  const forEver = -1;

  const fill = async (key: string, keepMs: number) => {
    const { ids } = await store.lookup({ key, epochs, keepMs });
    return store.fill({ entry: entryOf(key, epochs, ids), unchanged: pairs(epochs, ids), keepMs });
  };

  test('an entry lives as long as its fill says, to the millisecond', async () => {
    await fill('entry', 90_123);
    expect(await left('entry')).toBeLessThanOrEqual(90_123);
    expect(await left('entry')).toBeGreaterThan(90_123 - minute / 2);
  });

  test('the epochs that the router bounds have no lifetime, however they came to be', async () => {
    await fill('entry', minute);
    for (const epoch of bounded) expect(await left(epoch)).toBe(forEver);
    await upstash.server.flush();
    await store.advance(epochs);
    for (const epoch of bounded) expect(await left(epoch)).toBe(forEver);
  });

  test('all other epochs have one that outlives every entry filled under them', async () => {
    await fill('entry', minute);
    const entry = await left('entry');
    for (const epoch of others) expect(await left(epoch)).toBeGreaterThan(entry);
    await fill('longer', day);
    for (const epoch of others) expect(await left(epoch)).toBeGreaterThan(await left('longer'));
  });

  test('a shorter fill shortens none of them', async () => {
    await fill('long', day);
    await fill('short', 1_000);
    for (const epoch of others) expect(await left(epoch)).toBeGreaterThan(await left('long'));
  });

  test('a lookup and an invalidation shorten none, and an epoch without lifetime gets none', async () => {
    await fill('long', day);
    await store.lookup({ key: 'short', epochs, keepMs: 1 });
    await store.advance(epochs);
    for (const epoch of others) expect(await left(epoch)).toBeGreaterThan(day - minute);
    await upstash.server.command('PERSIST', others[0] as string);
    await fill('again', minute);
    expect(await left(others[0] as string)).toBe(forEver);
  });

  test('an invalidation of what nobody holds leaves only keys that go away by themselves', async () => {
    await store.advance(others);
    for (const epoch of others) {
      expect(await left(epoch)).toBeGreaterThan(0);
      expect(await left(epoch)).toBeLessThanOrEqual(day);
    }
  });

  test('moving on does not write an id again only to lengthen its life', async () => {
    const { ids } = await lookUpAndFill(store, 'a', epochs);
    await fill('b', day);
    expect((await store.lookup({ epochs, keepMs: minute })).ids).toEqual(ids);
  });

  test('which epochs are bounded does not depend on what is in a tag, an input or a namespace', () => {
    expect(bounded.map(isBounded)).toEqual(bounded.map(() => true));
    expect(others.map(isBounded)).toEqual(others.map(() => false));
    const odd = epochNames('x:e:all', false);
    expect(isBounded(odd.tag('t'))).toBe(false);
    expect(isBounded(odd.namespace)).toBe(true);
  });
});
