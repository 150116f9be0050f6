import fc from 'fast-check';
import { type List, parseList, Token } from 'structured-headers';
import { describe, expect, test } from 'vitest';
import { xCache } from '../../src/http/status.ts';

const outcome = fc.constantFrom('hit', 'stale', 'miss', 'bypass');

describe('xCache', () => {
  test.each([
    ['hit', 'HIT'],
    ['stale', 'STALE'],
    ['miss', 'MISS'],
    ['bypass', 'BYPASS'],
  ] as const)('F13: one call that was a %s says %s', (one, word) => {
    expect(xCache([one])).toBe(word);
  });

  test('F13: a batch lists one word per call, in the order of the calls', () => {
    expect(xCache(['hit', 'miss', 'hit', 'stale', 'bypass'])).toBe('HIT, MISS, HIT, STALE, BYPASS');
  });

  test('F13: no calls give nothing to send', () => {
    expect(xCache([])).toBe('');
  });

  test('RFC 9651 §3.1: the value is a List of Tokens, one per call', () => {
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 1, maxLength: 20 }), (outcomes) => {
        const list: List = parseList(xCache(outcomes));
        expect(list.map(([word]) => (word as Token).toString())).toEqual(outcomes.map((each) => each.toUpperCase()));
        expect(list.every(([word]) => word instanceof Token)).toBe(true);
      }),
    );
  });
});
