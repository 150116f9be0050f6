import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/entry.ts';
import { readEntry, writeEntry } from '../../src/frame.ts';
import { memoryStore, type Store } from '../../src/index.ts';
import { tieredStore } from '../../src/stores/tiered.ts';
import { cacheOf, deferred, errorOf, t } from '../support/app.ts';
import { faultyStore } from '../support/stores.ts';
import { all, openStream, pair } from '../support/streams.ts';

/** A store that keeps texts, as those of Redis do. */
const framed = (): Store => {
  const { store, fault, filled } = faultyStore();
  fault('fill', (fill) => {
    const entry = filled().at(-1) as unknown as Entry;
    const text = writeEntry(entry);
    for (const name of Object.keys(entry)) delete (entry as unknown as Record<string, unknown>)[name];
    Object.assign(entry, readEntry(text));
    return fill();
  });
  return store;
};

describe('a collected stream of a caller', () => {
  test('is stored when it has ended, and a hit replays its items, types and return value', async () => {
    const { call, runs, filled, hits } = openStream(async function* () {
      yield { at: new Date(0), seen: new Set([1n]) };
      yield undefined;
      return { total: 2 };
    });
    const read = async () => {
      const stream = await call();
      return [await stream.next(), await stream.next(), await stream.next(), await stream.next()];
    };
    const missed = await read();
    expect(missed).toStrictEqual([
      { done: false, value: { at: new Date(0), seen: new Set([1n]) } },
      { done: false, value: undefined },
      { done: true, value: { total: 2 } },
      { done: true, value: undefined },
    ]);
    expect(await read()).toStrictEqual(missed);
    expect([runs(), filled.length, hits.length]).toEqual([1, 1, 1]);
  });

  test('without the option it passes through, as it is', async () => {
    const source = pair({}, 1);
    const { call, skipped } = openStream(() => source, { collect: undefined as never });
    expect(Object.is(await call(), source)).toBe(true);
    expect(skipped).toMatchObject([{ reason: 'unstorable' }]);
  });

  test('another answer of the same query is stored as always, and so is a stream by defaults of the cache', async () => {
    const cache = cacheOf({ defaults: { ttl: '1m', collect: { maxItems: 2 } } });
    let runs = 0;
    const router = cache.register(
      t.router({
        plain: t.procedure.use(cache.cached()).query(() => ({ run: ++runs })),
        stream: t.procedure.use(cache.cached()).query(() => pair({}, ++runs)),
      }),
    );
    const caller = router.createCaller({});
    expect([await caller.plain(), await caller.plain()]).toEqual([{ run: 1 }, { run: 1 }]);
    expect([await all(await caller.stream()), await all(await caller.stream())]).toEqual([
      ['2a', '2b'],
      ['2a', '2b'],
    ]);
    // What a wrapped function returns is not collected, whatever the defaults say.
    const source = pair({}, 1);
    expect(Object.is(await cache.wrap('pair', () => source)(), source)).toBe(true);
  });

  test('nobody mutates what others are given, on the way or on a replay', async () => {
    for (const store of [memoryStore(), faultyStore().store]) {
      const { call } = openStream(
        async function* () {
          yield { tags: ['a'] };
          yield { tags: ['b'] };
        },
        {},
        { store, namespace: 'test' },
      );
      for (let times = 0; times < 3; times++) {
        const items = (await all(await call())) as { tags: string[] }[];
        expect(items).toEqual([{ tags: ['a'] }, { tags: ['b'] }]);
        for (const item of items) item.tags.push('spoilt');
      }
    }
  });

  test('two replays at once go on by themselves', async () => {
    const { call } = openStream(pair);
    await all(await call());
    const [one, other] = [await call(), await call()];
    expect((await one.next()).value).toBe('1a');
    expect(await all(other)).toEqual(['1a', '1b']);
    expect((await one.next()).value).toBe('1b');
  });

  test('with share frozen, its items are sealed on a miss as on a hit', async () => {
    const { call } = openStream(
      async function* () {
        yield { tags: ['a'] };
      },
      { share: 'frozen' },
    );
    for (let times = 0; times < 2; times++) {
      const [item] = (await all(await call())) as [{ tags: string[] }];
      expect([item, Object.isFrozen(item), Object.isFrozen(item.tags)]).toEqual([{ tags: ['a'] }, true, true]);
    }
  });

  test('callers at the same time each run for themselves, and none waits for the stream of another', async () => {
    const gate = deferred();
    const { call, runs } = openStream(async function* (_, run) {
      if (run === 1) await gate.promise;
      yield run;
    });
    const first = call().then(all);
    const others = Promise.all([call().then(all), call().then(all)]);
    expect((await others).flat().sort()).toEqual([2, 3]);
    gate.resolve();
    expect(await first).toEqual([1]);
    expect(runs()).toBe(3);
  });

  test.each([
    ['a remote store', () => framed()],
    ['a tier over a remote store', () => tieredStore(memoryStore(), framed())],
  ])('is written as a frame to %s, and read by another process', async (_, storeOf) => {
    const store = storeOf();
    const make = async function* (opts: unknown, run: number) {
      yield { at: new Date(run), lines: 'one\ntwo' };
      yield* pair(opts, run);
    };
    const [one, two] = [
      openStream(make, {}, { store, namespace: 'test' }),
      openStream(make, {}, { store, namespace: 'test' }),
    ];
    const items = await all(await one.call());
    expect(await all(await two.call())).toStrictEqual(items);
    expect([one.runs(), two.runs()]).toEqual([1, 0]);
    // A deploy that does not collect reads nothing of it.
    const old = openStream(() => 7, { collect: undefined as never }, { store, namespace: 'test' });
    expect(await old.call()).toBe(7);
  });

  test('waits at its end until a store of others has it', async () => {
    const { store, fault } = faultyStore();
    const [asked, stored] = [deferred(), deferred()];
    fault('fill', async (fill) => {
      asked.resolve();
      await stored.promise;
      return fill();
    });
    const { call } = openStream(pair, {}, { store, namespace: 'test', timeouts: { read: '10s' } });
    let isOver = false;
    const reading = call()
      .then(all)
      .finally(() => (isOver = true));
    await asked.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    stored.resolve();
    expect(await reading).toEqual(['1a', '1b']);
  });

  test('peek shows it as a stream, and refresh renews it', async () => {
    const { cache, call } = openStream(pair);
    await all(await call());
    const peeked = await cache.peek({ path: 'list' });
    expect(await all(peeked?.output as never)).toEqual(['1a', '1b']);
    expect(await all(await cache.refresh({ path: 'list' }, () => pair({}, 9)))).toEqual(['9a', '9b']);
    expect(await all(await call())).toEqual(['9a', '9b']);
  });
});

describe('a stream that is not kept', () => {
  const twice = async (
    { call }: ReturnType<typeof openStream>,
    read: (stream: AsyncGenerator<any>) => Promise<unknown>,
  ) => {
    for (let times = 0; times < 2; times++) await read(await call());
  };

  test('is one that its caller leaves', async () => {
    const opened = openStream(pair);
    await twice(opened, async (stream) => {
      for await (const _ of stream) break;
    });
    expect([opened.runs(), opened.skipped.map(({ reason }) => reason)]).toEqual([2, ['unfinished', 'unfinished']]);
  });

  test('is one that fails, after the items that came before', async () => {
    const failure = new Error('down');
    const opened = openStream(async function* () {
      yield 1;
      throw failure;
    });
    await twice(opened, async (stream) => {
      expect((await stream.next()).value).toBe(1);
      expect(await errorOf(() => stream.next())).toBe(failure);
    });
    expect(opened.runs()).toBe(2);
    expect(opened.skipped[0]).toEqual({ path: 'list', reason: 'error', error: failure });
  });

  test('is one that never ends: its caller gets item after item, and it is said once that it is too long', async () => {
    const opened = openStream(
      async function* () {
        for (let item = 1; ; item++) yield item;
      },
      { collect: { maxItems: 3 } },
    );
    await twice(opened, async (stream) => {
      for (let item = 1; item <= 100; item++) expect((await stream.next()).value).toBe(item);
      await stream.return(undefined);
    });
    expect([opened.runs(), opened.skipped.map(({ reason }) => reason)]).toEqual([2, ['size', 'size']]);
  });

  test('is one that has more bytes than collect allows, whatever maxBytes says of other answers', async () => {
    const long = async function* () {
      yield 'x'.repeat(100);
    };
    const small = openStream(long, { collect: { maxBytes: 50 } });
    await twice(small, all);
    const large = openStream(long, { maxBytes: 50, collect: { maxBytes: 500 } });
    await twice(large, all);
    const inherited = openStream(long, { maxBytes: 50 });
    await twice(inherited, all);
    expect([small.runs(), large.runs(), inherited.runs()]).toEqual([2, 1, 2]);
  });

  test('is one whose procedure stopped because its signal said so, though it looks finished', async () => {
    const { router, runs, skipped } = openStream(async function* ({ signal }) {
      yield 1;
      if (!signal.aborted) yield 2;
    });
    for (let times = 0; times < 2; times++) {
      const control = new AbortController();
      const stream = (await router.createCaller({}, { signal: control.signal }).list()) as AsyncGenerator;
      await stream.next();
      control.abort();
      expect((await stream.next()).done).toBe(true);
    }
    expect([runs(), skipped.map(({ reason }) => reason)]).toEqual([2, ['unfinished', 'unfinished']]);
  });

  test('is one that depends on what was invalidated while it was on its way', async () => {
    const gate = deferred();
    const { call, touch, runs, skipped } = openStream(async function* (_, run) {
      yield `${run}a`;
      if (run === 1) await gate.promise;
      yield `${run}b`;
    });
    const stream = await call();
    expect((await stream.next()).value).toBe('1a');
    await touch();
    gate.resolve();
    expect(await all(stream)).toEqual(['1b']);
    expect(await all(await call())).toEqual(['2a', '2b']);
    expect(await all(await call())).toEqual(['2a', '2b']);
    expect([runs(), skipped]).toEqual([2, [{ path: 'list', reason: 'invalidated' }]]);
  });

  test('is one that a store refuses or cannot take; its caller has it all the same', async () => {
    const faulty = faultyStore();
    faulty.fault('fill', () => {
      throw new Error('the store is down');
    });
    const opened = openStream(pair, {}, { store: faulty.store, namespace: 'test' });
    expect(await all(await opened.call())).toEqual(['1a', '1b']);
    expect(await all(await opened.call())).toEqual(['2a', '2b']);
  });
});

test.each([
  ['collect', true, 'an object'],
  ['collect', 1_000, 'an object'],
  ['collect', [], 'an object'],
  ['collect.maxItems', { maxItems: 0 }, 'a whole number above zero, received 0'],
  ['collect.maxItems', { maxItems: Number.POSITIVE_INFINITY }, 'a whole number above zero'],
  ['collect.maxBytes', { maxBytes: '1mb' }, 'received "1mb"'],
  ['collect', { maxItem: 1 }, 'unknown option "maxItem". Known options: maxItems, maxBytes'],
])('%s: %j is refused at definition', (option, collect, message) => {
  const define = () => cacheOf().cached({ ttl: '1m', collect: collect as never });
  expect(define).toThrow(`cached: ${option}: `);
  expect(define).toThrow(message);
});
