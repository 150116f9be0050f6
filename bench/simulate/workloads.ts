import { ofKey, pareto } from './random.ts';
import type { Keys } from './world.ts';

/** What is asked for, how often it is written, how long and how large it is: by published figures where there are any. */
export interface Workload extends Keys {
  readonly name: string;
  readonly source: string;
  /** What nobody has published, and was chosen here. */
  readonly assumed: string;
  readonly keys: number;
  /** The exponent of Zipf's law. */
  readonly alpha: number;
  readonly writesPerRead: number;
  /** Whether what is read often is written often; else each key is written as often as any other. */
  readonly writesFollowReads: boolean;
  /** How long the procedure takes: the median of a lognormal distribution. */
  readonly runMs: number;
}

const seconds = (count: number) => count * 1000;
const [minute, hour, day] = [seconds(60), seconds(3_600), seconds(86_400)];

const twitter =
  'github.com/twitter/cache-trace stat/2020Mar.md (CC BY 4.0); Yang, Yue, Rashmi, OSDI 2020: one week of 54 clusters, March 2020';

/** Results of computations, short lifetimes of several lengths: what a cached query is most like. */
const computed: Workload = {
  name: 'twitter-4',
  source: `${twitter}. Cluster 4: alpha 1.1004, value 2,439 B, get 0.93 set 0.07, TTL 60s 39 %, 300s 24 %, 1h 13 %, 600s 12 %, 4h 9 %, 1d 3 %`,
  assumed: 'each set is a write with an invalidation, although many of them fill after a miss, of any key; 10,000 keys',
  keys: 10_000,
  alpha: 1.1004,
  writesPerRead: 0.07 / 0.93,
  writesFollowReads: false,
  runMs: 120,
  payload: () => 2_439,
  ttlMs(key) {
    const u = ofKey(key, 1);
    if (u < 0.39) return minute;
    if (u < 0.63) return 5 * minute;
    if (u < 0.76) return hour;
    if (u < 0.88) return 10 * minute;
    return u < 0.97 ? 4 * hour : day;
  },
};

/** Rows of a database, kept for a day and deleted when they change: invalidations in place of expiry. */
const invalidated: Workload = {
  name: 'twitter-14',
  source: `${twitter}. Cluster 14: alpha 1.2959, value 414 B, get 0.65 delete 0.22 set 0.13, TTL 1d`,
  assumed: 'each delete is an invalidation, of what is read often more often; a set is a fill; 10,000 keys',
  keys: 10_000,
  alpha: 1.2959,
  writesPerRead: 0.22 / 0.65,
  writesFollowReads: true,
  runMs: 120,
  payload: () => 414,
  ttlMs: () => day,
};

/** Mostly read, small, one lifetime for all: after a start everything popular expires together. */
const readMostly: Workload = {
  name: 'meta-etc',
  source:
    'Atikoglu et al., SIGMETRICS 2012, pool ETC: GET to SET 30 to 1, value sizes generalized Pareto (0, 214.476, 0.348238). Popularity: YCSB, Cooper et al., SoCC 2010, zipfian 0.99',
  assumed: 'TTL 60s; 2,000 keys; each SET is an invalidation, of any key; values of 1 MB at most',
  keys: 2_000,
  alpha: 0.99,
  writesPerRead: 1 / 30,
  writesFollowReads: false,
  runMs: 120,
  payload: (key) => Math.max(1, Math.round(Math.min(pareto(ofKey(key, 2), 214.476, 0.348238), 1_000_000))),
  ttlMs: () => minute,
};

/** One slow query that everybody asks for: no trace, but what the options against herds are made for. */
const frontPage: Workload = {
  name: 'front-page',
  source: 'none',
  assumed: 'one key, 30 kB, TTL 10s, a procedure of one second, a write in some minutes',
  keys: 1,
  alpha: 0,
  writesPerRead: 1 / 50_000,
  writesFollowReads: true,
  runMs: 1_000,
  payload: () => 30_000,
  ttlMs: () => seconds(10),
};

export const workloads: readonly Workload[] = [computed, invalidated, readMostly, frontPage];
