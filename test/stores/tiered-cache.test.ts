import { initTRPC } from '@trpc/server';
import superjson from 'superjson';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryStore, type Store, tieredStore } from '../../src/index.ts';
import { cacheOf, deferred, errorOf, listen, t } from '../support/app.ts';
import { createRemote, type Remote, settled, stopClocks } from './tiered-world.ts';

/** A process: a cache of its own on a tier of its own, with a query that reads another one. */
const processOn = (remote: Remote, row: { value: number }, trust: 0 | '1s' | '1m', join?: '1s') => {
  const { store, link } = remote.connect();
  const cache = cacheOf({
    store: tieredStore(memoryStore(), store, { trust }),
    namespace: 'tiers',
    timeouts: { read: '1h', write: '1h', ...(join && { join }) },
  });
  const gate = { before: async () => {} };
  const inner = vi.fn(() => ({ value: row.value, list: [row.value] }));
  const router = cache.register(
    t.router({
      inner: t.procedure.use(cache.cached('1h')).query(inner),
      outer: t.procedure.use(cache.cached('1h')).query(async (): Promise<{ of: unknown }> => {
        await gate.before();
        return { of: await caller.inner() };
      }),
      write: t.procedure.use(cache.invalidates('inner')).mutation(() => ({ value: ++row.value })),
    }),
  );
  const caller = router.createCaller({});
  return { cache, caller, inner, gate, link, skips: listen(cache, 'skip') };
};

describe('caches of two processes, each with a tier over one remote store', () => {
  let remote: Remote;
  let row: { value: number };
  const both = (trust: 0 | '1s' | '1m', join?: '1s') =>
    [processOn(remote, row, trust, join), processOn(remote, row, trust, join)] as const;
  beforeEach(() => {
    stopClocks();
    remote = createRemote();
    row = { value: 1 };
  });
  afterEach(() => void vi.useRealTimers());
  const output = (value: number) => ({ value, list: [value] });
  const lookups = () => remote.asked.filter(({ operation }) => operation === 'lookup');

  test('what one fills the other serves, and from then on no answer is sent over again', async () => {
    const [a, b] = both(0);
    await a.caller.inner();
    for (let read = 0; read < 5; read++) {
      for (const { caller } of [a, b]) expect(await caller.inner()).toEqual(output(1));
    }
    expect(b.inner).not.toHaveBeenCalled();
    expect(lookups().filter(({ payload }) => payload)).toHaveLength(1);
    expect(lookups()).toHaveLength(11);
  });

  test('without trust an invalidation in one is seen by the next read in the other', async () => {
    const [a, b] = both(0);
    for (let round = 1; round <= 3; round++) {
      for (const { caller } of [a, b]) expect(await caller.inner()).toEqual(output(round));
      await (round % 2 === 0 ? a : b).caller.write();
    }
  });

  test('with trust it is seen by the next read in its own process, and in the other when the time is up or a message comes', async () => {
    const [a, b] = both('1s');
    for (let round = 0; round < 2; round++) for (const { caller } of [a, b]) await caller.inner();
    const before = lookups().length;
    for (const { caller } of [a, b]) expect(await caller.inner()).toEqual(output(1));
    expect(lookups().length).toBe(before);
    await a.caller.write();
    expect(await a.caller.inner()).toEqual(output(2));
    expect(await b.caller.inner()).toEqual(output(1));
    vi.advanceTimersByTime(1_000);
    expect(await b.caller.inner()).toEqual(output(2));
    expect(await b.caller.inner()).toEqual(output(2));
    await a.caller.write();
    remote.messages.forEach((names) => {
      remote.tell(({ moved }) => moved(names));
    });
    expect(await b.caller.inner()).toEqual(output(3));
  });

  test('what a caller does to its output changes nothing for the next one, and nobody else gets its objects', async () => {
    const [a, b] = both('1s');
    await a.caller.inner();
    const seen = new Set<unknown>();
    for (let read = 0; read < 4; read++) {
      const given = (await b.caller.inner()) as { value: number; list: number[] };
      expect(given).toEqual(output(1));
      expect(seen.has(given) || seen.has(given.list)).toBe(false);
      seen.add(given).add(given.list);
      given.value = -1;
      given.list.push(-1);
    }
  });

  /** The other process trusts a copy of the inner query that was invalidated a moment ago. */
  const withStaleTrust = async (trust: '1s' | '1m' = '1s', join?: '1s') => {
    const [a, b] = both(trust, join);
    for (let round = 0; round < 2; round++) for (const { caller } of [a, b]) await caller.inner();
    await a.caller.write();
    expect(await b.caller.inner()).toEqual(output(1));
    return { a, b };
  };

  test('a read inside the fill of another query asks the remote: what is only trusted is never stored in what lives longer', async () => {
    const { a, b } = await withStaleTrust();
    expect(await b.caller.outer()).toEqual({ of: output(2) });
    vi.advanceTimersByTime(2_000);
    for (const { caller } of [a, b]) expect(await caller.outer()).toEqual({ of: output(2) });
  });

  test('so does one in a fill that took so long that those who waited for it went on alone', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] });
    const { b } = await withStaleTrust('1m', '1s');
    const open = deferred();
    b.gate.before = () => open.promise;
    const outer = b.caller.outer();
    await settled();
    b.gate.before = () => Promise.reject(new Error('no luck'));
    const waiter = errorOf(() => b.caller.outer());
    await settled();
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await waiter).message).toBe('no luck'); // the flight is given up, while its run goes on
    open.resolve();
    expect(await outer).toEqual({ of: output(2) });
  });

  test('a fill under way when the other process invalidates is refused, and its copy is kept nowhere', async () => {
    const [a, b] = both('1s');
    const open = deferred();
    a.gate.before = () => open.promise;
    const outer = a.caller.outer();
    await settled();
    await b.cache.invalidate('outer');
    open.resolve();
    expect(await outer).toEqual({ of: output(1) });
    expect(a.skips).toEqual([{ path: 'outer', reason: 'invalidated' }]);
    row.value = 2;
    await b.cache.invalidate('inner');
    expect(await a.caller.outer()).toEqual({ of: output(2) });
  });

  test('clear() in one empties the copies of the other', async () => {
    const [a, b] = both(0);
    for (const { caller } of [a, b]) await caller.inner();
    row.value = 2;
    await a.cache.clear();
    for (const { caller } of [a, b]) expect(await caller.inner()).toEqual(output(2));
  });

  test('caches with namespaces of their own may share one tier', async () => {
    const store: Store = tieredStore(memoryStore(), remote.connect().store, { trust: '1s' });
    const query = (namespace: string, run: () => string) => {
      const cache = cacheOf({ store, namespace });
      const router = cache.register(t.router({ one: t.procedure.use(cache.cached('1h')).query(run) }));
      return { cache, caller: router.createCaller({}) };
    };
    const runs = { shop: 0, blog: 0 };
    const shop = query('shop', () => `shop ${++runs.shop}`);
    const blog = query('blog', () => `blog ${++runs.blog}`);
    for (let read = 0; read < 3; read++) {
      expect(await shop.caller.one()).toBe('shop 1');
      expect(await blog.caller.one()).toBe('blog 1');
    }
    await shop.cache.clear();
    expect([await shop.caller.one(), await blog.caller.one()]).toEqual(['shop 2', 'blog 1']);
  });

  test('an answer in part is not trusted: the call goes alone, and the next one asks again', async () => {
    const { store } = remote.connect();
    let isSpoilt = false;
    const lookup: Store['lookup'] = async (request) => {
      const answer = await store.lookup(request);
      return isSpoilt ? { ...answer, ids: answer.ids.map(() => null as never) } : answer;
    };
    const cache = cacheOf({
      store: tieredStore(memoryStore(), { ...store, lookup }, { trust: '1s' }),
      namespace: 'part',
    });
    const run = vi.fn(() => 'answer');
    const { one } = cache.register(t.router({ one: t.procedure.use(cache.cached('1h')).query(run) })).createCaller({});
    for (let read = 0; read < 3; read++) await one();
    expect(run).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1_000);
    isSpoilt = true;
    await one();
    isSpoilt = false;
    for (let read = 0; read < 3; read++) await one();
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('what comes from another process is decoded for the first two reads, and copied from then on', async () => {
    let decoded = 0;
    const deserialize = (value: never) => {
      decoded += 1;
      return superjson.deserialize(value);
    };
    const typed = initTRPC.create({ transformer: { serialize: superjson.serialize, deserialize } });
    const process = (run: () => unknown) => {
      const cache = cacheOf({ store: tieredStore(memoryStore(), remote.connect().store), namespace: 'tiers' });
      return cache.register(typed.router({ one: typed.procedure.use(cache.cached('1h')).query(run) })).createCaller({});
    };
    const [plain, rich] = [{ at: new Date(0), ids: new Set([1]) }, { link: new URL('https://example.com/') }];
    for (const [output, most] of [[plain, 2] as const, [rich, 10] as const]) {
      remote.entries.clear();
      await process(() => output).one();
      const other = process(() => 'ran');
      decoded = 0;
      for (let read = 0; read < 10; read++) expect(await other.one()).toEqual(output);
      expect(decoded).toBe(most);
    }
  });

  test('a remote that answers with garbage breaks no query', async () => {
    const { store } = remote.connect();
    const answers: unknown[] = [undefined, null, 'OK', {}, { ids: 'i1' }];
    const whole = { ids: Array.from({ length: 6 }, () => '1'), own: [] };
    for (const entry of ['text', {}, null, { key: 'k' }]) answers.push({ ...whole, entry });
    const tier = tieredStore(memoryStore(), { ...store, lookup: () => answers.shift() as never }, { trust: '1s' });
    const cache = cacheOf({ store: tier, namespace: 'garbage' });
    const router = cache.register(t.router({ one: t.procedure.use(cache.cached('1h')).query(() => 'answer') }));
    while (answers.length > 0) expect(await router.createCaller({}).one()).toBe('answer');
  });

  test('what a copy answers says nothing of the store: the breaker opens all the same', async () => {
    const inner = memoryStore();
    let down = false;
    const store: Store = {
      ...inner,
      supports: { local: false },
      lookup: async (request) => {
        if (down) throw new Error('the store is down');
        return inner.lookup(request);
      },
    };
    const cache = cacheOf({ store: tieredStore(memoryStore(), store, { trust: '1h' }), namespace: 'tiers' });
    const states = listen(cache, 'breaker');
    const wrapped = cache.wrap('wrapped', (n: number) => n, { ttl: '1h' });
    for (let read = 0; read < 3; read++) await wrapped(0);
    down = true;
    for (let n = 1; n <= 5; n++) {
      vi.advanceTimersByTime(1);
      await wrapped(0); // from the copy
      await wrapped(n); // a miss, which must ask
    }
    expect(states).toEqual([{ state: 'open' }]);
  });
});
