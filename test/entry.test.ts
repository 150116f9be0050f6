import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultCodec } from '../src/codec.ts';
import { heldBytesOf, noteShape, outputOf, standingOf, tagOf, watch } from '../src/entry.ts';
import { readEntry, writeEntry } from '../src/frame.ts';
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

  const stranger = (text: string): Entry => ({ ...entry, body: { text } });

  test('an entry from elsewhere is decoded for its first reader, who may be the only one, and examined for the second', () => {
    let decoded = 0;
    const codec = {
      ...defaultCodec,
      decode: (body: Entry['body']) => {
        decoded += 1;
        return defaultCodec.decode(body);
      },
    };
    const one = stranger('{"json":{"a":[1]}}');
    const outputs = Array.from({ length: 5 }, () => outputOf(one, codec, 'copy'));
    expect(decoded).toBe(2);
    expect(new Set(outputs).size).toBe(5);
    for (const output of outputs) {
      expect(output).toEqual({ a: [1] });
      expect(Object.isFrozen(output)).toBe(false);
      (output as { a: number[] }).a.push(2);
    }
    expect(outputOf(one, codec, 'copy')).toEqual({ a: [1] });
  });

  test('an entry from elsewhere is frozen for all from its second reader on', () => {
    const one = stranger('{"json":{"a":[1]}}');
    const first = outputOf(one, defaultCodec, 'frozen');
    const second = outputOf(one, defaultCodec, 'frozen');
    expect(second).not.toBe(first);
    expect(Object.isFrozen(second)).toBe(true);
    expect(outputOf(one, defaultCodec, 'frozen')).toBe(second);
    expect(outputOf(one, defaultCodec, 'copy')).not.toBe(second);
  });

  test('whatever it holds, an entry from elsewhere comes back with its types every time, and nobody spoils it', () => {
    const shared = { id: 1 };
    const values: unknown[] = [
      { at: new Date(5), ids: new Set([1]), of: new Map([[1, { deep: [Number.NaN, -0, 1n] }]]), gone: undefined },
      { twice: [shared, shared] },
      { link: new URL('https://example.com/'), like: /a/g },
      undefined,
      [undefined, null],
      'text',
    ];
    for (const value of values) {
      const one = stranger(defaultCodec.encode(value).encoded.text);
      for (let read = 0; read < 4; read++) {
        const output = outputOf(one, defaultCodec, read === 3 ? 'frozen' : 'copy');
        const isIntact = watch(one, output, defaultCodec);
        expect(output).toEqual(value);
        expect(isIntact()).toBe(true);
        if (typeof output !== 'object' || output === null || Object.isFrozen(output)) continue;
        Object.assign(output, { more: 1 });
        expect(isIntact()).toBe(false);
      }
      if (value === values[1]) {
        const { twice } = outputOf(one, defaultCodec, 'copy') as { twice: unknown[] };
        expect(twice[0]).toBe(twice[1]);
      }
    }
  });

  test('an output of no shape that could be copied is decoded for every reader', () => {
    const odd = { ...defaultCodec, decode: () => ({ call: () => 1 }) };
    const one = stranger('{}');
    const outputs = Array.from({ length: 4 }, () => outputOf(one, odd, 'copy'));
    expect(new Set(outputs).size).toBe(4);
    for (const output of outputs) expect((output as { call: () => number }).call()).toBe(1);
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
    expect(heldBytesOf(encode('x'.repeat(10_000)))).toBeGreaterThan(20_000);
    expect(heldBytesOf({ ...entry, epochs: ['e'.repeat(5_000)] })).toBeGreaterThan(10_000);
    expect(
      heldBytesOf({ ...entry, body: { text: '' }, failure: { code: 'X', message: 'm'.repeat(5_000) } }),
    ).toBeGreaterThan(10_000);
  });

  test('its size counts the objects of its decoded and of its wire form, which are larger than their text', () => {
    // An object in a list takes 64 bytes in V8, also an empty one.
    expect(heldBytesOf(encode(Array.from({ length: 1_000 }, () => ({}))))).toBeGreaterThan(2 * 64 * 1_000);
    expect(heldBytesOf(encode('ż'.repeat(1_000)))).toBeGreaterThan(3 * 2 * 1_000);
  });
});
