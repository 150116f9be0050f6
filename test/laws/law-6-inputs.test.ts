import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { canonical } from '../../src/key.ts';
import { cacheOf, counter, listen, t } from '../support/app.ts';
import { values } from './values.ts';

/** A date that says more than its time, as that of `@date-fns/tz`. */
class ZonedDate extends Date {
  constructor(
    time: number,
    readonly zone: string,
  ) {
    super(time);
  }
}
class Silent extends Date {}

describe('law 6: the canonical text of an input', () => {
  test('values that JSON tells apart have different texts', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (one, other) => {
        const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)) && !hasMinusZero([one, other]);
        if (!hasMinusZero([one, other])) expect(canonical(one) === canonical(other)).toBe(same);
      }),
      { numRuns: 3_000 },
    );
  });

  test('the order of an object’s keys does not matter, and undefined is the same as absent', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string(), { minKeys: 1, maxKeys: 5 }), fc.string(), (object, extra) => {
        const entries = Object.entries(object);
        const backwards = Object.fromEntries(entries.toReversed());
        expect(canonical(backwards)).toBe(canonical(object));
        if (!Object.hasOwn(object, extra)) {
          expect(canonical({ deep: { ...object, [extra]: undefined } })).toBe(canonical({ deep: object }));
        }
      }),
    );
  });

  test('a value and its copy have the same text, whatever it is made of', () => {
    fc.assert(
      fc.property(values, (value) => {
        if (canonical(value).includes('URL(')) return; // an address has no clone
        const clone = structuredClone(value);
        expect(canonical(clone)).toBe(canonical(value));
      }),
    );
  });

  const likes: [string, unknown][] = [
    ['absent', undefined],
    ['null', null],
    ['zero', 0],
    ['zero below zero', -0],
    ['an empty text', ''],
    ['false', false],
    ['not a number', Number.NaN],
    ['its name', 'NaN'],
    ['a large integer', 1n],
    ['a number', 1],
    ['a digit', '1'],
    ['an empty list', []],
    ['a list of undefined', [undefined]],
    ['a list of null', [null]],
    ['an empty object', {}],
    ['an empty map', new Map()],
    ['an empty set', new Set()],
    ['a date', new Date(1)],
    ['its number', 'Date(1)'],
    ['its text', new Date(1).toISOString()],
    ['no date', new Date(Number.NaN)],
    ['a map', new Map([[1, 2]])],
    ['a set of pairs', new Set([[1, 2]])],
    ['pairs', [[1, 2]]],
    ['a pattern', /a/],
    ['another pattern', /a/g],
    ['its source', '/a/'],
    ['an address', new URL('http://a.test/')],
    ['its text', 'http://a.test/'],
    ['bytes', new Uint8Array([1])],
    ['clamped bytes', new Uint8ClampedArray([1])],
    ['a list of bytes', [1]],
    ['half a character', '\ud800'],
    ['the other half', '\udc00'],
    ['its replacement', '\ufffd'],
    ['its escape', '\\ud800'],
    ['an error', new Error('a')],
    ['another kind of error', new TypeError('a')],
    ['an error with a cause', new Error('a', { cause: 1 })],
    ['an error with a status', Object.assign(new Error('a'), { status: 1 })],
  ];
  test('things that look alike are told apart', () => {
    const texts = likes.map(([, value]) => canonical(value));
    expect(new Set(texts).size).toBe(likes.length);
  });

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['a symbol as a key', { [Symbol('a')]: 1 }],
    ['an instance of a class', new (class Money {})()],
    ['an instance in a list', [[new (class Money {})()]]],
    ['a promise', Promise.resolve()],
    ['a form', new FormData()],
    ['a buffer', new ArrayBuffer(1)],
    ['a date with a zone', new ZonedDate(0, 'Asia/Tokyo')],
    ['a kind of date', new Silent(0)],
    ['a kind of map', new (class extends Map {})()],
    ['a kind of set', new (class extends Set {})()],
    ['a kind of list', [class extends Array {}.of(1)]],
    ['a kind of pattern', new (class extends RegExp {})('a')],
    ['a kind of address', new (class extends URL {})('http://a.test')],
    ['a kind of bytes', Buffer.from([1])],
    ['a date with a name', Object.assign(new Date(0), { zone: 'Asia/Tokyo' })],
    ['a date with a symbol', Object.assign(new Date(0), { [Symbol('zone')]: 'Asia/Tokyo' })],
    ['a map with a name', Object.assign(new Map(), { total: 1 })],
    ['a set with a name', Object.assign(new Set(), { total: 1 })],
    ['a list with a name', Object.assign([1], { total: 1 })],
    ['a list with a hole and a name', Object.assign(new Array(1), { total: 1 })],
    ['a pattern with a name', Object.assign(/a/, { label: 'A' })],
    ['a pattern in the middle of a search', Object.assign(/a/g, { lastIndex: 1 })],
    ['an address with a name', Object.assign(new URL('http://a.test'), { label: 'A' })],
    ['bytes with a name', Object.assign(new Uint8Array([1]), { encoding: 'utf8' })],
  ])('%s has no text, so such a call goes without the cache', (_, value) => {
    expect(() => canonical(value)).toThrow('cannot be part of a key');
  });

  test('a cycle, and an input deeper than 64 levels, are refused and do not overflow the stack', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => canonical(cycle)).toThrow('cyclic or deeper');
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = { deep };
    expect(() => canonical(deep)).toThrow('cyclic or deeper');
  });

  test('dates are dates while the clock is a fake one, those made before it and those made by it', () => {
    const before = new Date(7);
    const text = canonical(before);
    vi.useFakeTimers();
    try {
      expect(canonical(before)).toBe(text);
      expect(canonical(new Date(7))).toBe(text);
      expect(() => canonical(new Silent(7))).toThrow('cannot be part of a key');
    } finally {
      vi.useRealTimers();
    }
  });

  test('plain objects and lists of another realm have the text of our own', () => {
    expect(canonical(runInNewContext('[{ a: [1, [2]] }]'))).toBe(canonical([{ a: [1, [2]] }]));
  });

  test('through tRPC: a date that says more than its time goes without the cache, and is answered for what it is', async () => {
    const cache = cacheOf();
    const bypasses = listen(cache, 'bypass');
    const zone = t.procedure
      .input((value: unknown) => value as ZonedDate)
      .use(cache.cached('1h'))
      .query(({ input }) => input.zone);
    const caller = cache.register(t.router({ zone })).createCaller({});
    expect(await caller.zone(new ZonedDate(0, 'Asia/Tokyo'))).toBe('Asia/Tokyo');
    expect(await caller.zone(new ZonedDate(0, 'Europe/Warsaw'))).toBe('Europe/Warsaw');
    expect(bypasses).toMatchObject([{ reason: 'input' }, { reason: 'input' }]);
  });

  test('through tRPC: inputs that look alike are answered apart', async () => {
    const cache = cacheOf();
    const run = counter();
    const read = t.procedure.input((value: unknown) => value).use(cache.cached('1h'));
    const caller = cache.register(t.router({ read: read.query(run) })).createCaller({});
    const first = [];
    const second = [];
    for (const [, value] of likes) first.push(await caller.read(value));
    for (const [, value] of likes) second.push(await caller.read(value));
    expect(second).toEqual(first);
    expect(new Set(first).size).toBe(likes.length);
  });
});

const sorted = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return ['list', ...value.map(sorted)];
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return ['object', ...members.map(([key, inner]) => [key, sorted(inner)])];
};
const hasMinusZero = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.values(value).some(hasMinusZero) : Object.is(value, -0);
