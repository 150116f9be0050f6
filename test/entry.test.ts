import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultCodec } from '../src/codec.ts';
import { bytesOf, noteShape, outputOf, readEntry, standingOf, tagOf, writeEntry } from '../src/entry.ts';
import type { Entry } from '../src/index.ts';

const entry: Entry = {
  key: 'k',
  epochs: ['a', 'b'],
  ids: ['1', '2'],
  storedAt: 1_000,
  freshUntil: 2_000,
  body: { text: '{"json":1}' },
};
const claim = { key: 'k', required: ['a'], now: 1_500 };

describe('whether an entry may answer', () => {
  test('it may when it is what was asked for, its epochs are unchanged, and it is fresh', () => {
    expect(standingOf(entry, ['1', '2'], claim)).toBe('fresh');
    expect(standingOf(entry, ['1', '2'], { ...claim, required: [] })).toBe('fresh');
    expect(standingOf(entry, ['1', '2'], { ...claim, now: 1_000 })).toBe('fresh');
    expect(standingOf(entry, ['1', '2'], { ...claim, now: 1_999 })).toBe('fresh');
  });

  test.each<[string, Partial<Entry>, (string | undefined)[], Partial<typeof claim>]>([
    ['the key is another', { key: 'K' }, ['1', '2'], {}],
    ['an epoch moved on', {}, ['1', '3'], {}],
    ['an epoch is gone', {}, ['1', undefined], {}],
    ['the epochs are not known', {}, [], {}],
    ['an epoch that the asker depends on is not its own', {}, ['1', '2'], { required: ['a', 'c'] }],
    ['it has fewer ids than epochs', { ids: ['1'] }, ['1'], {}],
    ['it is no longer fresh', {}, ['1', '2'], { now: 2_000 }],
    ['it comes from the future', {}, ['1', '2'], { now: 999 }],
    ['it is stored before it is fresh for no time at all', { freshUntil: 1_000 }, ['1', '2'], { now: 1_000 }],
  ])('it may not when %s', (_, changes, own, asked) => {
    expect(standingOf({ ...entry, ...changes }, own, { ...claim, ...asked })).not.toBe('fresh');
  });
});

describe('the frame of an entry', () => {
  const texts = fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 });
  const body = fc.oneof(
    fc.jsonValue().map((value) => ({ text: JSON.stringify(value) })),
    fc.tuple(fc.jsonValue(), fc.jsonValue()).map(([a, b]) => ({ text: JSON.stringify(a), plain: JSON.stringify(b) })),
    fc.constant({ text: '', plain: '' }),
  );

  test('an entry is read as it was written', () => {
    const any = fc.record(
      {
        key: fc.string({ unit: 'binary' }),
        epochs: texts,
        ids: texts,
        storedAt: fc.nat(),
        freshUntil: fc.nat(),
        body,
        failure: fc.record({ code: fc.string(), message: fc.string() }),
        tag: fc.string(),
      },
      { requiredKeys: ['key', 'epochs', 'ids', 'storedAt', 'freshUntil', 'body'] },
    );
    fc.assert(
      fc.property(any, (one) => {
        expect(readEntry(writeEntry(one as Entry))).toEqual(one);
      }),
    );
  });

  test('it never looks like JSON, which a client may parse', () => {
    fc.assert(
      fc.property(body, (text) => {
        expect(() => JSON.parse(writeEntry({ ...entry, body: text }))).toThrow();
      }),
    );
  });

  test('anything else is no entry, and nothing throws', () => {
    const frame = writeEntry(entry);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fc.string().map((text) => `~${text}\n`),
        ),
        (value) => {
          expect(readEntry(value)).toBeUndefined();
        },
      ),
    );
    for (let length = 0; length < frame.indexOf('\n'); length++) {
      expect(readEntry(frame.slice(0, length))).toBeUndefined();
    }
    for (const field of ['k', 'e', 'i', 's', 'f', 'l']) {
      expect(readEntry(frame.replace(`"${field}":`, `"other":`))).toBeUndefined();
    }
  });

  test('a body that was cut, emptied or added to is no body', () => {
    fc.assert(
      fc.property(body, fc.nat(), fc.string({ unit: 'binary', minLength: 1 }), (whole, at, more) => {
        const frame = writeEntry({ ...entry, body: whole });
        const end = frame.indexOf('\n') + 1;
        const cut = end + (at % Math.max(frame.length - end, 1));
        if (cut < frame.length) expect(readEntry(frame.slice(0, cut))).toBeUndefined();
        expect(readEntry(frame + more)).toBeUndefined();
        if ('plain' in whole) expect(readEntry(frame.replace('"p":', '"other":'))).toBeUndefined();
      }),
    );
    const two = writeEntry({ ...entry, body: { text: '"abc"', plain: '"d"' } });
    expect(readEntry(two.replace('"abc"\n"d"', '"ab"\n"cd"'))).toBeUndefined();
    expect(readEntry(two.replace('"abc"\n"d"', '"abc" "d"'))).toBeUndefined();
    expect(readEntry(two.replace('"l":5', '"l":"5"'))).toBeUndefined();
  });

  test('the fields of a frame never become the prototype of anything', () => {
    const frame = writeEntry(entry).replace('{', '{"__proto__":{"failure":{"code":"a","message":"b"}},');
    expect(readEntry(frame)).toEqual(entry);
  });
});

describe('the output of an entry', () => {
  const encode = (value: unknown): Entry => {
    const { encoded, shape } = defaultCodec.encode(value);
    const made = { ...entry, body: encoded };
    noteShape(made, shape);
    return made;
  };

  test('an entry from elsewhere, of unknown shape, is decoded for every caller', () => {
    const stranger = { ...entry, body: { text: '{"json":{"a":[1]}}' } };
    const first = outputOf(stranger, defaultCodec, 'frozen');
    expect(first).toEqual({ a: [1] });
    expect(outputOf(stranger, defaultCodec, 'frozen')).not.toBe(first);
  });

  test('a frozen one is the same object for all, a copied one never is', () => {
    const made = encode({ a: [1] });
    expect(outputOf(made, defaultCodec, 'frozen')).toBe(outputOf(made, defaultCodec, 'frozen'));
    expect(outputOf(made, defaultCodec, 'copy')).not.toBe(outputOf(made, defaultCodec, 'copy'));
    expect(Object.isFrozen(outputOf(made, defaultCodec, 'copy'))).toBe(false);
  });

  test('its tag is that of its content: equal outputs, whoever made them, have equal tags', async () => {
    expect(await tagOf(encode({ a: 1 }))).toBe(await tagOf({ ...encode({ a: 1 }), key: 'another', storedAt: 7 }));
    expect(await tagOf(encode({ a: 1 }))).not.toBe(await tagOf(encode({ a: 2 })));
    const large = 'x'.repeat(20_000);
    expect(await tagOf(encode(large))).toBe(await tagOf(encode(large)));
  });

  test('its size counts what it holds', () => {
    expect(bytesOf(encode('x'.repeat(10_000)))).toBeGreaterThan(20_000);
    expect(bytesOf({ ...entry, epochs: ['e'.repeat(5_000)] })).toBeGreaterThan(10_000);
    expect(
      bytesOf({ ...entry, body: { text: '' }, failure: { code: 'X', message: 'm'.repeat(5_000) } }),
    ).toBeGreaterThan(10_000);
  });

  test('its size counts the objects of its decoded and of its wire form, which are larger than their text', () => {
    // An object in a list takes 64 bytes in V8, also an empty one.
    expect(bytesOf(encode(Array.from({ length: 1_000 }, () => ({}))))).toBeGreaterThan(2 * 64 * 1_000);
    expect(bytesOf(encode('ż'.repeat(1_000)))).toBeGreaterThan(3 * 2 * 1_000);
  });
});
