/** What a process counted. Everything adds up, so that the parts of a killed process are not lost. */
export interface Tally {
  reads: number;
  checked: number;
  failed: number;
  hit: number;
  stale: number;
  miss: number;
  coalesced: number;
  bypass: number;
  runs: number;
  acknowledged: number;
  unacknowledged: number;
  /** Of mutations that answer without saying whether their invalidation was confirmed. */
  unsaid: number;
  /** Of these and the unacknowledged: a later lookup proved that they were written, and they bind every process since. */
  proven: number;
  opened: number;
  closed: number;
  /** How many reads took so many half milliseconds: without a fault, and while one went on … */
  calm: Times;
  faulty: Times;
  /** … and of processes that may wait for the lease of another one. */
  calmLeased: Times;
  faultyLeased: Times;
  /** For how long the process itself was too busy to answer anything, in half milliseconds. */
  busy: Times;
}

/** How often something took so many half milliseconds. */
export type Times = Record<number, number>;

export const newTally = (): Tally => ({
  reads: 0,
  checked: 0,
  failed: 0,
  hit: 0,
  stale: 0,
  miss: 0,
  coalesced: 0,
  bypass: 0,
  runs: 0,
  acknowledged: 0,
  unacknowledged: 0,
  unsaid: 0,
  proven: 0,
  opened: 0,
  closed: 0,
  calm: {},
  faulty: {},
  calmLeased: {},
  faultyLeased: {},
  busy: {},
});

/** Notes how long a read took. */
export function took(times: Times, ms: number): void {
  const bucket = Math.floor(ms * 2);
  times[bucket] = (times[bucket] ?? 0) + 1;
}

export function addTo(total: Tally, part: Tally): void {
  for (const [name, value] of Object.entries(part)) {
    if (typeof value === 'number') total[name as 'reads'] += value;
    else {
      const times = total[name as 'calm'];
      for (const [bucket, count] of Object.entries(value as Times))
        times[Number(bucket)] = (times[Number(bucket)] ?? 0) + count;
    }
  }
}

/** The time, in milliseconds, within which this share of the reads was answered. */
export function quantile(times: Times, share: number): number {
  const buckets = Object.entries(times).map(([bucket, count]) => [Number(bucket), count] as const);
  buckets.sort(([one], [other]) => one - other);
  const wanted = buckets.reduce((sum, [, count]) => sum + count, 0) * share;
  let seen = 0;
  for (const [bucket, count] of buckets) {
    seen += count;
    if (seen >= wanted) return (bucket + 1) / 2;
  }
  return 0;
}
