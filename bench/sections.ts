import { requestBudgets } from './budgets.ts';
import type { charts } from './charts.ts';
import { groupRows, groupTable, pointRows, table } from './markdown.ts';
import { shown, withUnit } from './numbers.ts';
import { figureIn, groupIn, type Results } from './results.ts';

/** A part of the page: nothing of it is shown where it was not measured. */
export interface Section {
  readonly part: string;
  readonly title: string;
  readonly plots: readonly (keyof typeof charts)[];
  readonly lines: (results: Results) => string[];
}

const sizes = ['100 B', '1 kB', '10 kB', '117 kB', '1 MB'];
const tableOf = (results: Results, part: string, group: string, what?: string): string[] => {
  const found = groupIn(results, part, group);
  return found === undefined ? [] : groupTable(found, what);
};

/** What the page says of each part, in its order. */
export const sections: readonly Section[] = [
  {
    part: 'caller',
    title: 'Hits through a caller',
    plots: ['caller'],
    lines: (results) => [
      'From memory, with Dates. Microseconds; in brackets, how many times as long as the clone by hand of the same rows. A procedure that is not cached does no work here: it is what tRPC itself costs.',
      '',
      ...groupRows(
        results,
        'caller',
        sizes.map((size) => [size, `caller, ${size}`]),
        { baseline: 'clone by hand', says: 'of it' },
        'answer',
      ),
      '',
      '100 B, by what the procedure has in front of it:',
      '',
      ...tableOf(results, 'caller', 'caller, 100 B, procedures'),
      '',
      "With `share: 'frozen'` all callers share one sealed object. It has to be JSON: a Date cannot be frozen.",
      '',
      ...tableOf(results, 'caller', "caller, share: 'frozen'"),
    ],
  },
  {
    part: 'http',
    title: 'Requests through the fetch adapter',
    plots: ['http'],
    lines: (results) => [
      'From memory; every subject makes its request and reads the whole body. Microseconds; in brackets, how many times faster than not cached, where the procedure again does no work. `new Response(text)` is no tRPC at all.',
      '',
      ...groupRows(
        results,
        'http',
        [
          ...sizes.map((size) => [size, `HTTP, ${size}, superjson`] as const),
          ...['100 B', '117 kB', '1 MB'].map(
            (size) => [`${size}, no transformer`, `HTTP, ${size}, no transformer`] as const,
          ),
          ...['100 B', '117 kB'].map(
            (size) => [`${size}, behind auth`, `HTTP, ${size}, superjson, behind auth`] as const,
          ),
          ['batch of 10 × 100 B', 'HTTP, batch of 10, 100 B, superjson'],
        ],
        { baseline: 'not cached', says: 'times faster' },
        'answer',
      ),
    ],
  },
  {
    part: 'node',
    title: 'The node adapter under load',
    plots: [],
    lines: (results) => [
      'The standalone adapter in a process of its own, asked by `autocannon` over ten connections.',
      '',
      ...['100 B', '117 kB'].flatMap((size) => [
        ...tableOf(results, 'node', `node adapter, ${size}, superjson`, size),
        '',
      ]),
    ],
  },
  {
    part: 'miss',
    title: 'Misses',
    plots: [],
    lines: (results) => [
      'Every call has an input that nobody had before. What a miss costs more than the same procedure without `cached`, in microseconds:',
      '',
      ...['100 B', '1 kB', '10 kB', '117 kB'].flatMap((size) => [
        ...tableOf(results, 'miss', `miss, ${size}`, size),
        '',
      ]),
    ],
  },
  {
    part: 'requests',
    title: 'Requests to the store',
    plots: [],
    lines: (results) => {
      const stores = (results.parts.requests?.groups ?? []).map(({ name }) => name);
      return [
        'Counted at the REST gateway, and on the wire to Redis.',
        '',
        ...table([
          ['', ...stores.map((name) => name.replace('requests, ', '')), 'budget'],
          ...Object.entries(requestBudgets).map(([what, limit]) => [
            what,
            ...stores.map((store) => shown(figureIn(groupIn(results, 'requests', store), what)?.median ?? Number.NaN)),
            shown(limit),
          ]),
        ]),
      ];
    },
  },
  {
    part: 'remote',
    title: 'Answers from Redis',
    plots: ['remote'],
    lines: (results) => [
      'Redis and the REST gateway run on the same machine, in processes of their own. The way to a real Upstash takes milliseconds more, the same for all. Microseconds; in brackets, of get and set by hand.',
      '',
      'Through a caller:',
      '',
      ...groupRows(
        results,
        'remote',
        ['100 B', '117 kB', '1 MB'].map((size) => [size, `remote caller, ${size}`]),
        { baseline: 'get and set by hand', says: 'of it' },
        'answer',
      ),
      '',
      'Through the fetch adapter:',
      '',
      ...groupRows(
        results,
        'remote',
        ['100 B', '117 kB', '1 MB'].map((size) => [size, `remote HTTP, ${size}`]),
        { baseline: 'get and set by hand', says: 'of it' },
        'answer',
      ),
      '',
      'Processor time of this process alone, `tieredStore` with `trust: 0`, through `cache.fetch`:',
      '',
      ...tableOf(results, 'remote', 'tiered, trust 0, CPU'),
    ],
  },
  {
    part: 'peers',
    title: 'Other caches',
    plots: ['peersSmall', 'peersLarge'],
    lines: (results) => [
      'Each as its README says, in memory; in brackets, of ours. Whether callers are isolated was tried out: one changes its answer, the next one looks.',
      '',
      ...peersTable(results),
    ],
  },
  {
    part: 'scale',
    title: 'Scale',
    plots: ['entries', 'shape'],
    lines: (results) => [
      ...pointRows(results, 'scale', [
        ['hit', 'scale, entries: hit'],
        ['invalidation of one input', 'scale, entries: invalidation of one input'],
        ['invalidation of all', 'scale, entries: invalidation of all'],
        ['memory for each, 100 B, stored', 'scale, memory per entry of 100 B, stored'],
        ['memory for each, stored and decoded', 'scale, memory per entry of 100 B, stored and decoded'],
      ]),
      '',
      ...pointRows(results, 'scale', [
        ['hit', 'scale, procedures: hit'],
        ["invalidation of `'r0.*'`", 'scale, procedures: invalidation of a router'],
        ["invalidation of `'*.p5'`", 'scale, procedures: invalidation of a name in all routers'],
      ]),
      '',
      ...pointRows(results, 'scale', [
        ['hit', 'scale, tags of an entry: hit'],
        ['invalidation of one tag', 'scale, tags of an entry: invalidation of one tag'],
      ]),
      '',
      'Each router above a procedure is one more epoch of its entries:',
      '',
      ...pointRows(results, 'scale', [['hit', 'scale, routers above a procedure: hit']]),
    ],
  },
  {
    part: 'herd',
    title: 'A herd',
    plots: [],
    lines: (results) => [
      `10,000 callers of one key at once; the procedure ran ${shown(
        figureIn(groupIn(results, 'herd', 'herd, runs of the procedure'), '10,000 callers, one key')?.median ??
          Number.NaN,
      )} time. Microseconds for each caller:`,
      '',
      ...tableOf(results, 'herd', 'herd, 10,000 callers of one key'),
    ],
  },
  {
    part: 'soak',
    title: 'A soak',
    plots: [],
    lines: (results) => {
      const heap = groupIn(results, 'soak', 'soak, heap')?.figures ?? [];
      const [settled, last] = [heap[Math.floor(heap.length / 3)], heap.at(-1)];
      const slope = groupIn(results, 'soak', 'soak, slope of the heap')?.figures[0];
      const all = groupIn(results, 'soak', 'soak, operations')?.figures[0];
      if (settled === undefined || last === undefined) return [];
      return [
        `Hits, misses, stale answers, failures, 304s and every kind of invalidation, on a store that is always full: ${shown(all?.median ?? 0)} operations in ${shown(last.x ?? 0)} s.`,
        `After a collection the heap held ${withUnit(settled.median, 'MB')} when the store had filled (${shown(settled.x ?? 0)} s), and ${withUnit(last.median, 'MB')} at the end: ${withUnit(slope?.median ?? 0, 'MB/min')}.`,
      ];
    },
  },
  {
    part: 'size',
    title: 'Size of the package',
    plots: [],
    lines: (results) => [
      'Without peers and dependencies:',
      '',
      ...pointRows(results, 'size', [
        ['minified and brotli', 'size, minified and brotli'],
        ['minified', 'size, minified'],
      ]),
    ],
  },
];

function peersTable(results: Results): string[] {
  const group = (name: string) => groupIn(results, 'peers', `peers, ${name}`);
  const names = group('100 B, bare')?.figures.map(({ name }) => name) ?? [];
  const cell = (of: string, name: string): string => {
    const found = group(of);
    const figure = figureIn(found, name);
    if (figure === undefined) return '';
    const ratio = found?.comparisons.find(({ subject }) => subject === name);
    return ratio === undefined ? shown(figure.median) : `${shown(figure.median)} (${shown(ratio.median)} ×)`;
  };
  const isSo = (of: string, name: string) => withUnit(figureIn(group(of), name)?.median ?? 0, 'yes');
  const columns = ['100 B, bare', '117 kB, bare', '100 B, in a procedure', '117 kB, in a procedure'];
  return table([
    ['', 'callers are isolated', 'Dates stay Dates', ...columns.map((column) => `${column}, µs`)],
    ...names.map((name) => [
      name,
      isSo('callers are isolated', name),
      isSo('Dates stay Dates', name),
      ...columns.map((column) => cell(column, name)),
    ]),
  ]);
}
