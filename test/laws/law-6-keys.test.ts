import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epochNames } from '../../src/epochs.ts';
import { canonical, type EntryKeyParts, entryKey, everyone, type ScopeValue, scopeText } from '../../src/key.ts';

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
