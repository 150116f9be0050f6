import fc from 'fast-check';
import superjson from 'superjson';
import { describe, expect, test, vi } from 'vitest';
import { type Codec, defaultCodec, plainCodec, transformerCodec } from '../src/codec.ts';
import { type Entry, sumOf } from '../src/entry.ts';
import { readEntry, writeEntry } from '../src/frame.ts';
import { Lent, lend } from '../src/lent.ts';
import { isOutline, outlineOf } from '../src/outline.ts';

const codecs = [
  ['superjson', defaultCodec],
  ['no transformer', plainCodec],
] as const;

function entryOf(output: unknown, codec: Codec): Entry {
  const base = { key: 'k', epochs: [], ids: [], storedAt: 0, freshUntil: 1 };
  const { encoded, outline } = codec.encode(output);
  const made = { ...base, body: encoded, ...(outline && { outline }) };
  return readEntry(writeEntry({ ...made, sum: sumOf(made) })) as Entry; // as another process reads it
}

const leaf = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined), fc.date());
const name = fc.oneof(fc.constantFrom('then', 'toJSON', 'length', 'rows', 'subscribe'), fc.string());
const { output } = fc.letrec<{ output: unknown; inner: unknown }>((tie) => ({
  inner: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('inner'), { maxLength: 4 }),
    fc.dictionary(name, tie('inner'), { maxKeys: 4 }),
  ),
  output: fc.oneof(fc.array(tie('inner'), { maxLength: 4 }), fc.dictionary(name, tie('inner'), { maxKeys: 4 })),
}));
const storable = (codec: Codec) =>
  output.filter((one) => {
    try {
      return codec.encode(one).outline !== undefined;
    } catch {
      return false;
    }
  });

describe.each(codecs)('an output that is handed on without being decoded (%s)', (_, codec) => {
  test('is, for whoever looks, what was stored', () => {
    fc.assert(
      fc.property(storable(codec), (one) => {
        const look = () => (lend(entryOf(one, codec), codec) as Lent).value;
        const stored = codec.decode(codec.encode(one).encoded);
        expect(look()).toStrictEqual(stored);
        expect(JSON.stringify(look())).toBe(JSON.stringify(stored));
        expect(codec.encode(look()).encoded).toEqual(codec.encode(stored).encoded);
        expect(Reflect.ownKeys(look() as object)).toEqual(Reflect.ownKeys(stored as object));
        expect(Object.entries(look() as object)).toStrictEqual(Object.entries(stored as object));
      }),
      { numRuns: 150 },
    );
  });

  test('is intact while nobody looks, and when whoever looks changes nothing', () => {
    fc.assert(
      fc.property(storable(codec), (one) => {
        const lent = lend(entryOf(one, codec), codec) as Lent;
        expect(lent.isIntact()).toBe(true);
        JSON.stringify(lent.value);
        expect(lent.isIntact()).toBe(true);
      }),
    );
  });

  const changes: [string, (target: Record<string, unknown>, key: string) => unknown][] = [
    ['sets a member', (target, key) => Reflect.set(target, key, 'changed')],
    ['deletes a member', (target, key) => Reflect.deleteProperty(target, key)],
    ['adds a member', (target) => Reflect.set(target, 'added', 1)],
    ['hides a toJSON', (target) => Object.defineProperty(target, 'toJSON', { value: () => 1, configurable: true })],
    ['gives it another prototype', (target) => Object.setPrototypeOf(target, { toJSON: () => 1 })],
    [
      'moves a date',
      (target) =>
        Object.values(target)
          .find((one) => one instanceof Date)
          ?.setTime(1),
    ],
    ['grows a list', (target) => Array.isArray(target) && (target.length += 1)],
  ];
  test.each(changes)('is not intact any more once somebody %s, anywhere in it', (_name, change) => {
    fc.assert(
      fc.property(storable(codec), fc.nat(), (one, seed) => {
        const lent = lend(entryOf(one, codec), codec) as Lent;
        const before = codec.encode(codec.decode(codec.encode(one).encoded)).encoded;
        // Walks down at random, and changes what it comes to.
        let target = lent.value as Record<string, unknown>;
        let rest = seed;
        for (;;) {
          const inner = Object.values(target).filter(
            (item) => typeof item === 'object' && item && !(item instanceof Date),
          );
          if (inner.length === 0 || rest % 3 === 0) break;
          target = inner[rest % inner.length] as typeof target;
          rest = Math.floor(rest / 3);
        }
        const keys = Object.keys(target);
        change(target, keys[rest % Math.max(1, keys.length)] ?? 'none');
        let after: unknown;
        try {
          after = codec.encode(lent.value).encoded;
        } catch {
          after = 'cannot be stored any more';
        }
        if (JSON.stringify(after) !== JSON.stringify(before)) expect(lent.isIntact()).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  test('is not decoded to tell that it is neither a promise nor a stream', async () => {
    const decode = vi.fn(codec.decode);
    const counted = { ...codec, decode };
    for (const one of [[{ at: new Date(0) }], { rows: [{ at: new Date(0) }], more: { a: 1 }, next: undefined, n: 1 }]) {
      const lent = lend(entryOf(one, codec), counted) as Lent;
      expect(await (async () => lent.value)()).toBe(lent.value);
      for (const part of [lent.value, ...(Array.isArray(lent.value) ? [] : Object.values(lent.value as object))]) {
        if (typeof part !== 'object') continue;
        expect((part as { then?: unknown }).then).toBeUndefined();
        expect(Symbol.asyncIterator in (part as object)).toBe(false);
      }
      expect(lent.isIntact()).toBe(true);
    }
    expect(decode).not.toHaveBeenCalled();
  });

  test('a member that is named `then` is there', () => {
    const lent = lend(entryOf({ inner: Object.fromEntries([['then', 'later']]) }, codec), codec) as Lent;
    expect((lent.value as { inner: { then: string } }).inner.then).toBe('later');
  });
});

test('what was damaged on its way is not handed on', () => {
  const whole = entryOf({ rows: [1], total: 1 }, plainCodec);
  expect(lend(whole, plainCodec)).toBeInstanceOf(Lent);
  const damaged: Entry[] = [
    { ...whole, body: { text: '{"rows":[2],"total":1}' } },
    { ...whole, body: { ...whole.body, plain: '{}' } },
    { ...whole, outline: [['rows', 'list']] },
    { ...whole, sum: (whole.sum as number) + 1 },
  ];
  for (const entry of damaged) expect(lend(entry, plainCodec)).toBeUndefined();
});

test('a list of any length is there for whoever looks', () => {
  const { value } = lend(
    entryOf(
      Array.from({ length: 200_000 }, () => 0),
      plainCodec,
    ),
    plainCodec,
  ) as Lent;
  expect((value as unknown[]).length).toBe(200_000);
});

test('a member that somebody hides is not intact', () => {
  const lent = lend(entryOf({ name: 'n', secret: 's' }, plainCodec), plainCodec) as Lent;
  Object.defineProperty(lent.value, 'secret', { enumerable: false });
  expect(lent.isIntact()).toBe(false);
});

test('a transformer that nobody knows has no outlines: it may hide what they would tell', () => {
  const { serialize, deserialize } = superjson;
  const base64 = (value: unknown) => btoa(JSON.stringify(serialize(value)));
  const codec = transformerCodec({ serialize: base64, deserialize: (text) => deserialize(JSON.parse(atob(text))) });
  expect(codec.encode({ secret: 's' })).toMatchObject({ outline: undefined });
  expect(defaultCodec.encode({ secret: 's' }).outline).toEqual([['secret', 'value', 's']]);
});

test('an outline tells what is stored, not what a getter says the next time', () => {
  let count = 0;
  const output = {
    get n() {
      return ++count;
    },
  };
  const { encoded, outline } = plainCodec.encode(output);
  if (outline !== undefined) expect(outline).toEqual([['n', 'value', JSON.parse(encoded.text).n]]);
});

test('an outline that does not fit its body throws when somebody looks, and gives nobody something else', () => {
  const made: Entry = { ...entryOf({ rows: [1] }, plainCodec), outline: [['other', 'list']] };
  const entry = { ...made, sum: sumOf(made) };
  const { value } = lend(entry, plainCodec) as Lent;
  expect(() => (value as { other: unknown[] }).other.length).toThrow('not what its outline says');
});

test.each([
  ['a date', new Date(0)],
  ['a map', new Map()],
  ['a text', 'text'],
  ['nothing', null],
  ['an object with a long text', { text: 'x'.repeat(201) }],
  ['an object with a date of a class', { at: new (class Day extends Date {})() }],
  ['an object with a map', { map: new Map() }],
  ['an object with half a character, which scripts cannot read', { half: '\ud83d' }],
  ['an object with a member named by one', { '\ud83d': 1 }],
  ['an object with a zero below zero', { zero: -0 }],
  ['an object of a class', new (class Row {})()],
  ['an object with many members', Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`m${index}`, 1]))],
])('%s has no outline', (_, output) => {
  const json: unknown = JSON.parse(JSON.stringify(output) ?? 'null');
  expect(outlineOf(output, json)).toBeUndefined();
});

test('what a store gives is an outline only if it could have been made here', () => {
  for (const given of [
    undefined,
    null,
    'object',
    {},
    [1],
    [['a']],
    [['a', 'other']],
    [['a', 'value', {}]],
    [['a', 'date', '1']],
    [['__proto__', 'list']],
  ])
    expect(isOutline(given)).toBe(false);
  fc.assert(
    fc.property(output, (one) => {
      const outline = outlineOf(one, JSON.parse(JSON.stringify(one)));
      expect(outline === undefined || isOutline(JSON.parse(JSON.stringify(outline)))).toBe(true);
    }),
  );
});
