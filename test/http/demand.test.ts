import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { demandOf, satisfies } from '../../src/http/demand.ts';

const nothing = {
  noCache: false,
  noStore: false,
  onlyIfCached: false,
  maxAge: undefined,
  minFresh: undefined,
  maxStale: undefined,
};

describe('demandOf', () => {
  test.each<[string | null, string | null, object | undefined]>([
    [null, null, undefined],
    ['', null, undefined],
    ['no-transform, private="x"', null, undefined],
    ['no-cache', null, { noCache: true }],
    ['No-Cache , ONLY-IF-CACHED', null, { noCache: true, onlyIfCached: true }],
    ['no-store', null, { noStore: true }],
    ['max-age=0', null, { maxAge: 0 }],
    ['max-age="10"', null, { maxAge: 10 }],
    ['max-age=10, max-age=5', null, { maxAge: 5 }],
    ['min-fresh=10, min-fresh=50', null, { minFresh: 50 }],
    ['max-stale', null, { maxStale: Number.POSITIVE_INFINITY }],
    ['max-stale=30', null, { maxStale: 30 }],
    ['max-age', null, undefined],
    ['max-age=', null, undefined],
    ['max-age=-1', null, undefined],
    ['max-age=1.5', null, undefined],
    ['max-age=1e3', null, undefined],
    ['x-no-cache, no-cachex', null, undefined],
    [null, 'no-cache', { noCache: true }],
    [null, 'x, No-Cache', { noCache: true }],
    ['max-age=5', 'no-cache', { maxAge: 5 }],
  ])('%j with Pragma %j asks for %j', (cacheControl, pragma, expected) => {
    expect(demandOf(cacheControl, pragma)).toEqual(expected && { ...nothing, ...expected });
  });

  test('reads anything without throwing, and a very long field in one pass', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (cacheControl, pragma) => void demandOf(cacheControl, pragma)));
    expect(demandOf(`${' ,='.repeat(100_000)}no-cache`, null)).toEqual(undefined);
    expect(demandOf(`${' ,'.repeat(100_000)}no-cache`, null)).toEqual({ ...nothing, noCache: true });
  });
});

describe('satisfies', () => {
  const entry = { storedAt: 0, freshUntil: 60_000 };
  test.each<[string, number, boolean]>([
    ['no-cache', 1, false],
    ['no-store', 1, true],
    ['only-if-cached', 1, true],
    ['max-age=20', 20_000, true],
    ['max-age=20', 20_001, false],
    ['min-fresh=20', 40_000, true],
    ['min-fresh=20', 40_001, false],
    ['max-stale=10', 65_000, true],
    ['max-age=60', 65_000, false],
    ['max-age=60, max-stale=10', 65_000, true],
    ['max-age=20, max-stale=10', 25_000, false],
    ['max-age=99999999999999999999', 59_000, true],
  ])('%s of an entry of %d ms: %s', (header, now, expected) => {
    expect(satisfies(entry, demandOf(header, null), now)).toBe(expected);
  });

  test('who asks for nothing takes anything', () => {
    expect(satisfies(entry, undefined, 1e9)).toBe(true);
  });
});
