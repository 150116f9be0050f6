import type { Group, Measured, Unit } from './group.ts';
import { median, paired, type Spread, spread } from './statistics.ts';

/** A figure of a group, over all runs. */
export interface Figure extends Spread {
  readonly name: string;
  readonly x?: number;
}

/** How a subject stands to one of its baselines. */
export interface Comparison extends Spread {
  readonly subject: string;
  readonly baseline: string;
}

/** A group over all runs. */
export interface Summary {
  readonly name: string;
  readonly unit: Unit;
  readonly compare: Group['compare'];
  readonly figures: readonly Figure[];
  readonly comparisons: readonly Comparison[];
}

const compareBy = {
  ratio: (one: number, other: number) => one / other,
  difference: (one: number, other: number) => one - other,
};

/** What the runs of a part say together; every run has the same groups. */
export function summarize(runs: readonly (readonly Group[])[]): Summary[] {
  const [first = []] = runs;
  return first.map(({ name, unit, compare, subjects }) => {
    const ofRuns = runs.map((groups) => {
      const same = groups.find((group) => group.name === name);
      if (same === undefined) throw new Error(`a run has no group named ${name}`);
      return (subject: string): Measured => {
        const found = same.subjects.find((measured) => measured.name === subject);
        if (found === undefined) throw new Error(`${name}: a run has no subject named ${subject}`);
        return found;
      };
    });
    return {
      name,
      unit,
      compare,
      figures: subjects.map(({ name: subject, x }) => ({
        name: subject,
        ...(x !== undefined && { x }),
        ...together(ofRuns.map((of) => of(subject).rounds)),
      })),
      comparisons: subjects.flatMap(({ name: subject, against = [] }) =>
        against.map((baseline) => ({
          subject,
          baseline,
          ...together(ofRuns.map((of) => paired(of(subject).rounds, of(baseline).rounds, compareBy[compare]))),
        })),
      ),
    };
  });
}

/** Of one run, its rounds; of many, their medians: runs differ more than rounds, each is a process of its own. */
const together = (runs: readonly (readonly number[])[]): Spread =>
  spread(runs.length === 1 ? (runs[0] as readonly number[]) : runs.map(median));
