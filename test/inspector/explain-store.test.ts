import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Cache, memoryStore } from '../../src/index.ts';
import { type KeyvClient, kvStore } from '../../src/stores/kv.ts';
import { type Context, cacheOf } from '../support/app.ts';
import { faultyStore, hanging, throwing } from '../support/stores.ts';
import { appOf } from './explain-app.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date', 'setTimeout', 'clearTimeout', 'performance'] });
  return () => vi.useRealTimers();
});

describe('an explanation', () => {
  it('says that the store lost an epoch', async () => {
    const { cache, as } = appOf({ store: memoryStore({ maxEpochs: 11 }) });
    await as({}).byId({ id: 1 });
    await as({}).byId({ id: 2 });
    const told = await cache.explain('post.byId', { id: 1 });
    expect(told).toMatchObject({ outcome: 'miss', reason: 'evicted' });
    expect(told.why).toMatch(
      /^What says that the entry is still valid is gone from the store: .+\. It counts as invalidated\.$/,
    );
  });

  it('of a store that takes away what is invalidated says that it was, or that the store lost it', async () => {
    const values = new Map<string, string>();
    const keyv: KeyvClient = {
      get: async (key) => values.get(key),
      getMany: async (keys) => keys.map((key) => values.get(key)),
      set: async (key, value) => values.set(key, value).has(key),
      delete: async (key) => values.delete(key),
      on: () => {},
    };
    const { cache, as } = appOf({ store: kvStore(keyv, { reads: 'latest' }), namespace: 'n' });
    await as({}).byId({ id: 1 });
    expect(await cache.explain('post.byId', { id: 1 })).toMatchObject({ outcome: 'hit' });
    vi.advanceTimersByTime(3_000);
    await cache.invalidate('post.*');
    const told = await cache.explain('post.byId', { id: 1 });
    expect(told).toMatchObject({
      outcome: 'miss',
      reason: 'invalidated',
      why: 'Invalidated since it was stored 3 s ago, unless the store lost what says that it is still valid: post.*.',
    });
    expect(told.epochs).toContainEqual({ target: 'post.*', state: 'missing' });
  });

  it('of a store that is down, or hangs, is a bypass that says so, in time', async () => {
    const { store, fault } = faultyStore();
    const { cache, as } = appOf({ store, namespace: 'n' });
    fault('lookup', throwing);
    expect(await cache.explain('post.list')).toMatchObject({
      outcome: 'bypass',
      reason: 'store',
      why: 'The store failed (Error): the procedure runs.',
      key: expect.any(String),
    });
    fault('lookup', hanging);
    const late = cache.explain('post.list');
    await vi.advanceTimersByTimeAsync(250);
    expect((await late).why).toBe('The store did not answer within 250 ms: the procedure runs.');
    fault('lookup', throwing);
    for (let call = 0; call < 5; call++) await as({}).list();
    const asked = store.lookup.mock.calls.length;
    expect((await cache.explain('post.list')).why).toMatch(/^The store failed again and again/);
    expect(store.lookup).toHaveBeenCalledTimes(asked);
    expect(cache.status()).toMatchObject({ breaker: { state: 'open', parts: [] } });
    // Its time is over: looking does not use the one call that may try.
    vi.advanceTimersByTime(1_000);
    fault('lookup');
    expect(cache.status()).toMatchObject({ breaker: { state: 'half-open' } });
    expect(await cache.explain('post.list')).toMatchObject({ outcome: 'miss' });
    expect(cache.status()).toMatchObject({ breaker: { state: 'half-open' } });
    await as({}).list();
    expect(cache.status()).toMatchObject({ breaker: { state: 'closed' } });
  });

  it('waits for nobody where invalidations wait for the store', async () => {
    const { store, fault } = faultyStore();
    const { cache } = appOf({ store, namespace: 'n' });
    fault('advance', throwing);
    await cache.invalidate('post.list').catch(() => {});
    expect(cache.status()).toMatchObject({ waiting: 1 });
    expect((await cache.explain('post.list')).why).toMatch(/^1 invalidations are not written yet/);
    fault('advance');
    await cache.close();
  });

  it('is no use of the entry: what was used least is evicted all the same', async () => {
    const { cache, as } = appOf({ store: memoryStore({ maxEntries: 2, maxEpochs: 30 }) });
    await as({}).byId({ id: 1 });
    await as({}).byId({ id: 2 });
    expect(await cache.explain('post.byId', { id: 1 })).toMatchObject({ outcome: 'hit' });
    await as({}).byId({ id: 3 });
    expect(await cache.explain('post.byId', { id: 1 })).toMatchObject({ reason: 'absent' });
    expect(await cache.explain('post.byId', { id: 2 })).toMatchObject({ outcome: 'hit' });
    // Nor is it a use of what the entry depends on: looking on and on keeps no epoch.
    const lost = async (looks: boolean) => {
      const { cache, as } = appOf({ store: memoryStore({ maxEpochs: 13 }) });
      await as({}).byId({ id: 1 });
      for (let id = 2; id < 5; id++) {
        if (looks) await cache.explain('post.byId', { id: 1 });
        await as({}).byId({ id });
      }
      return (await cache.explain('post.byId', { id: 1 })).epochs;
    };
    expect(await lost(true)).toEqual(await lost(false));
  });

  it('shows what is over as absent, though the store still has it', async () => {
    const { cache, as } = appOf();
    await as({}).list();
    vi.advanceTimersByTime(60_001);
    expect(await cache.explain('post.list')).toMatchObject({ outcome: 'miss', reason: 'absent' });
  });
});

describe('the status', () => {
  it('says what is registered and how the store is, without asking it', async () => {
    const { store } = faultyStore();
    const { cache } = appOf({ store, namespace: 'n' });
    const status = cache.status();
    expect(status).toMatchObject({
      namespace: 'n',
      store: 'faulty',
      lists: false,
      breaker: { state: 'closed', parts: [] },
      waiting: 0,
      complete: true,
    });
    expect(status.procedures).toContainEqual({ path: 'post.byId', type: 'query', cached: true, public: true });
    expect(status.procedures).toContainEqual({ path: 'post.draft', type: 'query', cached: true, public: false });
    expect(status.procedures).toContainEqual({ path: 'post.rename', type: 'mutation', cached: false, public: false });
    expect(store.lookup).not.toHaveBeenCalled();
    const opened = vi.fn(() => store);
    const lazy: Cache<Context> = cacheOf({ store: opened, namespace: 'n' });
    expect(lazy.status()).toMatchObject({ store: undefined, lists: false });
    expect(opened).not.toHaveBeenCalled();
  });
});
