import { describe, expect, test } from 'vitest';
import { namedTag } from '../../src/http/etag.ts';
import { counted, fillings, target } from './counted.ts';
import { fuzz } from './fuzz.ts';
import { withWall } from './play.ts';

describe('request headers that make little sense', () => {
  test('are answered 200, 304 where the grammar says so, or 504 where only-if-cached is obeyed, and never 500', async () => {
    const { wrong, statuses } = await withWall(() => fuzz(2_000, 1));
    expect(wrong).toEqual([]);
    expect(statuses[200]).toBeGreaterThan(1_000);
    expect(statuses[304]).toBeGreaterThan(50);
    expect(statuses[504]).toBeGreaterThan(10);
  }, 60_000);

  test('of any filling are read in steps that grow as their length does: If-None-Match', () => {
    for (const filling of fillings) {
      const stepsFor = (length: number) => {
        const { text, steps } = counted(filling.repeat(Math.ceil(length / filling.length)));
        namedTag(text, target, ['-gzip', '--gzip', '-br']);
        return steps();
      };
      expect(stepsFor(100_000), filling).toBeLessThanOrEqual(11 * stepsFor(10_000) + 100);
    }
  });

  test('steps are counted: a reader that begins anew at each member is found', () => {
    const stepsFor = (length: number) => {
      const { text, steps } = counted('",'.repeat(length / 2));
      for (let at = 0; at < text.length; at++) text.indexOf('W/', at);
      return steps();
    };
    expect(stepsFor(10_000)).toBeGreaterThan(50 * stepsFor(1_000));
  });
});
