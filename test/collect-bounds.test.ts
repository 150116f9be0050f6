import { describe, expect, test, vi } from 'vitest';
import { plainCodec } from '../src/codec.ts';
import { type CollectParts, drain, itemsOf } from '../src/collect.ts';
import { deferred } from './support/app.ts';
import { all, codec, collecting, endless, yielding } from './support/streams.ts';

describe('bounds', () => {
  test.each([
    ['maxItems', { maxItems: 3, maxBytes: 1_000_000 }, 3],
    ['maxBytes', { maxItems: 1_000, maxBytes: 7 }, 2],
  ])('of %s: more than that is not kept, and goes on without end', async (_, bounds, most) => {
    const { stream, ended } = collecting(endless(), { bounds, codec: plainCodec });
    for (let item = 1; item <= 50; item++) {
      expect(await stream.next()).toEqual({ done: false, value: item });
      expect(ended.mock.calls).toEqual(item <= most ? [] : [[{ skip: 'size' }]]);
    }
  });

  test('exactly as much as allowed is kept', async () => {
    const { stream, ended } = collecting(yielding(1, 2, 3), {
      codec: plainCodec,
      bounds: { maxItems: 3, maxBytes: 9 },
    });
    await all(stream);
    expect(ended.mock.calls).toEqual([[{ text: ' 1\n 2\n 3\n' }]]);
    const shorter = collecting(yielding(1, 2, 3), {
      codec: plainCodec,
      bounds: { maxItems: 3, maxBytes: 8 },
    });
    await all(shorter.stream);
    expect(shorter.ended.mock.calls).toEqual([[{ skip: 'size' }]]);
  });

  test('bytes are bytes, not characters', async () => {
    const { stream, ended } = collecting(yielding('ü'.repeat(10)), { bounds: { maxItems: 9, maxBytes: 25 } });
    await all(stream);
    expect(ended.mock.calls).toEqual([[{ skip: 'size' }]]);
  });

  test('once they are passed nothing is encoded or counted any more', async () => {
    const encode = vi.fn(codec.encode);
    const pull = vi.fn((next: () => Promise<unknown>) => next()) as unknown as CollectParts['pull'];
    const bounds = { maxItems: 2, maxBytes: 1_000 };
    const { stream } = collecting(endless(), { codec: { ...codec, encode }, bounds, pull });
    for (let item = 1; item <= 50; item++) await stream.next();
    expect(encode).toHaveBeenCalledTimes(3);
    expect(pull).toHaveBeenCalledTimes(3);
  });
});

describe('a stream without a caller', () => {
  const parts = { codec, share: 'copy', pull: (next: () => Promise<any>) => next() } as const;
  const bounds = { maxItems: 3, maxBytes: 1_000 };

  test('is read to its end', async () => {
    const end = await drain(yielding(1, 2), { ...parts, bounds }, undefined);
    expect(itemsOf((end as { text: string }).text, codec, 'copy')).toEqual([1, 2, undefined]);
  });

  test('is closed as soon as it is not worth keeping', async () => {
    const closed = deferred();
    let made = 0;
    const source = async function* () {
      try {
        for (;;) yield ++made;
      } finally {
        closed.resolve();
      }
    };
    expect(await drain(source(), { ...parts, bounds }, new AbortController().signal)).toEqual({ skip: 'size' });
    await closed.promise;
    expect(made).toBe(4);
  });

  test('is left when the signal says so, also one that hangs, and at once when it has said so before', async () => {
    const control = new AbortController();
    const began = deferred();
    const source = async function* () {
      began.resolve();
      yield await new Promise(() => {});
    };
    const end = drain(source(), { ...parts, bounds }, control.signal);
    await began.promise;
    control.abort();
    expect(await end).toEqual({ skip: 'unfinished' });
    expect(await drain(source(), { ...parts, bounds }, control.signal)).toEqual({ skip: 'unfinished' });
  });

  test('that fails says why', async () => {
    const failure = new Error('no');
    const source = async function* () {
      yield 1;
      throw failure;
    };
    expect(await drain(source(), { ...parts, bounds }, undefined)).toEqual({ skip: 'error', error: failure });
  });
});
