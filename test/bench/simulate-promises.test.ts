import { describe, expect, test } from 'vitest';
import type { Billed } from '../../bench/simulate/bill.ts';
import { run } from '../../bench/simulate/main.ts';
import { createRandom, lognormal } from '../../bench/simulate/random.ts';
import { configurations, delaysOf, runScenario, scenarios } from '../../bench/simulate/scenarios.ts';
import { memoryDefaults, plain, simulate } from '../../bench/simulate/simulate.ts';
import { type Happening, poissonTraffic } from '../../bench/simulate/traffic.ts';
import { commands } from '../../bench/simulate/wire.ts';
import type { Answered, Settings } from '../../bench/simulate/world.ts';

/** What happens to three isolates; `trips` are how long the first ways to the store and back take, others take 5 ms. */
function play(
  settings: Partial<Settings>,
  happenings: readonly Happening[],
  { runMs = 100, trips = [] }: { readonly runMs?: number; readonly trips?: readonly number[] } = {},
) {
  const answers: Answered[] = [];
  const runs: number[] = [];
  let trip = 0;
  const measured = simulate({
    isolates: 3,
    settings: { ...plain, ...settings },
    memory: memoryDefaults,
    traffic: happenings,
    delays: { trip: () => trips[trip++] ?? 5, run: () => runMs },
    keys: { ttlMs: () => 60_000, payload: () => 10_000 },
    random: () => 0.5,
    warmUpMs: 0,
    untilMs: 1_000_000,
    answered: (answer) => answers.push(answer),
    ran: (_, at) => runs.push(at),
  });
  answers.sort((a, b) => a.askedAt - b.askedAt);
  const { all: _, ...requests } = measured.store.requests;
  const asked = Object.entries(requests).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []));
  return { ...measured, answers, asked, runs, outcomes: answers.map(({ outcome }) => outcome) };
}

const read = (at: number, isolate = 0, key = 1): Happening => ({ at, isolate, key, kind: 'read' });
const write = (at: number, isolate = 0, key = 1): Happening => ({ at, isolate, key, kind: 'write' });
const death = (at: number, isolate = 0): Happening => ({ at, isolate, kind: 'death' });

/** What the last of them added to the bill. */
function added(settings: Partial<Settings>, before: readonly Happening[], last: Happening) {
  const [without, all] = [play(settings, before), play(settings, [...before, last])];
  const difference = (of: (billed: Billed) => number) => of(all.store) - of(without.store);
  return {
    requests: difference(({ requests }) => requests.all),
    commands: difference((billed) => billed.commands),
    down: difference(({ bytesDown }) => bytesDown),
    outcome: all.outcomes.at(-1),
  };
}

describe('the store is asked as the documentation says:', () => {
  test('two requests for a miss, one for a hit, one for an invalidation', () => {
    expect(added({}, [], read(0))).toMatchObject({ requests: 2, outcome: 'ran' });
    const hit = added({}, [read(0)], read(500, 1));
    expect(hit).toMatchObject({ requests: 1, commands: commands.lookup(0), outcome: 'remote' });
    expect(added({}, [read(0), read(500, 1)], write(900)).requests).toBe(1);
  });

  test('a tier without trust: one small request for a hit on a copy, the entry for the first hit of another isolate', () => {
    const tier = { tier: { trustMs: 0 } };
    const first = added(tier, [read(0)], read(500, 1));
    const second = added(tier, [read(0), read(500, 1)], read(600, 1));
    expect([first.requests, first.outcome]).toEqual([1, 'remote']);
    expect([second.requests, second.outcome]).toEqual([1, 'confirmed']);
    expect(first.down - second.down).toBeGreaterThan(10_000);
  });

  test('a tier with trust: none for a hit on what was asked for a moment ago, one for the first hit after a fill', () => {
    const tier = { tier: { trustMs: 1_000 } };
    expect(added(tier, [read(0)], read(500))).toMatchObject({ requests: 1, outcome: 'confirmed' });
    expect(added(tier, [read(0), read(500)], read(1_499))).toMatchObject({ requests: 0, down: 0, outcome: 'trusted' });
    expect(added(tier, [read(0), read(500)], read(1_501))).toMatchObject({ requests: 1, outcome: 'confirmed' });
  });

  test('while a procedure runs nothing is trusted, unless there is an async context', () => {
    const tier = { tier: { trustMs: 5_000 } };
    const before = [read(0), read(500), read(1_000, 0, 2)];
    expect(added(tier, before, read(1_050)).outcome).toBe('confirmed');
    expect(added({ ...tier, asyncContext: true }, before, read(1_050)).outcome).toBe('trusted');
  });

  test('three requests for a miss with leases, and no release: the fill gives it back', () => {
    expect(play({ lease: true }, [read(0)]).asked).toEqual(['1 lookup', '1 fill', '1 lease']);
  });

  test('four for an early revalidation with leases: an entry is there, so it is looked at again', () => {
    // 0.69 of 100 ms before the end, with a chance of one half.
    const early = added({ lease: true, early: 1 }, [read(0)], read(60_100));
    expect(early).toMatchObject({ requests: 4, outcome: 'remote' });
    expect(added({ early: 1 }, [read(0)], read(60_100)).requests).toBe(2);
  });
});

describe('leases', () => {
  test('let one isolate run, and give the others what it stored', () => {
    const { outcomes, originRuns } = play({ lease: true }, [read(0, 0), read(1, 1), read(2, 2)]);
    expect(originRuns).toBe(1);
    expect(outcomes).toEqual(['ran', 'coalesced', 'coalesced']);
  });

  test('of an isolate that died behind its response end by themselves, and the next one runs', () => {
    const stale = { lease: true, staleWhileRevalidateMs: 600_000 };
    const happenings = [read(0), read(70_000, 1), death(70_050, 1), read(71_000), read(76_000)];
    const { outcomes, originRuns, answers } = play(stale, happenings);
    expect(outcomes).toEqual(['ran', 'stale', 'stale', 'stale']);
    expect(originRuns).toBe(3); // the first; the one that died; after five seconds the one that stored
    expect(answers.every(({ at, askedAt }) => at - askedAt <= 120)).toBe(true);
  });
});

describe('who waits for a lease', () => {
  test('runs without after ten seconds', () => {
    // The lease lasts five: the second one takes it then, and the third one would have to wait until it ends, too.
    const { runs } = play({ lease: true }, [read(0, 0), read(1, 1), read(2, 2)], { runMs: 60_000 });
    expect(runs.length).toBe(3);
    expect(runs[1]).toBeGreaterThan(5_000);
    expect(runs[2]).toBeGreaterThan(9_000);
    expect(runs[2]).toBeLessThan(10_010);
  });
});

describe('an isolate', () => {
  test('sees what it invalidated itself with its next read, although a question overtook the invalidation', () => {
    const tier = { tier: { trustMs: 5_000 } };
    // To the store and back: a lookup, a fill, a lookup, an invalidation that is slow, a lookup that is not.
    const trips = [5, 5, 5, 5, 5, 5, 80, 5, 5, 5];
    const { outcomes, stale } = play(tier, [read(0), read(500), write(1_000), read(1_020), read(1_200)], { trips });
    expect(outcomes).toEqual(['ran', 'confirmed', 'confirmed', 'ran']);
    expect(stale.afterInvalidation).toBe(0);
  });

  test('trusts again after a run that stored nothing', () => {
    const tier = { tier: { trustMs: 5_000 } };
    const trips = [5, 5, 5, 5, 5, 5, 200, 200]; // the fourth question is answered too late
    const happenings = [read(0), read(500), read(1_000, 0, 2), read(2_000)];
    expect(play(tier, happenings, { trips }).outcomes).toEqual(['ran', 'confirmed', 'bypassed', 'trusted']);
  });

  test('that is evicted begins with nothing', () => {
    const tier = { tier: { trustMs: 5_000 } };
    expect(play(tier, [read(0), read(500), death(600), read(700)]).outcomes).toEqual(['ran', 'confirmed', 'remote']);
  });

  test('runs without the store where that is too late, and stores nothing', () => {
    const measured = simulate({
      isolates: 1,
      settings: plain,
      memory: memoryDefaults,
      traffic: [read(0), read(10)],
      delays: { trip: () => 130, run: () => 50 },
      keys: { ttlMs: () => 60_000, payload: () => 1 },
      random: () => 0.5,
      warmUpMs: 0,
      untilMs: 10_000,
    });
    expect(measured.outcomes).toMatchObject({ bypassed: 2, ran: 0 });
    expect(measured.store.requests).toMatchObject({ lookup: 2, fill: 0 });
    expect(measured.latencyMs.p50 / 300).toBeCloseTo(1, 1);
  });
});

describe('acknowledged means gone', () => {
  /** Busy, often written, with slow and uneven networks: whatever can go wrong has its chance. */
  const busy = (settings: Settings, seed: number) => {
    const random = createRandom(seed + 100);
    return simulate({
      isolates: 8,
      settings,
      memory: memoryDefaults,
      traffic: poissonTraffic({
        isolates: 8,
        readsPerSecond: 60,
        writesPerSecond: 6,
        lifeMs: 20_000,
        untilMs: 120_000,
        keyOf: (draw) => Math.floor(draw() ** 3 * 20),
        seed,
      }),
      delays: { trip: () => lognormal(random, 15, 0.9), run: () => lognormal(random, 150, 0.8) },
      keys: { ttlMs: () => 8_000, payload: () => 500 },
      random: createRandom(seed + 200),
      warmUpMs: 0,
      untilMs: 120_000,
    });
  };
  const trustOf = ({ tier }: Settings) => (tier === false ? 0 : tier.trustMs);

  test.each(Object.entries(configurations))('at once without trust, else after it: %s', (_, settings) => {
    const { stale } = busy(settings, 1);
    const trustMs = trustOf(settings);
    expect(stale.afterInvalidationMostMs).toBeLessThanOrEqual(trustMs);
    if (trustMs === 0) expect(stale.afterInvalidation).toBe(0);
    else expect(stale.afterInvalidationMostMs).toBeGreaterThan(trustMs / 2); // it is used to the full
    if (settings.staleWhileRevalidateMs === 0) expect(stale.pastTtl).toBe(0);
  });

  test('a stale window serves what is past its ttl, never what was invalidated', () => {
    const { stale } = busy({ ...plain, staleWhileRevalidateMs: 3_000 }, 2);
    expect(stale.pastTtl).toBeGreaterThan(0);
    expect(stale.pastTtlMostMs).toBeLessThanOrEqual(3_000);
    expect(stale.afterInvalidation).toBe(0);
  });
});

describe('the matrix', () => {
  test('has every workload in every deployment with every configuration, under names of their own', () => {
    const all = scenarios();
    expect(all.length).toBe(4 * 3 * Object.keys(configurations).length);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  test('gives rows that can be written as JSON', () => {
    const [first] = scenarios();
    const { deployment } = first as NonNullable<typeof first>;
    const short = { ...deployment, seconds: 5, warmUpSeconds: 1 };
    const row = runScenario({ ...(first as NonNullable<typeof first>), deployment: short });
    expect(JSON.parse(JSON.stringify(row))).toEqual(row);
    expect(row.requests).toBeGreaterThan(0);
  });

  test('can be run in part, as a table or as JSON', () => {
    const args = ['--workload', 'front-page', '--isolates', '10', '--seconds', '5', '--configuration'];
    const lines: string[] = [];
    const [row] = run([...args, '+ lease'], (line) => lines.push(line));
    expect(row).toMatchObject({ workload: 'front-page', isolates: 10, configuration: '+ lease', seconds: 5 });
    expect(lines[0]).toContain('front-page, 10 isolates');
    expect(lines.at(-1)).toMatch(/^\| \+ lease +\|/);
    const json: string[] = [];
    run([...args, 'plain', '--keys', '3', '--writes', '0', '--json'], (line) => json.push(line));
    expect(JSON.parse(json.join('\n'))).toMatchObject([{ configuration: 'plain', writes: 0 }]);
    expect(() => run(['--rate', 'many'], () => {})).toThrow(/many/);
  });

  test('has delays of the regions that it names', () => {
    const { trip } = delaysOf(1, 120);
    const median = (isolate: number) =>
      Array.from({ length: 4_001 }, () => trip(isolate)).toSorted((a, b) => a - b)[2_000] as number;
    for (const [isolate, roundTrip] of [
      [0, 5],
      [2, 30],
      [4, 90],
    ] as const)
      expect(Math.abs((2 * median(isolate)) / roundTrip - 1)).toBeLessThan(0.03);
  });
});
