import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Budget } from '../../bench/budgets.ts';
import { environment } from '../../bench/environment.ts';
import { factsOf, type Group } from '../../bench/group.ts';
import { merged, readResults, rounded, writeResults } from '../../bench/results.ts';
import { measureParts } from '../../bench/runs.ts';
import { summarize } from '../../bench/summary.ts';
import { isFailure, standingOf, verdicts } from '../../bench/verdict.ts';

const group = (hit: number[], plain: number[], compare: Group['compare'] = 'ratio'): Group => ({
  name: 'caller',
  unit: 'µs',
  compare,
  subjects: [
    { name: 'plain', rounds: plain },
    { name: 'hit', x: 100, against: ['plain'], rounds: hit },
  ],
});
const place = { node: '20', v8: '11', system: '', cpu: '', cores: 2, memoryGB: 8, load: 0, commit: '', packages: {} };
const partOf = (groups: readonly Group[]) => ({
  measured: '2026-11-21',
  runs: 1,
  quick: false,
  clock: 'wall' as const,
  environment: place,
  groups: summarize([groups]),
});

describe('a summary', () => {
  test('of one run is of its rounds, and ratios are of pairs: the median of ratios, not the ratio of medians', () => {
    const [summary] = summarize([[group([2, 40, 6], [1, 10, 6])]]);
    expect(summary?.figures.map(({ name, median }) => [name, median])).toEqual([
      ['plain', 6],
      ['hit', 6],
    ]);
    expect(summary?.comparisons).toEqual([{ subject: 'hit', baseline: 'plain', median: 2, low: 1, high: 4 }]);
  });

  test('of many runs is of their medians: from the lowest to the highest', () => {
    const runs = [1, 2, 3, 4, 5].map((run) => [group([run, run, 1_000], [1, 1, 1])]);
    const [summary] = summarize(runs);
    expect(summary?.figures[1]).toEqual({ name: 'hit', x: 100, median: 3, low: 1, high: 5 });
    expect(summary?.comparisons[0]).toMatchObject({ median: 3, low: 1, high: 5 });
  });

  test('of differences subtracts', () => {
    expect(summarize([[group([50], [10], 'difference')]])[0]?.comparisons[0]?.median).toBe(40);
  });

  test('of runs that measured other things is an error', () => {
    expect(() => summarize([[group([1], [1])], []])).toThrow('no group named caller');
  });
});

describe('a budget', () => {
  const budget: Budget = {
    name: 'hit',
    part: 'caller',
    group: 'caller',
    subject: 'hit',
    baseline: 'plain',
    limit: 1.5,
    direction: 'at most',
    unit: '×',
    noise: 0.1,
  };
  const atLeast: Budget = { ...budget, direction: 'at least', limit: 12 };

  test.each([
    [budget, { median: 1.5, low: 1.4, high: 9 }, 'met'],
    [budget, { median: 1.6, low: 1.6, high: 1.6 }, 'near'],
    [budget, { median: 1.7, low: 1.7, high: 1.7 }, 'missed'],
    [budget, { median: 4, low: 1.4, high: 9 }, 'near'],
    [budget, { median: 4, low: 1.6, high: 9 }, 'missed'],
    [atLeast, { median: 12, low: 1, high: 13 }, 'met'],
    [atLeast, { median: 11, low: 11, high: 11 }, 'near'],
    [atLeast, { median: 8, low: 1, high: 12.1 }, 'near'],
    [atLeast, { median: 8, low: 1, high: 11 }, 'missed'],
    [{ ...budget, limit: 1, noise: 0 }, { median: 2, low: 2, high: 2 }, 'missed'],
  ] as const)('%#: of %j with %j is %s', (one, measured, standing) => {
    expect(standingOf(one, measured)).toBe(standing);
  });

  test('of how much faster something is sees the ratio the other way round', () => {
    const results = { parts: { caller: partOf([group([1, 1, 1], [20, 10, 15])]) } };
    expect(verdicts([atLeast], results)[0]).toMatchObject({
      standing: 'met',
      measured: { median: 15, low: 10, high: 20 },
    });
  });

  test('without a baseline is about the figure itself', () => {
    const results = { parts: { size: partOf([factsOf('size', 'bytes', { core: 9_000 })]) } };
    const core: Budget = { ...budget, part: 'size', group: 'size', subject: 'core', limit: 8_000, noise: 0 };
    const { baseline: _, ...own } = core;
    expect(verdicts([own], results)[0]).toMatchObject({ standing: 'missed', measured: { median: 9_000 } });
  });

  test('of what was not measured says so, and guards nothing', () => {
    const [verdict] = verdicts([budget], { parts: {} });
    expect(verdict).toMatchObject({ standing: 'not measured', measured: undefined });
    expect(verdict && isFailure(verdict)).toBe(true);
  });
});

describe('runs', () => {
  const asked = { parts: ['caller', 'size', 'scale'], runs: 3, quick: true, isFull: false, clock: 'wall' } as const;

  test('take turns over all parts, and what is not timed runs once', async () => {
    const order: string[] = [];
    const measured = await measureParts(
      asked,
      place,
      async (name, { run }) => {
        order.push(`${name} ${run}`);
        return [group([run + 1], [1])];
      },
      () => {},
    );
    expect(order).toEqual(['caller 0', 'size 0', 'scale 0', 'caller 1', 'caller 2']);
    expect(measured.caller).toMatchObject({ runs: 3, quick: true, groups: [{ comparisons: [{ median: 2 }] }] });
    expect(measured.size).toMatchObject({ runs: 1 });
  });

  test('that fail stop everything', async () => {
    const failing = () => Promise.reject(new Error('not all calls were hits'));
    await expect(measureParts(asked, place, failing, () => {})).rejects.toThrow('not all calls were hits');
  });
});

describe('what is kept', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('comes back as it was written, and a file that is not there is no figures', () => {
    const file = join(folder, 'new', 'figures.json');
    expect(readResults(file)).toEqual({ parts: {} });
    const results = { parts: { caller: partOf([group([2, 4, 6], [1, 2, 3])]) } };
    writeResults(file, results);
    expect(readResults(file)).toEqual(results);
    expect(readFileSync(file, 'utf8').endsWith('}\n')).toBe(true);
  });

  test('keeps the parts that were not measured again', () => {
    const [former, latter] = [partOf([group([1], [1])]), partOf([group([2], [1])])];
    const { parts } = merged({ parts: { caller: former, http: former } }, { http: latter });
    expect(parts).toEqual({ caller: former, http: latter });
  });

  test.each([
    [1.23456, 1.235],
    [0.000123456, 0.0001235],
    [36_427, 36_427],
    [9_999.6, 10_000],
  ])('a figure of %d is kept as %d', (value, expected) => {
    expect(rounded(value)).toBe(expected);
  });

  test('says where it was measured, and nothing of whose machine that was', async () => {
    const here = await environment();
    expect(here).toMatchObject({ node: process.versions.node, v8: process.versions.v8 });
    expect(Object.keys(here.packages)).toEqual(expect.arrayContaining(['@trpc/server', 'superjson', 'ocache']));
    const text = JSON.stringify(here);
    expect(text).not.toContain(process.cwd());
    expect(text).not.toContain(tmpdir());
    expect(Object.keys(here)).not.toContain('host');
    if (hostname() !== 'localhost') expect(text).not.toContain(hostname());
  });
});
