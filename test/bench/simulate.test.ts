import { describe, expect, test } from 'vitest';
import { createRandom, exponential } from '../../bench/simulate/random.ts';
import { plain, type SimulateOptions, simulate } from '../../bench/simulate/simulate.ts';
import { poissonTraffic } from '../../bench/simulate/traffic.ts';
import { heldBytes } from '../../bench/simulate/wire.ts';
import type { Settings } from '../../bench/simulate/world.ts';
import { createSampler, zipfShares } from '../../bench/simulate/zipf.ts';

const ever = 1e15;
const second = 1_000;

interface Given {
  readonly settings?: Partial<Settings>;
  readonly isolates?: number;
  readonly readsPerSecond: number;
  readonly ttlMs?: number;
  readonly runMs?: number;
  readonly seconds: number;
  readonly warmUpSeconds?: number;
  readonly shares?: Float64Array;
  readonly memory?: SimulateOptions['memory'];
  readonly seed?: number;
}

/** A world where only what a formula knows of takes time. */
function measure(given: Given) {
  const { settings = {}, isolates = 1, ttlMs = ever, runMs = 0, warmUpSeconds = 0, seed = 1 } = given;
  const untilMs = (warmUpSeconds + given.seconds) * second;
  const { shares, readsPerSecond } = given;
  return simulate({
    isolates,
    settings: { ...plain, ...settings },
    memory: given.memory ?? { maxBytes: ever, maxEntries: ever },
    traffic: poissonTraffic({
      isolates,
      readsPerSecond,
      writesPerSecond: 0,
      lifeMs: ever,
      untilMs,
      keyOf: shares === undefined ? () => 0 : createSampler(shares),
      seed,
    }),
    delays: { trip: () => 0, run: () => runMs },
    keys: { ttlMs: () => ttlMs, payload: () => 500 },
    random: createRandom(seed + 1),
    warmUpMs: warmUpSeconds * second,
    untilMs,
  });
}

/** Within so much of what the formula says, as a share of it. */
const expectNear = (measured: number, expected: number, within = 0.01) =>
  expect(Math.abs(measured - expected) / expected, `${measured}, expected ${expected}`).toBeLessThan(within);

describe('one key that is asked for at the rate λ, with a lifetime T', () => {
  test.each([0.2, 1, 5, 50])('is a hit λT / (1 + λT) of the time: λT = %d', (product) => {
    const { hitRatio } = measure({ readsPerSecond: 1, ttlMs: product * second, seconds: 30_000 });
    expectNear(1 - hitRatio.all, 1 / (1 + product), 0.04);
    expectNear(hitRatio.all, product / (1 + product), 0.02);
  });

  test('and a procedure that takes D: λT hits, λD that share its run, and one that waits for it', () => {
    const [lambda, T, D] = [2, 10, 3];
    const { outcomes, requests } = measure({
      readsPerSecond: lambda,
      ttlMs: T * second,
      runMs: D * second,
      seconds: 30_000,
    });
    const all = 1 + lambda * (T + D);
    expectNear(outcomes.remote / requests, (lambda * T) / all);
    expectNear(outcomes.coalesced / requests, (lambda * D) / all, 0.02);
    expectNear(outcomes.ran / requests, 1 / all, 0.02);
  });

  test('and jitter j lives for T (1 - j/2) on average', () => {
    const [T, jitter] = [4, 0.5];
    const { hitRatio } = measure({ readsPerSecond: 1, ttlMs: T * second, seconds: 40_000, settings: { jitter } });
    const lived = T * (1 - jitter / 2);
    expectNear(1 - hitRatio.all, 1 / (1 + lived), 0.03);
  });

  test.each([
    [0.5, 1],
    [1, 1],
    [2, 1],
    [1, 2],
  ])('and XFetch keeps somebody waiting exp(-λβD) of the times: λD = %d, β = %d', (product, beta) => {
    // Each hit that far before the end renews with the probability exp(-x / βD); that none does, over all x, is exp(-λβD).
    const D = 1;
    const { outcomes, originRuns } = measure({
      readsPerSecond: product / D,
      ttlMs: 25 * second,
      runMs: D * second,
      seconds: 60_000,
      settings: { early: beta },
    });
    expectNear(outcomes.ran / originRuns, Math.exp(-product * beta), 0.1);
  });

  test('and a stale window that is never left keeps nobody waiting but the first', () => {
    const settings = { staleWhileRevalidateMs: ever };
    const [lambda, T, D] = [1, 5, 0.5];
    const { outcomes, stale, requests, originRuns } = measure({
      readsPerSecond: lambda,
      ttlMs: T * second,
      runMs: D * second,
      seconds: 20_000,
      settings,
    });
    expect(outcomes.ran + outcomes.coalesced).toBeLessThanOrEqual(3); // who came while the first one waited
    // A cycle is T, then until somebody comes, then D: stale are the one who comes, and who comes while it runs.
    expectNear(stale.pastTtl / requests, (1 + lambda * D) / (lambda * (T + D) + 1), 0.02);
    expectNear(originRuns, 20_000 / (T + 1 / lambda + D), 0.02);
  });

  test('and a trust of t asks the store once in 1 + λt reads of each isolate', () => {
    const [isolates, perIsolate, trust] = [5, 0.8, 3];
    const { outcomes, requests } = measure({
      isolates,
      readsPerSecond: isolates * perIsolate,
      seconds: 20_000,
      settings: { tier: { trustMs: trust * second }, asyncContext: true },
    });
    const asks = 1 / (1 + perIsolate * trust);
    expectNear(outcomes.trusted / requests, 1 - asks, 0.02);
    expectNear(outcomes.confirmed / requests, asks, 0.02);
  });
});

describe('many keys', () => {
  test('with a lifetime are each a key of its own', () => {
    const shares = zipfShares(200, 0.9);
    const [lambda, T] = [20, 10];
    const { hitRatio } = measure({
      readsPerSecond: lambda,
      ttlMs: T * second,
      seconds: 3_000,
      warmUpSeconds: 50,
      shares,
    });
    const expected = shares.reduce((sum, share) => sum + (share * share * lambda * T) / (1 + share * lambda * T), 0);
    expectNear(hitRatio.all, expected, 0.02);
  });

  test.each([
    [50, 0.8],
    [200, 0.8],
    [200, 1.1],
  ])('in a memory of %d entries are found as the approximation of Che says (alpha %d)', (room, alpha) => {
    const shares = zipfShares(2_000, alpha);
    const { hitRatio } = measure({
      readsPerSecond: 100,
      seconds: 500,
      warmUpSeconds: 100,
      shares,
      settings: { tier: { trustMs: 0 } },
      memory: { maxBytes: room * heldBytes(500), maxEntries: ever },
    });
    expectNear(hitRatio.local, che(shares, room), 0.02);
    expectNear(hitRatio.local + hitRatio.remote, 1, 0.02); // the store holds the rest
  });
});

/** Che, Tung, Wang 2002: an LRU memory holds what was asked for within one time, the same for all keys. */
function che(shares: Float64Array, room: number): number {
  const found = (share: number, time: number) => 1 - Math.exp(-share * time);
  const held = (time: number) => shares.reduce((sum, share) => sum + found(share, time), 0);
  let [low, high] = [0, 1e9];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (held(middle) < room) low = middle;
    else high = middle;
  }
  return shares.reduce((sum, share) => sum + share * found(share, low), 0);
}

describe('a herd', () => {
  const herd = (lease: boolean, isolates: number, readsPerSecond: number, seed: number) =>
    measure({ isolates, readsPerSecond, runMs: second, seconds: 10, settings: { lease }, seed });

  test('is one run for each isolate when all of them ask while the first one runs', () => {
    expect(herd(false, 25, 1_000, 1)).toMatchObject({ herd: 25, originRuns: 25 });
  });

  test('is 1 + (N - 1) (1 - exp(-λD/N)) runs when some of them do', () => {
    const [isolates, lambda, times] = [30, 20, 200];
    let runs = 0;
    for (let seed = 0; seed < times; seed++) runs += herd(false, isolates, lambda, seed * 7).originRuns;
    expectNear(runs / times, 1 + (isolates - 1) * (1 - Math.exp(-lambda / isolates)), 0.03);
  });

  test('is one run with leases, however many isolates ask', () => {
    expect(herd(true, 200, 1_000, 1)).toMatchObject({ herd: 1, originRuns: 1 });
  });
});

describe('a simulation', () => {
  const given = { readsPerSecond: 50, ttlMs: 3_000, runMs: 200, seconds: 60, shares: zipfShares(100, 1) };
  const settings = { jitter: 0.2, early: 1, lease: true, tier: { trustMs: 500 } };

  test('repeats with its seed, and only with it', () => {
    const run = (seed: number) => measure({ ...given, isolates: 5, settings, seed });
    expect(run(1)).toEqual(run(1));
    expect(run(2)).not.toEqual(run(1));
  });

  test('answers every request once', () => {
    const measured = measure({ ...given, isolates: 5, settings });
    const random = createRandom(1);
    let expected = 0;
    for (let at = exponential(random, 20); at < 60_000; at += exponential(random, 20)) {
      expected += 1;
      for (let drawn = 0; drawn < 3; drawn++) random(); // of what kind, of which isolate, of which key
    }
    expect(measured.requests).toBe(expected);
    expect(Object.values(measured.outcomes).reduce((sum, count) => sum + count)).toBe(expected);
  });
});
