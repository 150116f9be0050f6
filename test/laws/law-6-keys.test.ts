import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { epochNames } from '../../src/epochs.ts';
import { canonical, type EntryKeyParts, entryKey, everyone, type ScopeValue, scopeText } from '../../src/key.ts';
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

// Few characters, and those that keys are made of: collisions come fast where there are any.
const text = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', ':', ',', '"', '[', ']', '#', '*', '-', '/', '.', '%', '\ud800'),
    maxLength: 4,
  }),
  fc.constantFrom('', 'q', 'w', '22', 'null', 'undefined', '~'),
);
const scope: fc.Arbitrary<ScopeValue> = fc.oneof(text, fc.constant(null), fc.constant(everyone as ScopeValue));
const input = fc.oneof(
  text,
  fc.integer({ min: -1, max: 1 }),
  fc.constantFrom(null, undefined, true, false, -0, Number.NaN, 1n, Infinity),
  fc.array(text, { maxLength: 3 }),
  fc.dictionary(text, text, { maxKeys: 2 }),
  fc.array(text, { maxLength: 2 }).map((items) => new Set(items)),
  fc.array(fc.tuple(text, text), { maxLength: 2 }).map((items) => new Map(items)),
  fc.constantFrom(
    new Date(0),
    new Date(1),
    /a/g,
    /a/,
    new URL('http://a.test'),
    new Uint8Array([1]),
    new Int8Array([1]),
  ),
);
const call = fc.record({
  namespace: text,
  kind: fc.constantFrom('q' as const, 'w' as const),
  versions: fc.tuple(text, text),
  path: text,
  scope,
  input,
  vary: fc.array(fc.tuple(text, fc.option(text)), { maxLength: 2 }),
});
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

const keyOf = ({ scope: who, input: what, ...rest }: Call, hash = false) =>
  entryKey({ ...rest, codec: 'plain', scope: scopeText(who), input: `"p",${canonical(what)}` } as EntryKeyParts, hash);

/** Whether two calls are the same: their canonical parts, which another test ties to their values. */
const isSame = (one: Call, other: Call) =>
  canonical([one.namespace, one.kind, one.versions, one.path, one.input, one.vary]) ===
    canonical([other.namespace, other.kind, other.versions, other.path, other.input, other.vary]) &&
  one.scope === other.scope;

/** A call and another one that differs from it in some part, or in none. */
const pair = fc
  .tuple(call, call, fc.subarray(['namespace', 'kind', 'versions', 'path', 'scope', 'input', 'vary'] as const))
  .map(
    ([one, other, parts]) =>
      [one, { ...one, ...Object.fromEntries(parts.map((part) => [part, other[part]])) } as Call] as const,
  );

describe('law 6: different calls never share a key, equal ones always do', () => {
  test.each([false, true])('over namespace, kind, version, path, scope, input and vary, hashed: %s', (hash) => {
    fc.assert(
      fc.property(pair, ([one, other]) => {
        expect(keyOf(one, hash) === keyOf(other, hash)).toBe(isSame(one, other));
      }),
      { numRuns: hash ? 500 : 5_000 },
    );
  });

  test('a key has no line break, no blank and no half character: every store keeps it as it is', () => {
    fc.assert(
      fc.property(call, (one) => {
        expect(() => encodeURIComponent(keyOf(one))).not.toThrow();
        expect(keyOf(one)).not.toMatch(/[\n\r\0]/);
      }),
    );
  });

  test('a key that is too long to read is a digest, and nobody can send that digest as an input', () => {
    const long = 'x'.repeat(500);
    const parts = {
      namespace: 'n',
      kind: 'q',
      versions: ['', ''],
      codec: 'plain',
      path: 'p',
      scope: '*',
      vary: [],
    } as const;
    const digested = entryKey({ ...parts, input: canonical(long) }, false);
    expect(digested.length).toBeLessThan(100);
    const token = digested.slice(digested.lastIndexOf('#'));
    expect(entryKey({ ...parts, input: canonical(token) }, false)).not.toBe(digested);
    expect(entryKey({ ...parts, input: token }, false)).not.toBe(digested);
  });

  test('epochs of different things never share a name', () => {
    const names = epochNames('shop', false);
    const name = fc.oneof(
      text.map((prefix) => [`subtree ${prefix}`, names.subtree(prefix)]),
      fc
        .tuple(fc.constantFrom('q' as const, 'w' as const), text)
        .map(([k, p]) => [`procedure ${k} ${p}`, names.procedure(k, p)]),
      fc
        .tuple(text, text)
        .map((parts) => [`input ${JSON.stringify(parts)}`, names.input('q', parts[0], canonical(parts[1]))]),
      text.map((tag) => [`tag ${tag}`, names.tag(tag)]),
      scope.map((who) => [`scope ${String(scopeText(who))}`, names.scope(who)]),
      fc
        .tuple(text, scope)
        .map(([p, s]) => [`scoped ${JSON.stringify(p)} ${scopeText(s)}`, names.scopedProcedure('q', p, s)]),
      fc
        .tuple(text, scope, text)
        .map(([p, s, i]) => [
          `scoped input ${JSON.stringify([p, i])} ${scopeText(s)}`,
          names.scopedInput('q', p, s, canonical(i)),
        ]),
      fc.constantFrom(['namespace', names.namespace], ['guard', names.guard]),
    );
    fc.assert(
      fc.property(name, name, ([one, first], [other, second]) => {
        expect(first === second).toBe(one === other);
      }),
      { numRuns: 5_000 },
    );
  });

  test('namespaces never share an epoch', () => {
    fc.assert(
      fc.property(text, text, text, (one, other, tag) => {
        expect(epochNames(one, false).tag(tag) === epochNames(other, false).tag(tag)).toBe(one === other);
        expect(epochNames(one, false).namespace === epochNames(other, false).namespace).toBe(one === other);
      }),
    );
  });
});

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
