import { describe, expect, test, vi } from 'vitest';
import { plainCodec, transformerCodec } from '../src/codec.ts';
import { type End, isStream, itemsOf, replay } from '../src/collect.ts';
import { readEntry, writeEntry } from '../src/frame.ts';
import { deferred, errorOf } from './support/app.ts';
import { codec, collecting, yielding } from './support/streams.ts';

/** All items, and what was returned. */
const all = async (stream: AsyncIterator<unknown>) => {
  const items: unknown[] = [];
  for (;;) {
    const { done, value } = await stream.next();
    if (done === true) return { items, returned: value };
    items.push(value);
  }
};

const textOf = (ended: { mock: { calls: [End][] } }): string => {
  expect(ended.mock.calls).toEqual([[{ text: expect.any(String) }]]);
  return ended.mock.calls.flatMap(([end]) => ('text' in end ? [end.text] : [])).join();
};

describe('a stream that ends', () => {
  test.each([
    ['superjson', codec],
    ['no transformer', plainCodec],
    ['a transformer of its own', transformerCodec({ serialize: (value) => value, deserialize: (value) => value })],
  ])('comes back with the same items and the same return value, with %s', async (_, own) => {
    const items = [1, 'two\nlines', '', null, { deep: [{ a: 1 }] }, undefined, [], 0, false];
    const source = async function* () {
      yield* items;
      return { total: items.length };
    };
    const { stream, ended } = collecting(source(), { codec: own });
    const first = await all(stream);
    expect(first).toEqual({ items, returned: { total: 9 } });
    expect(await all(replay(textOf(ended), own, 'copy'))).toEqual(first);
  });

  test.each([
    ['superjson', codec],
    ['no transformer', plainCodec],
  ])('keeps the types of its items, with %s', async (_, own) => {
    const items = [new Date(0), new Map([[1, new Set([2n])]]), Number.NaN, -0, { gone: undefined }, /a/g];
    const { stream, ended } = collecting(yielding(...items), { codec: own });
    await all(stream);
    expect((await all(replay(textOf(ended), own, 'copy'))).items).toStrictEqual(items);
  });

  test('may be empty, and an empty one is told from one that yields undefined', async () => {
    for (const items of [[], [undefined], [undefined, undefined]]) {
      const { stream, ended } = collecting(yielding(...items));
      await all(stream);
      expect(await all(replay(textOf(ended), codec, 'copy'))).toEqual({ items, returned: undefined });
    }
  });

  test('is kept as it was at each item, whatever the procedure or its caller does to it afterwards', async () => {
    const row = { at: 0 };
    const source = async function* () {
      for (row.at = 1; row.at <= 3; row.at++) yield row;
    };
    const { stream, ended } = collecting(source());
    const seen: number[] = [];
    for await (const item of stream) {
      seen.push((item as { at: number }).at);
      Object.assign(item as object, { spoilt: true });
      delete (item as Record<string, unknown>).spoilt;
    }
    expect(seen).toEqual([1, 2, 3]);
    expect((await all(replay(textOf(ended), codec, 'copy'))).items).toEqual([{ at: 1 }, { at: 2 }, { at: 3 }]);
  });

  test('gives every replay its own copies', async () => {
    const { stream, ended } = collecting(yielding({ tags: ['a'] }));
    await all(stream);
    const text = textOf(ended);
    for (let times = 0; times < 2; times++) {
      const [item] = (await all(replay(text, codec, 'copy'))).items as [{ tags: string[] }];
      expect(item).toEqual({ tags: ['a'] });
      item.tags.push('b');
    }
  });

  test('with share frozen, gives sealed items on the way and on a replay, and leaves those of the procedure alone', async () => {
    const mine = { tags: ['a'] };
    const { stream, ended } = collecting(yielding(mine), { share: 'frozen' });
    const [first] = (await all(stream)).items as [typeof mine];
    const [second] = (await all(replay(textOf(ended), codec, 'frozen'))).items as [typeof mine];
    expect([first, second]).toEqual([mine, mine]);
    expect([first, first.tags, second, second.tags, mine, mine.tags].map(Object.isFrozen)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  test('has its items in the order in which they were asked for, also by a caller who does not wait', async () => {
    const gates = [deferred<number>(), deferred<number>()];
    let asked = 0;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const gate = gates[asked++];
          return gate === undefined ? { done: true, value: undefined } : { done: false, value: await gate.promise };
        },
      }),
    };
    const { stream, ended } = collecting(source as AsyncIterable<unknown>);
    const pulled = [stream.next(), stream.next(), stream.next()];
    gates[1]?.resolve(2);
    gates[0]?.resolve(1);
    expect((await Promise.all(pulled)).map(({ value }) => value)).toEqual([1, 2, undefined]);
    expect(itemsOf(textOf(ended), codec, 'copy')).toEqual([1, 2, undefined]);
  });

  test('waits at its end for what is done with it, and at no item before', async () => {
    const stored = deferred();
    const { stream } = collecting(yielding(1), { ended: () => stored.promise });
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    let isOver = false;
    const last = stream.next().then(() => (isOver = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    stored.resolve();
    expect(await last).toBe(true);
  });
});

describe('a stream on its way', () => {
  test('is pulled only as its caller pulls, and not before', async () => {
    let made = 0;
    const source = async function* () {
      for (; made < 10; ) yield ++made;
    };
    const { stream } = collecting(source());
    expect(made).toBe(0);
    for (let item = 1; item <= 3; item++) {
      expect(await stream.next()).toEqual({ done: false, value: item });
      expect(made).toBe(item);
    }
  });

  test('hands an item on while the next one is still being made', async () => {
    const gate = deferred();
    const source = async function* () {
      yield 'first';
      await gate.promise;
      yield 'second';
    };
    const { stream, ended } = collecting(source());
    expect((await stream.next()).value).toBe('first');
    expect(ended).not.toHaveBeenCalled();
    gate.resolve();
    expect((await stream.next()).value).toBe('second');
  });

  test('is not kept when its caller breaks off, and its source hears of it', async () => {
    let isClosed = false;
    const source = async function* () {
      try {
        yield 1;
        yield 2;
      } finally {
        isClosed = true;
      }
    };
    const { stream, ended } = collecting(source());
    for await (const item of stream) if (item === 1) break;
    expect(isClosed).toBe(true);
    expect(ended.mock.calls).toEqual([[{ skip: 'unfinished' }]]);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(ended).toHaveBeenCalledTimes(1);
  });

  test('is left at once by a caller who goes while an item is still being made', async () => {
    const returned = vi.fn(async () => ({ done: true, value: undefined }));
    const hanging = { next: () => new Promise<never>(() => {}), return: returned };
    const { stream, ended } = collecting({ [Symbol.asyncIterator]: () => hanging } as never);
    void stream.next();
    await new Promise((resolve) => setImmediate(resolve));
    await stream.return(undefined);
    expect(returned).toHaveBeenCalledTimes(1);
    expect(ended.mock.calls).toEqual([[{ skip: 'unfinished' }]]);
  });

  test('is not kept when its caller throws into it, and a source that knows neither return nor throw is no trouble', async () => {
    const bare = () => ({ [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }) }) });
    const thrown = collecting(bare() as never);
    const failure = new Error('enough');
    expect(await errorOf(() => thrown.stream.throw(failure))).toBe(failure);
    expect(thrown.ended.mock.calls).toEqual([[{ skip: 'unfinished' }]]);
    const left = collecting(bare() as never);
    expect(await left.stream.return('bye')).toEqual({ done: true, value: 'bye' });
  });

  test('throws what its source throws, after the items before it, and is not kept', async () => {
    const failure = new Error('the database is down');
    const source = async function* () {
      yield 1;
      throw failure;
    };
    const { stream, ended } = collecting(source());
    expect((await stream.next()).value).toBe(1);
    expect(await errorOf(() => stream.next())).toBe(failure);
    expect(ended.mock.calls).toEqual([[{ skip: 'error', error: failure }]]);
  });

  test('an item that cannot be stored is handed on as it is, with all that follow, and nothing is kept', async () => {
    const odd = { run: () => 1 };
    const { stream, ended } = collecting(yielding(1, odd, 3));
    const { items } = await all(stream);
    expect([items, Object.is(items[1], odd)]).toEqual([[1, odd, 3], true]);
    expect(ended.mock.calls).toMatchObject([[{ skip: 'unstorable', error: expect.any(Error) }]]);
  });
});

test('a stream is what can be iterated asynchronously', () => {
  expect([yielding(), new ReadableStream(), [], null, 'text', undefined, {}, Promise.resolve()].map(isStream)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
    false,
    false,
  ]);
});

test('an entry of a stream cannot be read by a version of this library that knows of none', () => {
  const base = { key: 'k', epochs: [], ids: [], storedAt: 1, freshUntil: 2, body: { text: ' 1\n 2\n' } };
  const frame = writeEntry({ ...base, stream: true });
  expect(readEntry(frame)).toEqual({ ...base, stream: true });
  // Older ones ask `l` how long the body is.
  expect(JSON.parse(frame.slice(1, frame.indexOf('\n')))).not.toHaveProperty('l');
  expect(readEntry(frame.slice(0, -1))).toBeUndefined();
  expect(readEntry(writeEntry(base))).toEqual(base);
});

test('a text that is not one of a stream cannot be replayed', () => {
  expect(() => replay(' {"json":1}\n broken', codec, 'copy')).toThrow(SyntaxError);
});
