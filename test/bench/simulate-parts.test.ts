import { describe, expect, test } from 'vitest';
import { createBill } from '../../bench/simulate/bill.ts';
import { createClock } from '../../bench/simulate/clock.ts';
import { createHistogram } from '../../bench/simulate/histogram.ts';
import { createLru } from '../../bench/simulate/lru.ts';
import { createRandom, exponential, lognormal, ofKey, pareto } from '../../bench/simulate/random.ts';
import { createRemote } from '../../bench/simulate/remote.ts';
import { poissonTraffic } from '../../bench/simulate/traffic.ts';
import { createTruth } from '../../bench/simulate/truth.ts';
import { commands } from '../../bench/simulate/wire.ts';
import { createSampler, zipfShares } from '../../bench/simulate/zipf.ts';

const draws = 200_000;
const meanOf = (draw: () => number): number => {
  let sum = 0;
  for (let count = 0; count < draws; count++) sum += draw();
  return sum / draws;
};
/** Wider than chance would be in one of fifteen thousand runs. */
const fourSigma = (variance: number): number => 4 * Math.sqrt(variance / draws);

describe('the random streams', () => {
  test('repeat with their seed, and only with it', () => {
    const first = (seed: number) => Array.from({ length: 20 }, createRandom(seed));
    expect(first(7)).toEqual(first(7));
    expect(first(8)).not.toEqual(first(7));
    expect(Math.min(...first(7))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...first(7))).toBeLessThan(1);
  });

  test('are uniform, one by one and in pairs', () => {
    const random = createRandom(3);
    expect(Math.abs(meanOf(random) - 0.5)).toBeLessThan(fourSigma(1 / 12));
    expect(Math.abs(meanOf(() => random() * random()) - 0.25)).toBeLessThan(fourSigma(7 / 144));
  });

  test('have the means of their distributions', () => {
    const random = createRandom(4);
    expect(Math.abs(meanOf(() => exponential(random, 5)) - 5)).toBeLessThan(fourSigma(25));
    const mean = 3 * Math.exp(0.5 ** 2 / 2);
    const variance = (Math.exp(0.5 ** 2) - 1) * mean ** 2;
    expect(Math.abs(meanOf(() => lognormal(random, 3, 0.5)) - mean)).toBeLessThan(fourSigma(variance));
    const [scale, shape] = [214.476, 0.348238];
    const expected = scale / (1 - shape);
    const spread = scale ** 2 / ((1 - shape) ** 2 * (1 - 2 * shape));
    expect(Math.abs(meanOf(() => pareto(random(), scale, shape)) - expected)).toBeLessThan(fourSigma(spread));
  });

  test('give a key the same number each time, and different keys uniform ones', () => {
    let key = 0;
    expect(Math.abs(meanOf(() => ofKey(key++, 1)) - 0.5)).toBeLessThan(fourSigma(1 / 12));
    expect(ofKey(5, 1)).toBe(ofKey(5, 1));
    expect(ofKey(5, 1)).not.toBe(ofKey(5, 2));
  });
});

describe('the sampler', () => {
  test('draws each rank as often as the law of Zipf says', () => {
    const shares = zipfShares(50, 0.99);
    expect((shares[0] as number) / (shares[9] as number)).toBeCloseTo(10 ** 0.99);
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1);
    const draw = createSampler(shares);
    const random = createRandom(5);
    const counts = new Float64Array(50);
    for (let count = 0; count < draws; count++) {
      const rank = draw(random);
      counts[rank] = (counts[rank] as number) + 1;
    }
    // Pearson's test: above 94 once in ten thousand samples, with 49 degrees of freedom.
    const chi2 = counts.reduce((sum, count, rank) => {
      const expected = draws * (shares[rank] as number);
      return sum + (count - expected) ** 2 / expected;
    }, 0);
    expect(chi2).toBeLessThan(94);
  });
});

describe('the traffic', () => {
  test('has the rates that were asked for, in the order of time, for all isolates alike', () => {
    const options = { isolates: 4, readsPerSecond: 60, writesPerSecond: 20, lifeMs: 2_000, untilMs: 1_000_000 };
    const all = [...poissonTraffic({ ...options, keyOf: () => 3, seed: 1 })];
    const count = (kind: string) => all.filter((one) => one.kind === kind).length;
    for (const [kind, expected] of [
      ['read', 60_000],
      ['write', 20_000],
      ['death', 2_000],
    ] as const)
      expect(Math.abs(count(kind) - expected)).toBeLessThan(4 * Math.sqrt(expected));
    expect(all.every((one, index) => index === 0 || one.at >= (all[index - 1] as typeof one).at)).toBe(true);
    const first = all.filter(({ isolate }) => isolate === 0).length;
    expect(Math.abs(first - all.length / 4)).toBeLessThan(4 * Math.sqrt(all.length / 4));
  });
});

describe('the clock', () => {
  test('does everything in the order of time, and what is planned for one moment in the order of the plans', () => {
    const clock = createClock();
    const random = createRandom(6);
    const done: [at: number, order: number][] = [];
    for (let order = 0; order < 3_000; order++) {
      const at = Math.floor(random() * 500);
      clock.in(at, () => {
        expect(clock.now).toBe(at);
        done.push([at, order]);
      });
    }
    clock.runUntil(249);
    expect(done.every(([at]) => at <= 249)).toBe(true);
    clock.runUntil(Number.POSITIVE_INFINITY);
    expect(done.length).toBe(3_000);
    expect(done).toEqual(done.toSorted(([a, x], [b, y]) => a - b || x - y));
  });

  test('does what is planned meanwhile, too', () => {
    const clock = createClock();
    const done: number[] = [];
    clock.in(5, () => {
      done.push(clock.now);
      clock.in(0, () => done.push(clock.now));
      clock.in(2, () => done.push(clock.now));
    });
    clock.in(6, () => done.push(clock.now));
    clock.runUntil(10);
    expect(done).toEqual([5, 5, 6, 7]);
  });
});

describe('the store', () => {
  test('leaves a lease that has ended to who took it next', () => {
    const clock = createClock();
    const { lease, release } = createRemote(clock, createBill(clock, 0));
    const of = (token: number) => ({ name: 'n', token });
    expect([lease(of(1), 7, 5_000), lease(of(2), 7, 5_000)]).toEqual(['leased', 'taken']);
    clock.in(5_000, () => expect(lease(of(2), 7, 5_000)).toBe('leased'));
    clock.in(6_000, () => release(of(1)));
    clock.in(7_000, () => expect(lease(of(3), 7, 5_000)).toBe('taken'));
    clock.in(8_000, () => release(of(2)));
    clock.in(9_000, () => expect(lease(of(3), 7, 5_000)).toBe('leased'));
    clock.runUntil(9_000);
    expect(clock.now).toBe(9_000);
  });

  test('tells who waited for an entry that it is there whoever holds the lease, and others once nobody does', () => {
    const clock = createClock();
    const bill = createBill(clock, 0);
    const { lookup, fill, lease, release } = createRemote(clock, bill);
    const of = (token: number, waitsFor?: 'entry' | 'holder') => ({ name: 'n', token, waitsFor });
    const ask = (waitsFor?: 'entry' | 'holder') => {
      const before = bill.total().commands;
      return [lease(of(2, waitsFor), 7, 5_000), bill.total().commands - before];
    };
    const { leaseTaken, leaseThere, waiting } = commands;
    const taken = ['taken', leaseTaken];
    expect(lease(of(1), 7, 5_000)).toBe('leased');
    expect(ask('entry')).toEqual(['taken', leaseTaken + waiting]);
    expect([ask('holder'), ask()]).toEqual([taken, taken]);
    const { ids } = lookup(7, undefined, 60_000);
    const made = { key: '7', epochs: ['input'], ids, storedAt: 0, freshUntil: 60_000, body: { text: '' } };
    expect(fill(7, { ...made, version: 0, payload: 1 }, 60_000, undefined)).toBe('stored');
    expect([ask('entry'), ask('holder'), ask()]).toEqual([['there', leaseThere], taken, taken]);
    release(of(1));
    expect([ask('entry'), ask('holder')]).toEqual([
      ['there', leaseThere],
      ['there', leaseTaken + waiting],
    ]);
    expect(ask()).toEqual(['stored', commands.lease]); // neither took it
  });
});

describe('the memory of an isolate', () => {
  test('drops what was used least recently, by bytes and by entries', () => {
    const lru = createLru<string>(100, 3);
    lru.set(1, 'a', 40);
    lru.set(2, 'b', 40);
    expect(lru.get(1)).toBe('a');
    lru.set(3, 'c', 40); // 120 bytes: the second was used least recently
    expect([lru.get(1), lru.get(2), lru.get(3)]).toEqual(['a', undefined, 'c']);
    lru.set(4, 'd', 1);
    lru.set(5, 'e', 1);
    expect([lru.size, lru.get(1)]).toEqual([3, undefined]);
    lru.set(6, 'f', 101);
    expect(lru.get(6)).toBeUndefined();
  });

  test('counts an entry that is replaced once', () => {
    const lru = createLru<string>(100, 10);
    for (let count = 0; count < 10; count++) lru.set(1, 'a', 60);
    lru.set(2, 'b', 40);
    expect(lru.size).toBe(2);
  });
});

describe('the histogram', () => {
  test('gives quantiles to one percent', () => {
    const histogram = createHistogram();
    for (let value = 1; value <= 1_000; value++) histogram.add(value);
    expect(histogram.quantile(0.5) / 500).toBeCloseTo(1, 1.5);
    expect(histogram.quantile(0.99) / 990).toBeCloseTo(1, 1.5);
    expect(createHistogram().quantile(0.5)).toBe(0);
  });
});

describe('the truth', () => {
  test('knows for how long an answer had been out of date when its read began', () => {
    const truth = createTruth();
    const write = truth.commit(1);
    expect(truth.behindMs(1, 0, 10)).toBe(0); // not acknowledged yet
    truth.acknowledge(1, write, 20);
    truth.acknowledge(1, truth.commit(1), 50);
    expect([truth.behindMs(1, 0, 19), truth.behindMs(1, 0, 25), truth.behindMs(1, 0, 60)]).toEqual([0, 5, 40]);
    expect([truth.behindMs(1, 1, 60), truth.behindMs(1, 2, 60), truth.behindMs(2, 0, 60)]).toEqual([10, 0, 0]);
  });
});
