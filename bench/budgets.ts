import type { PartName } from './parts.ts';

/** A promise about cost, as something that can be checked. */
export interface Budget {
  readonly name: string;
  readonly part: PartName;
  readonly group: string;
  readonly subject: string;
  /** What the subject is compared with; without it, the figure itself counts. */
  readonly baseline?: string;
  readonly limit: number;
  /** `at most`: what the subject costs, of its baseline. `at least`: how many times faster than its baseline it is. */
  readonly direction: 'at most' | 'at least';
  readonly unit: '×' | 'µs' | 'requests' | 'bytes' | 'runs';
  /** How far off a figure may be on a machine that does other things too, as a share of the limit. */
  readonly noise: number;
}

/** Of a figure that is noisy by so much of its limit, whatever its runs say. */
const atMost = (limit: number, unit: Budget['unit'] = '×', noise = 0.1) =>
  ({ direction: 'at most', limit, unit, noise }) as const;
const fasterBy = (limit: number) => ({ direction: 'at least', limit, unit: '×', noise: 0.15 }) as const;
/** Of what is counted there is no noise. */
const exactly = (limit: number, unit: Budget['unit']) => atMost(limit, unit, 0);

const stores = [
  'Upstash with automatic pipelines',
  'Upstash without automatic pipelines',
  'Redis with ioredis',
  'Redis with redis',
];

/** How many requests a store may make for what. */
export const requestBudgets = {
  hit: 1,
  'batch of 10 hits': 1,
  'a 304': 1,
  miss: 2,
  'invalidation of 1 entry': 1,
  'invalidation of 1,000 entries': 1,
} as const;

/** The requests of the fetch adapter, alone or behind a middleware that changes the context. */
function overHttp(behind: string): Budget[] {
  const uncached = { part: 'http', baseline: 'not cached' } as const;
  const small = `HTTP, 100 B, superjson${behind}`;
  const large = `HTTP, 117 kB, superjson${behind}`;
  return [
    { name: `${large}: not cached ÷ hit`, ...uncached, group: large, subject: 'hit', ...fasterBy(12) },
    {
      name: `${large}: not cached ÷ hit through \`cache.fetch\``,
      ...uncached,
      group: large,
      subject: 'hit, cache.fetch',
      ...fasterBy(30),
    },
    { name: `${large}: not cached ÷ 304`, ...uncached, group: large, subject: '304', ...fasterBy(100) },
    { name: `${small}: hit ÷ not cached`, ...uncached, group: small, subject: 'hit', ...atMost(1.2) },
  ];
}

/** What the design promises. */
export const budgets: readonly Budget[] = [
  {
    name: 'caller, 100 B: hit ÷ not cached',
    part: 'caller',
    group: 'caller, 100 B, procedures',
    subject: 'hit',
    baseline: 'not cached',
    ...atMost(1.5),
  },
  {
    name: 'caller, 100 B, zod input: hit ÷ not cached',
    part: 'caller',
    group: 'caller, 100 B, procedures',
    subject: 'hit, zod input',
    baseline: 'not cached, zod input',
    ...atMost(1.5),
  },
  ...['clone by hand', 'structuredClone'].map(
    (baseline): Budget => ({
      name: `caller, 117 kB: hit ÷ ${baseline}`,
      part: 'caller',
      group: 'caller, 117 kB',
      subject: 'hit',
      baseline,
      ...atMost(1.2),
    }),
  ),
  {
    name: "caller, `share: 'frozen'`: hit of 117 kB ÷ hit of 100 B",
    part: 'caller',
    group: "caller, share: 'frozen'",
    subject: 'hit, 117 kB',
    baseline: 'hit, 100 B, copy',
    ...atMost(1.2),
  },
  ...overHttp(''),
  ...overHttp(', behind auth'),
  {
    name: '`cache.http(…)` for each request, after the first',
    part: 'http',
    group: 'cache.http',
    subject: 'cache.http(…) for each request',
    ...atMost(1, 'µs'),
  },
  {
    name: 'caller, 100 B: miss − not cached',
    part: 'miss',
    group: 'miss, 100 B',
    subject: 'miss',
    baseline: 'not cached',
    ...atMost(40, 'µs'),
  },
  {
    name: 'tiered, trust 0, `cache.fetch`, CPU: hit of 1 MB ÷ hit of 1 kB',
    part: 'remote',
    group: 'tiered, trust 0, CPU',
    subject: 'hit, 1 MB',
    baseline: 'hit, 1 kB',
    ...atMost(3),
  },
  ...stores.flatMap((store) =>
    Object.entries(requestBudgets).map(
      ([subject, limit]): Budget => ({
        name: `requests, ${store}: ${subject}`,
        part: 'requests',
        group: `requests, ${store}`,
        subject,
        ...exactly(limit, 'requests'),
      }),
    ),
  ),
  {
    name: '10,000 callers of one key at once: runs of the procedure',
    part: 'herd',
    group: 'herd, runs of the procedure',
    subject: '10,000 callers, one key',
    ...exactly(1, 'runs'),
  },
  {
    name: 'core, minified and brotli',
    part: 'size',
    group: 'size, minified and brotli',
    subject: 'trpc-cached',
    ...exactly(8_000, 'bytes'),
  },
];
