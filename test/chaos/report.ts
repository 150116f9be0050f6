import type { Shown } from './run.ts';
import { quantile, type Times } from './tally.ts';

const table = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
};

const count = (number: number): string => number.toLocaleString('en-US');
const times = (of: Times): string =>
  `p50 ${quantile(of, 0.5)} ms, p99 ${quantile(of, 0.99)} ms, max ${quantile(of, 1)} ms`;

/** How many faults happened. */
export const faultsIn = ({ faults }: Shown): number => [...faults.values()].reduce((sum, times) => sum + times, 0);

/** Whether everything that was promised held. */
export const held = ({ violations, failures, tally }: Shown): boolean =>
  violations.length === 0 && failures.length === 0 && tally.failed === 0;

/** What a run has shown, for people. */
export function report(shown: Shown): string {
  const { tally, violations, failures, faults, kind, seconds } = shown;
  const answered = tally.reads === 0 ? 0 : (tally.reads - tally.failed) / tally.reads;
  const named = [...faults].map(([name, times]) => `${name} ${times}`).join(', ');
  const lines = table([
    ['store', `${kind}, 4 processes, ${seconds.toFixed(1)} s`],
    ['reads checked', count(tally.checked)],
    ['', `${count(tally.hit)} hits, ${count(tally.stale)} stale, ${count(tally.miss)} misses,`],
    ['', `${count(tally.coalesced)} coalesced, ${count(tally.bypass)} bypasses; ${count(tally.runs)} runs`],
    ['invalidations', `${count(tally.acknowledged)} acknowledged, ${count(tally.unacknowledged)} not,`],
    ['', `${count(tally.unsaid)} unsaid; ${count(tally.proven)} of these proven written later`],
    ['faults', `${faultsIn(shown)}${named === '' ? '' : `: ${named}`}`],
    ['breaker', `opened ${tally.opened}, closed ${tally.closed}`],
    ['violations', count(violations.length)],
    ['failed queries', `${count(tally.failed)}; other failures ${failures.length - tally.failed}`],
    ['availability', `${(answered * 100).toFixed(3)} %`],
    ['latency, calm', times(tally.calm)],
    ['  during faults', times(tally.faulty)],
    ['  with leases, calm', times(tally.calmLeased)],
    ['  during faults', times(tally.faultyLeased)],
    ['processes too busy for', times(tally.busy)],
  ]);
  const shownFailures = failures.slice(0, 3).join('\n');
  const shownViolations = violations.slice(0, 5).map((one) => JSON.stringify(one));
  return [lines, ...shownViolations, shownFailures].filter((part) => part !== '').join('\n');
}
