import type { Memory } from './isolate.ts';
import { createRandom, lognormal } from './random.ts';
import { memoryDefaults, plain, simulate } from './simulate.ts';
import type { Result } from './tally.ts';
import { poissonTraffic } from './traffic.ts';
import { type Workload, workloads } from './workloads.ts';
import type { Delays, Settings } from './world.ts';
import { createSampler, zipfShares } from './zipf.ts';

/** One row of the table. */
export interface Scenario {
  readonly name: string;
  readonly configuration: string;
  readonly settings: Settings;
  readonly workload: Workload;
  readonly deployment: Deployment;
  readonly seed: number;
}

/** How many isolates, and how busy. */
export interface Deployment {
  readonly isolates: number;
  readonly readsPerSecond: number;
  readonly seconds: number;
  /** Nothing is counted at first: at the start every key is missing. */
  readonly warmUpSeconds: number;
  /** Isolates are evicted, on average, after this. */
  readonly lifeSeconds: number;
  readonly memory: Memory;
}

export interface Row extends Result {
  readonly name: string;
  readonly workload: string;
  readonly isolates: number;
  readonly configuration: string;
}

const tier = (trustSeconds: number) => ({ trustMs: trustSeconds * 1000 });

/** What is compared: each option alone, then all of them. */
export const configurations: Readonly<Record<string, Settings>> = {
  plain,
  '+ jitter': { ...plain, jitter: 0.1 },
  '+ XFetch': { ...plain, early: 1 },
  '+ stale window': { ...plain, staleWhileRevalidateMs: 60_000 },
  '+ lease': { ...plain, lease: true },
  '+ tier, trust 0': { ...plain, tier: tier(0) },
  '+ tier, trust 1s': { ...plain, tier: tier(1) },
  '+ tier, trust 10s': { ...plain, tier: tier(10) },
  '+ tier, trust 10s, context': { ...plain, tier: tier(10), asyncContext: true },
  all: { ...plain, jitter: 0.1, early: 1, lease: true, tier: tier(10), asyncContext: true },
};

const common = { seconds: 90, warmUpSeconds: 30, lifeSeconds: 600, memory: memoryDefaults };

/** Traffic grows with the isolates, and each of them is less busy: the edge has many places. */
export const deployments: readonly Deployment[] = [
  { ...common, isolates: 10, readsPerSecond: 50 },
  { ...common, isolates: 100, readsPerSecond: 200 },
  { ...common, isolates: 1000, readsPerSecond: 500 },
];

/**
 * Round trips to the store: 5 ms for two isolates of five (same region), 30 ms for two (same continent), 90 ms for one. The
 * procedure, with its database: one of a hundred takes four times the median. Assumed, not published.
 */
export function delaysOf(seed: number, runMs: number): Delays {
  const random = createRandom(seed);
  const roundTrips = [5, 5, 30, 30, 90] as const;
  return {
    trip: (isolate) => lognormal(random, (roundTrips[isolate % 5] as number) / 2, 0.3),
    run: () => lognormal(random, runMs, 0.6),
  };
}

/** Every workload, in every deployment, with every configuration; the traffic of a workload is the same for all of these. */
export function scenarios(given: { readonly deployments?: readonly Deployment[]; readonly seed?: number } = {}) {
  const { deployments: several = deployments, seed = 1 } = given;
  return workloads.flatMap((workload) =>
    several.flatMap((deployment) =>
      Object.entries(configurations).map(
        ([configuration, settings]): Scenario => ({
          name: `${workload.name}, ${deployment.isolates} isolates, ${configuration}`,
          configuration,
          settings,
          workload,
          deployment,
          seed,
        }),
      ),
    ),
  );
}

/** Runs one scenario. */
export function runScenario({ name, configuration, settings, workload, deployment, seed }: Scenario): Row {
  const { isolates, readsPerSecond, memory } = deployment;
  const untilMs = (deployment.warmUpSeconds + deployment.seconds) * 1000;
  const keyOf = createSampler(zipfShares(workload.keys, workload.alpha));
  const traffic = poissonTraffic({
    isolates,
    readsPerSecond,
    writesPerSecond: readsPerSecond * workload.writesPerRead,
    lifeMs: deployment.lifeSeconds * 1000,
    untilMs,
    keyOf,
    writtenKeyOf: workload.writesFollowReads ? keyOf : (random) => Math.floor(random() * workload.keys),
    seed,
  });
  const measured = simulate({
    isolates,
    settings,
    memory,
    traffic,
    delays: delaysOf(seed + 1, workload.runMs),
    keys: workload,
    random: createRandom(seed + 2),
    warmUpMs: deployment.warmUpSeconds * 1000,
    untilMs,
  });
  return { name, workload: workload.name, isolates, configuration, ...measured };
}

/** Runs them one after another; `each` hears of every row as it comes. */
export function runAll(list: readonly Scenario[] = scenarios(), each: (row: Row) => void = () => {}): Row[] {
  return list.map((scenario) => {
    const row = runScenario(scenario);
    each(row);
    return row;
  });
}
