import fc from 'fast-check';
import { parseList } from 'structured-headers';
import { describe, expect, test } from 'vitest';
import { type CallStatus, cacheStatus } from '../../src/http/cache-status.ts';

const hit = (leftMs: number): CallStatus => ({ status: 'hit', leftMs });
const miss: CallStatus = { status: 'miss', stored: true };

describe('cacheStatus', () => {
  test.each<[string, CallStatus[], string]>([
    ['a hit', [hit(40_000)], 'c; hit; ttl=40'],
    ['a hit in its last half second', [hit(500)], 'c; hit; ttl=0'],
    ['a stale answer', [{ status: 'stale', leftMs: -15_000 }], 'c; hit; ttl=-15'],
    ['a stale answer in place of a failure', [{ status: 'stale', leftMs: -1, forwarded: true }], 'c; fwd=stale'],
    ['a batch of that and a hit', [hit(1), { status: 'stale', forwarded: true }], 'c; fwd=stale'],
    ['a batch of that and a miss', [{ status: 'stale', forwarded: true }, miss], 'c; fwd=miss'],
    ['a miss', [miss], 'c; fwd=miss; stored'],
    ['a miss that is not stored', [{ status: 'miss' }], 'c; fwd=miss'],
    ['a shared run', [{ status: 'miss', coalesced: true }], 'c; fwd=miss; collapsed'],
    ['a request that wanted a new one', [{ ...miss, refused: true }], 'c; fwd=request; stored'],
    ['a call that went by', [{ status: 'bypass' }], 'c; fwd=bypass'],
    ['a batch of hits, by the one that ends first', [hit(40_000), hit(7_000)], 'c; hit; ttl=7'],
    ['a batch of hit and miss', [hit(40_000), miss], 'c; fwd=miss; stored'],
    ['a batch of two misses, one of them stored', [miss, { status: 'miss' }], 'c; fwd=miss'],
    ['a batch with a call that went by', [hit(1), miss, { status: 'bypass' }], 'c; fwd=bypass'],
  ])('tells %s', (_, calls, expected) => {
    expect(cacheStatus('c', calls)).toBe(expected);
  });

  test('a name that is no token becomes a String', () => {
    expect(cacheStatus('the "cache" \\ of 1', [hit(0)])).toBe('"the \\"cache\\" \\\\ of 1"; hit; ttl=0');
    expect(cacheStatus('1st', [hit(0)])).toBe('"1st"; hit; ttl=0');
  });

  test('is always one member of a List that a parser of structured fields reads, with what RFC 9211 allows', () => {
    const call = fc.record(
      {
        status: fc.constantFrom('hit', 'stale', 'miss', 'bypass'),
        leftMs: fc.double({ noNaN: true }),
        coalesced: fc.boolean(),
        stored: fc.boolean(),
        refused: fc.boolean(),
        forwarded: fc.boolean(),
      },
      { requiredKeys: ['status'] },
    ) as fc.Arbitrary<CallStatus>;
    const name = fc.stringMatching(/^[\x20-\x7e]{1,20}$/);
    fc.assert(
      fc.property(name, fc.array(call, { minLength: 1, maxLength: 5 }), (given, calls) => {
        const [[value, parameters], ...more] = parseList(cacheStatus(given, calls)) as [
          [unknown, Map<string, unknown>],
        ];
        expect(more).toEqual([]);
        expect(String(value)).toBe(given);
        const has = (...names: string[]) => names.filter((one) => parameters.has(one));
        expect(has('hit', 'fwd')).toHaveLength(1);
        if (parameters.has('hit')) expect(has('stored', 'collapsed')).toEqual([]);
        expect(has('key')).toEqual([]);
      }),
    );
  });
});
