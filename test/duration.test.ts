import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationMs } from '../src/duration.ts';
import { CacheError } from '../src/index.ts';

describe('a duration', () => {
  test.each([
    [1, 1_000],
    [0.25, 250],
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['0.4ms', 1],
    [0.0001, 1],
  ])('%s is %i milliseconds', (duration, ms) => {
    expect(durationMs(duration, 'ttl')).toBe(ms);
  });

  test.each([
    0,
    -1,
    Number.NaN,
    Infinity,
    -Infinity,
    '0s',
    '-1s',
    '1',
    '60',
    '1 m',
    ' 1m',
    '1M',
    '1w',
    '1e3s',
    '.5s',
    '',
    'soon',
    undefined,
    null,
    true,
    1n,
    {},
    [],
    ['1m'],
    () => 1,
    `${'9'.repeat(400)}s`,
  ])('%s is none, and the message names the option and what to write', (duration) => {
    expect(() => durationMs(duration, 'cached: ttl')).toThrow(CacheError);
    expect(() => durationMs(duration, 'cached: ttl')).toThrow(
      /^cached: ttl: expected a duration above zero, received .*'5m'/,
    );
  });

  test('it is whole, above zero, and never more than Redis takes', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, minExcluded: true });
    fc.assert(
      fc.property(number, (seconds) => {
        const ms = seconds * 1_000;
        fc.pre(Number.isFinite(ms));
        const result = durationMs(seconds, 'ttl');
        expect(Number.isSafeInteger(result)).toBe(true);
        expect(result).toBeGreaterThanOrEqual(1);
        expect(result).toBeLessThanOrEqual(36_500 * 86_400_000);
      }),
    );
  });
});
