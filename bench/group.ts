import { collectYoung, cpuMs, measure, type Plan, type Rounds, type Subject, wallMs } from './measure.ts';

/** What the figures of a group count. */
export type Unit = 'µs' | 'requests/s' | 'requests' | 'bytes' | 'MB' | 'MB/min' | 'runs' | 'yes' | '';

/** What one subject of a group measured, one figure for each round. */
export interface Measured {
  readonly name: string;
  readonly x?: number;
  readonly against?: readonly string[];
  readonly rounds: readonly number[];
}

/** Figures that were measured side by side, in one run. */
export interface Group {
  readonly name: string;
  readonly unit: Unit;
  /** Subjects are compared with their baselines by this. */
  readonly compare: 'ratio' | 'difference';
  readonly subjects: readonly Measured[];
}

/** What a time is: that passes, or that the processor spends on this process. */
export type Clock = 'wall' | 'cpu';

/** How one run of a part is to be done. */
export interface Settings {
  /** Less of everything, for a look that costs a minute. */
  readonly quick: boolean;
  /** Also what takes minutes: for a part that was asked for by its name. */
  readonly full: boolean;
  /** Which run this is, from 0: what has few rounds begins with another subject in each. */
  readonly run: number;
  readonly clock: Clock;
  readonly plan: Pick<Plan, 'rounds' | 'warmRounds' | 'batchMs'> & { readonly coldMs: number };
}

/** How much one run measures. */
export const plans = {
  quick: { rounds: 3, warmRounds: 1, batchMs: 10, coldMs: 800 },
  usual: { rounds: 5, warmRounds: 2, batchMs: 20, coldMs: 1_000 },
} as const;

/** Where the groups of a part are collected as they are measured. */
export interface Groups {
  readonly all: readonly Group[];
  /** Measures subjects side by side. */
  readonly add: (
    name: string,
    subjects: readonly Subject[],
    options?: { compare?: Group['compare']; now?: Plan['now'] },
  ) => Promise<void>;
  /** Keeps figures that are not times: counts, sizes, yes and no. */
  readonly facts: (name: string, unit: Unit, facts: Readonly<Record<string, number>>) => void;
}

/** The first group is measured for a while before it counts: all groups use much of the same code, and it is cold then. */
export function groupsBy(settings: Settings): Groups {
  const all: Group[] = [];
  const { coldMs, ...plan } = settings.plan;
  return {
    all,
    async add(name, subjects, { compare = 'ratio', now = settings.clock === 'cpu' ? cpuMs : wallMs } = {}) {
      const own = { ...plan, now, collect: collectYoung };
      const warmAt = cpuMs() + coldMs; // of the processor: elsewhere others may have it
      while (all.length === 0 && cpuMs() < warmAt) await measure(subjects, own);
      all.push(groupOf(name, subjects, await measure(subjects, own), compare));
    },
    facts: (name, unit, facts) => void all.push(factsOf(name, unit, facts)),
  };
}

/** A group of what was measured of its subjects. */
const groupOf = (name: string, subjects: readonly Subject[], rounds: Rounds, compare: Group['compare']): Group => ({
  name,
  unit: 'µs',
  compare,
  subjects: subjects.map(({ name: subject, x, against }) => ({
    name: subject,
    ...(x !== undefined && { x }),
    ...(against !== undefined && { against }),
    rounds: rounds.get(subject) ?? [],
  })),
});

/** Figures that are not times: counts, sizes, yes and no. */
export const factsOf = (name: string, unit: Unit, facts: Readonly<Record<string, number>>): Group => ({
  name,
  unit,
  compare: 'ratio',
  subjects: Object.entries(facts).map(([subject, value]) => ({ name: subject, rounds: [value] })),
});
