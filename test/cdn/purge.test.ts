import { initTRPC } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CacheEvents, createCache, memoryStore, type Purge, type Store } from '../../src/index.ts';
import type { Context } from '../support/http-router.ts';
import { createCdnShop } from './shop.ts';

const ctx: Context = { user: null, language: 'en', res: undefined, resHeaders: undefined };
const message = 'the CDN is away';

/** A CDN that keeps book of what it is asked; `fails` of the next purges are refused, `hangs` of them never answered. */
function createCdn() {
  const cdn = {
    purged: [] as string[][],
    modes: [] as string[],
    contexts: [] as unknown[],
    fails: 0,
    hangs: 0,
    asked: 0,
  };
  const purge: Purge = async (tags, { mode, ctx: given }) => {
    cdn.asked += 1;
    if (cdn.hangs > 0) {
      cdn.hangs -= 1;
      await new Promise(() => {});
    }
    if (cdn.fails > 0) {
      cdn.fails -= 1;
      throw new Error(message);
    }
    cdn.purged.push([...tags]);
    cdn.modes.push(mode);
    cdn.contexts.push(given);
  };
  return { cdn, purge };
}

/** A store that stands by a memory, and refuses to move epochs on while `down`. */
function createFailing() {
  const state = { down: false, advanced: 0 };
  const memory = memoryStore();
  const store: Store = {
    ...memory,
    supports: { local: false },
    advance: async (...given) => {
      if (state.down) throw new Error('the store is away');
      state.advanced += 1;
      await memory.advance(...given);
    },
  };
  return { store, state };
}

function open(options: Parameters<typeof createCdnShop>[0] = {}) {
  const made = createCdn();
  const shop = createCdnShop({ namespace: 'shop', purge: made.purge, ...options });
  const errors: CacheEvents['error'][] = [];
  shop.cache.on('error', (event) => errors.push(event));
  shop.cache.register(shop.router);
  return { ...shop, ...made, errors, caller: shop.router.createCaller(ctx) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('purge', () => {
  it('gets the tags of exactly the epochs that a mutation moved on, and its context, before the mutation answers', async () => {
    const { caller, cdn } = open();
    await caller.post.update({ id: 7 });
    expect(cdn.purged).toEqual([['post.learned', 'post:7']]);
    expect(cdn.contexts).toEqual([ctx]);
    expect(cdn.modes).toEqual(['remove']);
  });

  it('is called by invalidate, refresh and clear as well', async () => {
    const { cache, cdn } = open();
    await cache.invalidate({ tag: 'author:1' }, 'post.*', { path: 'post.byId', input: { id: 1 } }, { mode: 'expire' });
    expect(cdn.purged).toEqual([['author:1', 'post.*', expect.stringMatching(/^post\.byId#/)]]);
    expect(cdn.modes).toEqual(['expire']);
    await cache.refresh({ path: 'post.byId', input: { id: 1 } }, () => ({ id: 1, stock: 9 }));
    expect(cdn.purged[1]).toEqual([expect.stringMatching(/^post\.byId#/)]);
    await cache.clear();
    expect(cdn.purged[2]).toEqual(['namespace:shop']);
    expect(cdn.contexts).toEqual([undefined, undefined, undefined]);
    await cache.invalidate({ path: 'post.*', scope: 'user-7' }); // everybody shares these: it means the path
    expect(cdn.purged[3]).toEqual(['post.*']);
  });

  it('is not called for what no CDN can have: private scopes and plain functions', async () => {
    const { cache, cdn } = open();
    const top = cache.wrap('top', () => 1, { ttl: '1m' });
    await top();
    await top.invalidate();
    await cache.invalidate({ scope: 'user-7' }, { path: 'priv', scope: 'user-7' });
    expect(cdn.asked).toBe(0);
  });

  it('comes after the store acknowledged, so that a CDN that asks at once is given new data', async () => {
    const order: string[] = [];
    const { store } = createFailing();
    const { caller } = open({
      store: {
        ...store,
        advance: async (...given) => {
          await Promise.resolve();
          await store.advance(...given);
          order.push('store');
        },
      },
      purge: () => void order.push('cdn'),
    });
    await caller.post.update({ id: 1 });
    expect(order).toEqual(['store', 'cdn']);
  });

  it('is not called while the store refuses, and is once it has taken the invalidation after all', async () => {
    const { store, state } = createFailing();
    const { caller, cdn } = open({ store });
    state.down = true;
    await caller.post.update({ id: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(cdn.asked).toBe(0);
    state.down = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state.advanced).toBe(1);
    expect(cdn.purged).toEqual([['post.learned', 'post:1']]);
  });

  it('is told whichever cache on the store gets the invalidation written', async () => {
    const { store, state } = createFailing();
    const { caller, cdn, cache } = open({ store });
    const other = createCache({ store, namespace: 'shop', scope: 'public' });
    state.down = true;
    await caller.post.update({ id: 1 });
    await cache.close(); // it tries no more
    state.down = false;
    await other.wrap('asks', () => 1, { ttl: '1m' })();
    await vi.advanceTimersByTimeAsync(0);
    expect(cdn.purged).toEqual([['post.learned', 'post:1']]);
  });

  it('is told to every cache that waits for the same invalidation', async () => {
    const { store, state } = createFailing();
    const [one, other] = [open({ store }), open({ store })];
    state.down = true;
    for (const { caller } of [one, other]) await caller.post.update({ id: 1 });
    state.down = false;
    await vi.advanceTimersByTimeAsync(20_000);
    for (const { cdn } of [one, other]) expect(cdn.purged).toEqual([['post.learned', 'post:1']]);
  });

  it('that fails does not fail the mutation: an event tells, and it is tried again', async () => {
    const { caller, cdn, errors } = open();
    cdn.fails = 2;
    await caller.post.update({ id: 1 });
    expect(errors).toEqual([{ operation: 'purge', error: new Error(message) }]);
    expect(cdn.purged).toEqual([]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(cdn.purged).toEqual([['post.learned', 'post:1']]);
    expect(cdn.asked).toBe(3);
    expect(cdn.contexts).toEqual([ctx]);
  });

  it('is given up after five more attempts, and the last event says so', async () => {
    const { caller, cdn, errors } = open();
    cdn.fails = Number.POSITIVE_INFINITY;
    await caller.post.update({ id: 1 });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(cdn.asked).toBe(6);
    expect(errors).toHaveLength(6);
    expect(String(errors.at(-1)?.error)).toMatch(/the purge of 2 tags was given up/);
  });

  it('that hangs holds the mutation for timeouts.write and no longer', async () => {
    const { caller, cdn, errors } = open({ timeouts: { write: '2s' } });
    cdn.hangs = 1;
    let answered = false;
    const answer = caller.post.update({ id: 1 }).then(() => {
      answered = true;
    });
    await vi.advanceTimersByTimeAsync(1_900);
    expect(answered).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    await answer;
    expect(String(errors[0]?.error)).toBe('Error: the purge was not confirmed within 2000 ms');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(cdn.purged).toHaveLength(1);
  });

  it('that is confirmed after its time is not done again', async () => {
    let confirm = () => {};
    const purge = vi.fn(
      () =>
        new Promise<void>((resolve) => {
          confirm = resolve;
        }),
    );
    const { caller } = open({ purge });
    const answer = caller.post.update({ id: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    await answer;
    confirm();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(purge).toHaveBeenCalledTimes(1);
  });

  it.each([
    [
      'throws at once',
      () => {
        throw new Error(message);
      },
    ],
    ['rejects with nothing', () => Promise.reject()],
  ])('that %s is a failure like any other', async (_how, fail) => {
    const { caller, errors } = open({ purge: fail as Purge });
    await caller.post.update({ id: 1 });
    expect(errors[0]?.operation).toBe('purge');
  });

  it('keeps its retries alive by waitUntil', async () => {
    const kept: Promise<unknown>[] = [];
    const { caller, cdn } = open({ waitUntil: (work) => void kept.push(work) });
    cdn.fails = 1;
    await caller.post.update({ id: 1 });
    expect(kept).toHaveLength(1);
    const purgedThen = Promise.all(kept).then(() => cdn.purged.length);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await purgedThen).toBe(1);
  });

  it('that fails rejects cache.invalidate, which is told by the store and by the CDN alike', async () => {
    const { cache, cdn } = open();
    cdn.fails = 1;
    await expect(cache.invalidate('post.*')).rejects.toMatchObject({
      code: 'NOT_ACKNOWLEDGED',
      message: expect.stringMatching(/^The CDN did not confirm the purge/),
    });
  });

  it('waits as the namespace when too many tags wait, which purges everything', async () => {
    const { cache, cdn } = open();
    const widened = vi.fn();
    cache.on('widen', widened);
    cdn.fails = 3;
    for (const part of [0, 1, 2])
      await cache
        .invalidate({ tag: 'first' }, ...Array.from({ length: 500 }, (_, index) => ({ tag: `${part}-${index}` })))
        .catch(() => {});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(widened).toHaveBeenCalledWith(
      expect.objectContaining({ to: '*', reason: 'too many purges wait for the CDN' }),
    );
    expect(cdn.purged.flat()).toContain('namespace:shop');
  });

  it('is tried once more by close', async () => {
    const { caller, cdn, cache } = open();
    cdn.fails = 1;
    await caller.post.update({ id: 1 });
    await cache.close();
    expect(cdn.purged).toEqual([['post.learned', 'post:1']]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(cdn.asked).toBe(2);
  });

  it('that is no function is refused at definition', () => {
    expect(() => createCache({ scope: 'public', purge: 'cloudflare' as never })).toThrow(
      'createCache: purge: expected a function, received "cloudflare".',
    );
  });
});

describe('with purge', () => {
  it("onFailure: 'throw' fails the mutation that the CDN did not confirm; again purges again", async () => {
    const t = initTRPC.context<Context>().create();
    const { cdn, purge } = createCdn();
    const cache = createCache<Context>({ scope: 'public', purge });
    const router = t.router({
      post: t.procedure.use(cache.cached('1m')).query(() => 1),
      strict: t.procedure.use(cache.invalidates('post', { onFailure: 'throw' })).mutation(() => 'done'),
      twice: t.procedure.use(cache.invalidates('post', { again: '5s', mode: 'expire' })).mutation(() => 'done'),
    });
    cache.register(router);
    const caller = router.createCaller(ctx);
    cdn.fails = 1;
    await expect(caller.strict()).rejects.toMatchObject({ cause: { code: 'NOT_ACKNOWLEDGED' } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(cdn.purged).toEqual([['post']]);
    await caller.twice();
    expect(cdn.purged).toEqual([['post'], ['post']]);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(cdn.purged).toEqual([['post'], ['post'], ['post']]);
    expect(cdn.modes).toEqual(['remove', 'expire', 'expire']);
  });
});
