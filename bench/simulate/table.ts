import type { Row } from './scenarios.ts';

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const whole = (count: number): string => Math.round(count).toLocaleString('en-US');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const columns: readonly (readonly [head: string, cell: (row: Row) => string])[] = [
  ['configuration', ({ configuration }) => configuration],
  ['local', ({ hitRatio }) => percent(hitRatio.local)],
  ['remote', ({ hitRatio }) => percent(hitRatio.remote)],
  ['runs', ({ originRuns }) => whole(originRuns)],
  ['peak/s', ({ originRunsPerSecond }) => whole(originRunsPerSecond.peak)],
  ['herd', ({ herd }) => whole(herd)],
  ['p50 ms', ({ latencyMs }) => latencyMs.p50.toFixed(1)],
  ['p99 ms', ({ latencyMs }) => whole(latencyMs.p99)],
  ['past ttl', ({ stale }) => whole(stale.pastTtl)],
  ['invalidated, at most', ({ stale }) => invalidated(stale)],
  ['requests', ({ store }) => whole(store.requests.all)],
  ['commands', ({ store }) => whole(store.commands)],
  ['MB down', ({ store }) => (store.bytesDown / 1e6).toFixed(1)],
  ['$/M reads', ({ usdPerMillion }) => usdPerMillion.toFixed(2)],
  ['$/M, a command a request', (row) => usdOfRequests(row).toFixed(2)],
];

const invalidated = ({ afterInvalidation, afterInvalidationMostMs }: Row['stale']): string =>
  afterInvalidation === 0 ? '0' : `${whole(afterInvalidation)}, ${seconds(afterInvalidationMostMs)}`;

const usdOfRequests = ({ store: { usd }, requests }: Row): number =>
  requests === 0 ? 0 : ((usd.requestsOnly + usd.bandwidth) / requests) * 1e6;

/** What is said above the rows of one workload in one deployment. */
const title = ({ workload, isolates, requests, seconds: measured }: Row): string =>
  `\n${workload}, ${isolates} isolates, ${whole(requests)} reads in ${measured} s`;

/** Rows as lines of a table, in Markdown; with its head where `isFirst`. */
export function linesOf(row: Row, isFirst: boolean): string[] {
  const widths = columns.map(([head]) => Math.max(head.length, 9));
  widths[0] = 24;
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] as number) : cell.padStart(widths[at] as number))).join(' | ')} |`;
  const cells = line(columns.map(([, cell]) => cell(row)));
  if (!isFirst) return [cells];
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [title(row), '', line(columns.map(([head]) => head)), rule, cells];
}
