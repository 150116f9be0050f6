import { describe, expect, test } from 'vitest';
import { factsOf, type Group } from '../../bench/group.ts';
import { limitOf, shown, spreadOf, withUnit } from '../../bench/numbers.ts';
import { pageOf, plotsOf } from '../../bench/page.ts';
import { apart, type Bar, barChart, lineChart, logAxis } from '../../bench/plots.ts';
import type { PartResult, Results } from '../../bench/results.ts';
import { summarize } from '../../bench/summary.ts';
import { groupLines } from '../../bench/table.ts';

const place = {
  ...{ node: '20.0.0', v8: '11', system: 'Linux x64', cpu: 'A processor', cores: 2, memoryGB: 8, load: 0.1 },
  ...{ commit: 'abc1234', packages: { superjson: '2.2.6' } },
};
const partOf = (groups: readonly Group[], more: Partial<PartResult> = {}): PartResult => ({
  measured: '2026-11-21',
  runs: 5,
  quick: false,
  clock: 'wall',
  environment: place,
  groups: summarize([groups]),
  ...more,
});
const hits = (name: string, hit: number): Group => ({
  name,
  unit: 'µs',
  compare: 'ratio',
  subjects: [
    { name: 'not cached', x: 100, rounds: [10_000, 9_000, 11_000] },
    { name: 'hit', x: 100, against: ['not cached'], rounds: [hit, hit, hit] },
  ],
});
const peers: Group[] = [
  {
    name: 'peers, 100 B, bare',
    unit: 'µs',
    compare: 'ratio',
    subjects: [
      { name: 'trpc-cached', rounds: [5, 6, 7] },
      { name: 'a <b> & "c"', against: ['trpc-cached'], rounds: [1, 1, 1] },
    ],
  },
  factsOf('peers, callers are isolated', 'yes', { 'trpc-cached': 1, 'a <b> & "c"': 0 }),
];
const results: Results = { parts: { http: partOf([hits('HTTP, 117 kB, superjson', 500)]), peers: partOf(peers) } };

/** Throws unless text is XML that a browser would show: every tag closed, in order, and no bare `&` or `<`. */
function expectXml(svg: string): void {
  const open: string[] = [];
  expect(svg.replace(/&(?:amp|lt|gt|quot);/g, '')).not.toContain('&');
  for (const [, closing, name, selfClosing] of svg.matchAll(
    /<(\/?)([a-z]+)(?:\s[\w-]+(?::\w+)?="[^"<]*")*\s*(\/?)>/g,
  )) {
    if (closing === '/') expect(open.pop()).toBe(name);
    else if (selfClosing !== '/') open.push(name as string);
  }
  expect(open).toEqual([]);
  expect(svg.replace(/<\/?[a-z]+(?:\s[\w-]+(?::\w+)?="[^"<]*")*\s*\/?>/g, '')).not.toMatch(/[<>]/);
}

describe('the page', () => {
  test('shows the parts that were measured, and only those', () => {
    const headings = Array.from(pageOf(results).matchAll(/^## (.+)$/gm), ([, heading]) => heading);
    expect(headings).toEqual([
      'Budgets',
      'Requests through the fetch adapter',
      'Other caches',
      'Simulation',
      'Where it was measured',
      'Again',
    ]);
  });

  test('says of each budget what was measured, and of those of other parts that nothing was', () => {
    const page = pageOf(results);
    expect(page).toContain('| HTTP, 117 kB, superjson: not cached ÷ hit | at least 12 × | 20 (18 … 22) | met |');
    expect(page).toContain('| caller, 100 B: hit ÷ not cached | at most 1.5 × |  | not measured |');
  });

  test('has its figures with their baselines', () => {
    expect(pageOf(results)).toContain('| 117 kB | 10,000 | 500 (20 ×) |');
  });

  test('keeps what people wrote into it, and can be written again without a change', () => {
    const first = pageOf(results);
    const noted = first
      .replace('<!-- notes: budgets -->\n', '<!-- notes: budgets -->\nThe core is larger.\n\n- Because.\n')
      .replace('<!-- notes: simulation -->\n', '<!-- notes: simulation -->\n\nHerds are small.');
    const again = pageOf(results, noted);
    expect(again).toContain('<!-- notes: budgets -->\n\nThe core is larger.\n\n- Because.\n\n<!-- /notes -->');
    expect(again).toContain('<!-- notes: simulation -->\n\nHerds are small.\n\n<!-- /notes -->');
    expect(pageOf(results, again)).toBe(again);
    expect(pageOf(results, first)).toBe(first);
  });

  test('names each place of measurement once, with its parts and how they were measured', () => {
    expect(pageOf(results)).toContain('`http`, `peers`: 2026-11-21\n');
    const elsewhere = partOf(peers, { quick: true, clock: 'cpu', environment: { ...place, node: '24.0.0' } });
    const page = pageOf({ parts: { ...results.parts, peers: elsewhere } });
    expect(page).toContain('`http`: 2026-11-21\n');
    expect(page).toContain('`peers`: 2026-11-21, one quick run, time of the processor\n');
  });

  test('shows the plots that can be drawn, by the names of their files', () => {
    const files = Object.keys(plotsOf(results));
    expect(files).toEqual(['http.svg', 'peers-100b.svg']);
    const shownFiles = Array.from(pageOf(results).matchAll(/\]\(performance\/([\w-]+\.svg)\)/g), ([, file]) => file);
    expect(shownFiles).toEqual(files);
  });
});

describe('a plot', () => {
  const labels = { title: 'T & <t>', subtitle: 's "quoted"', format: shown };
  const bar = (name: string, value: number): Bar => ({ name, value, low: value / 2, high: value * 2, kind: 'other' });

  test('is XML, whatever names are in it, and has no place that is no number', () => {
    const bars = barChart(labels, [bar('a <b> & "c"', 3), bar('d', 4_000)], [['weak', 'x < y']]);
    const lines = lineChart({ ...labels, formatX: shown, xName: 'x & y' }, [
      {
        name: '<one>',
        points: [
          { x: 10, y: 1 },
          { x: 1_000, y: 90 },
        ],
      },
    ]);
    for (const svg of [bars, lines, ...Object.values(plotsOf(results))]) {
      expectXml(svg);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      expect(svg).toContain('prefers-color-scheme: dark');
      expect(svg).toMatch(/<title id="title">[^<]+<\/title>/);
    }
  });

  test('has longer bars for larger values, and writes each value', () => {
    const svg = barChart(labels, [bar('small', 2), bar('large', 2_000)]);
    const widths = Array.from(svg.matchAll(/<rect class="other"[^>]* width="([\d.]+)"/g), ([, width]) => Number(width));
    expect(widths[1]).toBeGreaterThan((widths[0] as number) * 2);
    expect(svg).toContain('>2,000</text>');
  });

  test('has an axis of whole powers of ten that holds all values', () => {
    const { ticks, place: placeOf } = logAxis([3, 900], 0, 300);
    expect(ticks).toEqual([1, 10, 100, 1_000]);
    expect([placeOf(1), placeOf(10), placeOf(1_000)]).toEqual([0, 100, 300]);
    expect(() => logAxis([0], 0, 1)).toThrow('above zero');
  });

  test('moves names apart that would stand on each other', () => {
    const points = [100, 101, 50].map((y) => ({ x: 1, y }));
    expect(apart(points, 16)).toEqual([100, 116, 50]);
    expect(apart([...points, { x: 2, y: 101 }], 16)).toEqual([100, 116, 50, 101]);
  });
});

describe('numbers', () => {
  test('are written with three digits, or all of a large one', () => {
    expect([0, 0.012345, 1.5, 12.345, 123.4, 1_234_567].map(shown)).toEqual([
      '0',
      '0.0123',
      '1.5',
      '12.3',
      '123',
      '1,234,567',
    ]);
  });

  test('have the unit that people read', () => {
    expect(withUnit(36_427, 'bytes')).toBe('36.4 kB');
    expect(withUnit(400, 'bytes')).toBe('400 bytes');
    expect(withUnit(0, 'yes')).toBe('no');
    expect(withUnit(1.5, '×')).toBe('1.5 ×');
    expect(limitOf(2, 'requests')).toBe('2');
    expect(limitOf(8_000, 'bytes')).toBe('8 kB');
  });

  test('show their spread where they have one', () => {
    expect(spreadOf({ median: 2, low: 1, high: 3 })).toBe('2 (1 … 3)');
    expect(spreadOf({ median: 2, low: 2, high: 2 })).toBe('2');
  });

  test('of a group stand in columns on the console', () => {
    const lines = groupLines(summarize([[hits('caller', 5)]])[0]!);
    expect(lines).toEqual([
      '',
      'caller',
      '                                   µs                   of not cached',
      '  not cached  10,000 (9,000 … 11,000)',
      '  hit                               5  0.0005 (0.000455 … 0.000556) ×',
    ]);
  });
});
