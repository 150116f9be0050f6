import { TRPCError } from '@trpc/server';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { memoryStore } from '../../src/index.ts';
import { ann, cacheOf, counter, deferred, errorOf, listen, t } from '../support/app.ts';
import { faultyStore, hanging } from '../support/stores.ts';

const openQuery = (resolve: (opts: any) => any, options: Parameters<typeof cacheOf>[0] = {}) => {
  const cache = cacheOf(options);
  const run = vi.fn(resolve);
  const router = cache.register(t.router({ one: t.procedure.use(cache.cached(60)).query(run) }));
  return { cache, run, call: (ctx = {}): Promise<any> => router.createCaller(ctx).one() };
};

describe('defects not to repeat', () => {
  test('D1: a hundred misses at once are one run; its error reaches all and is not stored', async () => {
    const gate = deferred<string>();
    const { call, run } = openQuery(() => gate.promise);
    const calls = Promise.all(Array.from({ length: 100 }, () => call()));
    gate.resolve('x');
    expect(new Set(await calls)).toEqual(new Set(['x']));
    expect(run).toHaveBeenCalledTimes(1);

    const broken = openQuery(async () => {
      throw new TRPCError({ code: 'CONFLICT' });
    });
    const errors = await Promise.all(Array.from({ length: 100 }, () => errorOf(() => broken.call())));
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['CONFLICT']));
    expect(broken.run).toHaveBeenCalledTimes(1);
    await errorOf(() => broken.call());
    expect(broken.run).toHaveBeenCalledTimes(2);
  });

  test('D7: what is stored holds no header, no cookie and nothing of the context', async () => {
    const { store, filled } = faultyStore();
    const { call } = openQuery(() => 'answer', { store, namespace: 'test' });
    await call({ headers: { authorization: 'Bearer s3cret', cookie: 'session=s3cret' }, user: { id: 's3cret' } });
    expect(filled()).toHaveLength(1);
    expect(JSON.stringify(filled())).toContain('answer');
    expect(JSON.stringify(filled())).not.toContain('s3cret');
  });

  test('D11: of eight entries one is invalidated and seven are left', async () => {
    const { cached, register, invalidate } = cacheOf();
    const router = register(t.router({ byId: t.procedure.input(z.number()).use(cached(60)).query(counter()) }));
    const { byId } = router.createCaller({});
    const runs = async () => {
      const all: number[] = [];
      for (let id = 0; id < 8; id++) all.push(await byId(id));
      return all;
    };
    expect(await runs()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    await invalidate({ path: 'byId', input: 3 });
    expect(await runs()).toEqual([1, 2, 3, 9, 5, 6, 7, 8]);
  });

  test('D13: post.* is no regular expression: it matches neither postXa nor postman.list', async () => {
    const { cached, register, invalidate } = cacheOf();
    const query = () => t.procedure.use(cached(60)).query(counter());
    const caller = register(
      t.router({ post: { a: query() }, postXa: query(), postman: { list: query() } }),
    ).createCaller({});
    const runs = async () => [await caller.post.a(), await caller.postXa(), await caller.postman.list()];
    expect(await runs()).toEqual([1, 1, 1]);
    await invalidate('post.*');
    expect(await runs()).toEqual([2, 1, 1]);
  });

  test('D15: an invalidation of ten thousand entries is one write of one epoch and reads nothing', async () => {
    const { store } = faultyStore({ remote: false });
    const { cached, register, invalidate } = cacheOf({ store });
    const router = register(
      t.router({
        byId: t.procedure
          .input(z.number())
          .use(cached(60))
          .query(({ input }) => input),
      }),
    );
    const { byId } = router.createCaller({});
    for (let id = 0; id < 10_000; id++) await byId(id);
    store.lookup.mockClear();
    await invalidate('byId');
    expect(store.advance.mock.calls.map(([epochs]) => epochs)).toEqual([[expect.stringContaining('byId')]]);
    expect(store.lookup).not.toHaveBeenCalled();
  });

  test('D17: close releases nothing of others: entries of another cache in the store survive', async () => {
    const store = memoryStore();
    const [mine, other] = [openQuery(counter(), { store }), openQuery(counter(), { store, namespace: 'other' })];
    expect([await mine.call(), await other.call()]).toEqual([1, 1]);
    await mine.cache.close();
    expect([await mine.call(), await other.call()]).toEqual([1, 1]);
  });

  test('D18: a store that hangs costs a query its time budget, and the query answers', async () => {
    const { store, fault } = faultyStore();
    const { call } = openQuery(counter(), { store, namespace: 'test', timeouts: { read: '20ms' } });
    fault('lookup', hanging);
    fault('fill', hanging);
    expect([await call(), await call()]).toEqual([1, 2]);
  });

  test('D19: an entry that cannot be read is answered by a run and replaced; an output that cannot be stored is returned', async () => {
    const { store, fault, filled } = faultyStore();
    const app = openQuery(counter(), { store, namespace: 'test' });
    const errors = listen(app.cache, 'error');
    expect(await app.call()).toBe(1);
    fault('lookup', (answer) => ({ ...answer(), entry: { ...answer().entry, body: { text: '{"json":' } } }));
    expect(await app.call()).toBe(2);
    expect(errors).toEqual([{ operation: 'lookup', error: expect.any(Error) }]);
    fault('lookup');
    expect([await app.call(), filled().length]).toEqual([2, 2]);

    const unstorable = openQuery(() => ({ at: () => 1 }));
    const skipped = listen(unstorable.cache, 'skip');
    expect(await unstorable.call()).toEqual({ at: expect.any(Function) });
    expect(skipped).toEqual([{ path: 'one', reason: 'unstorable', error: expect.any(Error) }]);
  });

  test.each([
    ['that of superjson', { json: { at: '1970-01-01T00:00:00.000Z' }, meta: { values: { at: ['Date'] } } }],
    ['a type tag', { _spec_type: 'datetime', val: 'x' }],
    ['another type tag', { $type: 'Map', value: [] }],
    ['an own __proto__', JSON.parse('{"__proto__":{"admin":true}}')],
  ])('D20: data that looks like a form of the codec comes back as it was: %s', async (_, value) => {
    const { call, run } = openQuery(() => value, { store: faultyStore().store, namespace: 'test' });
    const [miss, hit] = [await call(), await call()];
    expect(miss).toEqual(value);
    expect(Object.keys(hit)).toEqual(Object.keys(value));
    expect(hit).toEqual(value);
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
    expect(run.mock.calls.length).toBeLessThanOrEqual(2); // stored whole, or not at all
  });

  test('D32: a new database object in every context changes nothing about the key', async () => {
    const { call, run } = openQuery(counter());
    const context = () => ({ ...ann, db: { id: Symbol('connection'), query() {} } });
    expect([await call(context()), await call(context())]).toEqual([1, 1]);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['a KeyError of its own', Object.assign(new Error('missing'), { name: 'KeyError' })],
    ['a TypeError', new TypeError('undefined is not a function')],
    ['an error that looks like one of the cache', Object.assign(new Error('x'), { code: 'NOT_ACKNOWLEDGED' })],
  ])('D35: a resolver that throws runs once, and its error is itself: %s', async (_, error) => {
    const { call, run } = openQuery(() => {
      throw error;
    });
    expect((await errorOf(() => call())).cause).toBe(error);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('D43: bytes come back whole, or are not stored', async () => {
    const bytes = () => new Uint8Array([0, 128, 255, 10]);
    const { call } = openQuery(bytes, { store: faultyStore().store, namespace: 'test' });
    expect([await call(), await call()]).toEqual([bytes(), bytes()]);
  });

  test('D44: a stream that never ends is passed through, item by item, and nothing is stored', async () => {
    const { cache, call, run } = openQuery(async function* () {
      for (let item = 1; ; item++) yield item;
    });
    const skipped = listen(cache, 'skip');
    for (let times = 0; times < 2; times++) {
      const items: number[] = [];
      for await (const item of await call()) if (items.push(item) === 3) break;
      expect(items).toEqual([1, 2, 3]);
    }
    expect(run).toHaveBeenCalledTimes(2);
    expect(skipped.map(({ reason }) => reason)).toEqual(['unstorable', 'unstorable']);
  });

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['0', 0],
    ['an empty text', ''],
    ['false', false],
    ['NaN', Number.NaN],
  ])('D46: %s is an answer like any other', async (_, value) => {
    for (const store of [memoryStore(), faultyStore().store]) {
      const { call, run } = openQuery(() => value, { store, namespace: 'test' });
      expect([await call(), await call()]).toEqual([value, value]);
      expect(run).toHaveBeenCalledTimes(1);
    }
  });
});
