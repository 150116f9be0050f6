import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { copy, deepFreeze, isPlain, shapeOf, UnstorableError } from '../src/value.ts';

const survives = () => true;

describe('the shape of a value', () => {
  test.each([
    ['tree', { a: [1, 'x', null, undefined, 1n], b: { c: true } }],
    ['tree', undefined],
    ['tree', Object.create(null)],
    ['plain', { at: new Date(0) }],
    ['plain', [new Map([[1, { a: new Set([2]) }]])]],
    ['rich', [new URL('http://a.test')]],
    ['rich', { map: new Map([[1, /a/]]) }],
  ] as const)('%s', (shape, value) => {
    expect(shapeOf(value, survives)).toBe(shape);
  });

  test('what is seen twice is rich: only the codec can keep identity', () => {
    const twice = { a: 1 };
    expect(shapeOf([twice, twice], survives)).toBe('rich');
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    expect(shapeOf(cyclic, survives)).toBe('rich');
  });

  test('an instance of a class is asked about, once for each, and its fields are looked into', () => {
    class Money {
      deep = [() => 1];
    }
    const asked: object[] = [];
    const ask = (instance: object) => asked.push(instance) > 0;
    const url = new URL('http://a.test');
    shapeOf([url, url], ask);
    expect(asked).toEqual([url]);
    expect(() => shapeOf(new Money(), ask)).toThrow(UnstorableError);
    expect(() => shapeOf(url, () => false)).toThrow('an instance of URL cannot be stored');
  });

  test('a list of another realm is a list, one of a class of its own is none', async () => {
    const { runInNewContext } = await import('node:vm');
    expect(shapeOf(runInNewContext('[1, [2]]'), survives)).toBe('tree');
    expect(() => shapeOf(runInNewContext('new (class Rows extends Array {})()'), survives)).toThrow(UnstorableError);
    // As the classes of old are made.
    const listLike = Object.setPrototypeOf([1], Object.create(Array.prototype));
    expect(() => shapeOf(listLike, survives)).toThrow(UnstorableError);
    expect(() => shapeOf(Object.setPrototypeOf([1], []), survives)).toThrow(UnstorableError);
  });

  test('while a test fakes the clock, dates are plain, those made before it and those made by it', () => {
    const before = new Date(0);
    vi.useFakeTimers();
    try {
      expect(shapeOf([before, new Date(0)], () => false)).toBe('plain');
      expect(() => shapeOf(new (class extends Date {})(), () => false)).toThrow(UnstorableError);
    } finally {
      vi.useRealTimers();
    }
  });

  test('objects of another realm are plain, those with a class of their own are not', async () => {
    const { runInNewContext } = await import('node:vm');
    expect(isPlain(runInNewContext('({ a: 1 })') as object)).toBe(true);
    expect(isPlain(JSON.parse('{}') as object)).toBe(true);
    expect(isPlain(Object.create({ inherited: 1 }) as object)).toBe(false);
    expect(isPlain(new (class A {})())).toBe(false);
  });
});

test.each([
  ['({ a: [1, "x", null, true, { b: {} }] })', true],
  ['({ at: new Date(0) })', false],
  ['({ gone: undefined })', false],
  ['({ n: NaN })', false],
  ['({ n: [-0] })', false],
  ['({ n: 1n })', false],
])('an object of another realm, of which codecs keep what JSON keeps, is storable: %s %s', async (code, storable) => {
  const { runInNewContext } = await import('node:vm');
  const shape = () => shapeOf({ foreign: runInNewContext(code) as object }, survives);
  if (storable) expect(shape()).toBe('tree');
  else expect(shape).toThrow(UnstorableError);
});

describe('a copy', () => {
  const tree = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.oneof(fc.string(), fc.double(), fc.bigInt(), fc.constantFrom(undefined, null, true)),
      fc.date(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.string({ maxLength: 3 }), tie('value'), { maxKeys: 3, noNullPrototype: true }),
      fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 2 }).map((pairs) => new Map(pairs)),
      fc.array(tie('value'), { maxLength: 2 }).map((items) => new Set(items)),
    ),
  })).value;

  test('equals what it was made of, and shares no object with it', () => {
    const objects = (value: unknown, found = new Set<unknown>()): Set<unknown> => {
      if (typeof value !== 'object' || value === null) return found;
      found.add(value);
      const inner = value instanceof Map || value instanceof Set ? [...value].flat(1) : Object.values(value);
      for (const item of inner) objects(item, found);
      return found;
    };
    fc.assert(
      fc.property(tree, (value) => {
        const copied = copy(value);
        expect(copied).toStrictEqual(value);
        const originals = objects(value);
        for (const object of objects(copied)) expect(originals.has(object)).toBe(false);
      }),
    );
  });

  test('an own __proto__ stays a property and never becomes a prototype', () => {
    const copied = copy(JSON.parse('{"__proto__":{"admin":true},"a":1}') as object);
    expect(Object.getPrototypeOf(copied)).toBe(Object.prototype);
    expect((copied as { admin?: boolean }).admin).toBeUndefined();
    expect(JSON.stringify(copied)).toBe('{"__proto__":{"admin":true},"a":1}');
  });

  test('a frozen tree is frozen all the way down', () => {
    const value = deepFreeze({ a: [{ b: {} }] });
    for (const part of [value, value.a, value.a[0], value.a[0]?.b]) expect(Object.isFrozen(part)).toBe(true);
    expect(deepFreeze(7)).toBe(7);
    expect(deepFreeze(null)).toBe(null);
  });
});
