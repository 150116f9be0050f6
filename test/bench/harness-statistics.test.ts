import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inverse, median, paired, slope, spread } from '../../bench/statistics.ts';

const value = fc.double({ min: 0.001, max: 1e6, noNaN: true });
const values = fc.array(value, { minLength: 1, maxLength: 60 });

describe('the median', () => {
  test.each([
    [[3], 3],
    [[1, 2, 9], 2],
    [[9, 1, 2], 2],
    [[1, 2, 4, 100], 3],
  ])('of %j is %d', (list, expected) => {
    expect(median(list)).toBe(expected);
  });

  test('has as many values below it as above it, whatever their order', () => {
    fc.assert(
      fc.property(values, (list) => {
        const middle = median(list);
        const half = list.length / 2;
        expect(list.filter((one) => one < middle).length).toBeLessThanOrEqual(half);
        expect(list.filter((one) => one > middle).length).toBeLessThanOrEqual(half);
        expect(median([...list].reverse())).toBe(middle);
      }),
    );
  });

  test('of nothing is an error that says so', () => {
    expect(() => median([])).toThrow('statistics of nothing');
  });
});

describe('the spread', () => {
  test('of five values is from the lowest to the highest, of nine it leaves out one at each end', () => {
    expect(spread([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 1, high: 5 });
    expect(spread([9, 1, 8, 2, 7, 3, 6, 4, 5])).toEqual({ median: 5, low: 2, high: 8 });
  });

  test('holds the median, is made of values that were measured, and does not change what it was given', () => {
    fc.assert(
      fc.property(values, (list) => {
        const given = [...list];
        const { median: middle, low, high } = spread(list);
        expect(low).toBeLessThanOrEqual(middle);
        expect(middle).toBeLessThanOrEqual(high);
        expect(list).toContain(low);
        expect(list).toContain(high);
        expect(list).toEqual(given);
      }),
    );
  });

  test('does not care for one value that is far off, where there are many', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 12, maxLength: 60 }), (list) => {
        expect(spread([...list, 1e12]).high).toBeLessThan(1e12);
      }),
    );
  });

  test('seen the other way round has its ends exchanged', () => {
    expect(inverse({ median: 0.5, low: 0.25, high: 1 })).toEqual({ median: 2, low: 1, high: 4 });
  });
});

describe('pairs', () => {
  test('compare round by round: what slows a whole round down changes no ratio', () => {
    const rounds = fc.array(fc.record({ slow: fc.double({ min: 1, max: 50, noNaN: true }) }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(rounds, (machine) => {
        const subject = machine.map(({ slow }) => 3 * slow);
        const baseline = machine.map(({ slow }) => 2 * slow);
        for (const ratio of paired(subject, baseline, (one, other) => one / other)) expect(ratio).toBeCloseTo(1.5, 10);
      }),
    );
  });

  test('of other numbers of rounds are an error: they were not measured together', () => {
    expect(() => paired([1, 2], [1], (one) => one)).toThrow('measured together');
  });
});

describe('the slope', () => {
  test('of points on a line is that of the line, also with one of them far off', () => {
    const on = fc.record({ steep: fc.integer({ min: -20, max: 20 }), offset: fc.integer({ min: -100, max: 100 }) });
    fc.assert(
      fc.property(on, fc.integer({ min: 0, max: 9 }), ({ steep, offset }, off) => {
        const points = Array.from({ length: 10 }, (_, x) => ({ x, y: steep * x + offset }));
        expect(slope(points)).toBe(steep);
        expect(slope(points.map((point, index) => (index === off ? { ...point, y: 1e6 } : point)))).toBe(steep);
      }),
    );
  });

  test('of fewer than two places is flat', () => {
    expect(slope([{ x: 1, y: 5 }])).toBe(0);
    expect(
      slope([
        { x: 1, y: 5 },
        { x: 1, y: 9 },
      ]),
    ).toBe(0);
  });
});
