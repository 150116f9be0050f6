import type { Program } from './program.ts';
import { allOrders, randomOrder } from './scheduler.ts';
import { type Around, type Outcome, runOnce } from './world.ts';

/** What many schedules showed. */
export interface Findings {
  /** Schedules that were run to their end. */
  schedules: number;
  reads: number;
  /** Answers that nobody had to run for. */
  shared: number;
  /** Whether every order that can make a difference was run. */
  complete: boolean;
  /** The first violation: which program, what, and the steps that led to it, with the seed that repeats it. */
  violation: string | undefined;
}

export const nothingYet = (): Findings => ({
  schedules: 0,
  reads: 0,
  shared: 0,
  complete: true,
  violation: undefined,
});

/** Runs all orders of a program that can make a difference, or the first so many. */
export async function exploreAll(program: Program, around: Around, most: number): Promise<Findings> {
  const found = nothingYet();
  const scheduler = allOrders();
  for (let more = true; more; more = scheduler.end()) {
    if (found.schedules >= most) return { ...found, complete: false };
    note(found, program, await runOnce(program, scheduler.begin(), around));
    if (found.violation !== undefined) return { ...found, complete: false };
  }
  return found;
}

/** Runs programs that come from seeds, each in an order of the same seed. */
export async function exploreRandom(
  programOf: (seed: number) => Program,
  around: Around,
  first: number,
  count: number,
): Promise<Findings> {
  const found = { ...nothingYet(), complete: false };
  for (let seed = first; seed < first + count; seed++) {
    const program = programOf(seed);
    note(found, program, await runOnce(program, randomOrder(seed), around));
    if (found.violation !== undefined) return found;
  }
  return found;
}

function note(found: Findings, program: Program, { violations, reads, shared, isRedundant, trace }: Outcome): void {
  found.schedules += isRedundant ? 0 : 1;
  found.reads += reads;
  found.shared += shared;
  if (violations.length > 0) {
    found.violation = [`${program.name}: ${violations.join('; ')}`, JSON.stringify(program), ...trace].join('\n');
  }
}

/** The sum of findings; the first violation of all. */
export function sum(all: readonly Findings[]): Findings {
  return all.reduce(
    (whole, one) => ({
      schedules: whole.schedules + one.schedules,
      reads: whole.reads + one.reads,
      shared: whole.shared + one.shared,
      complete: whole.complete && one.complete,
      violation: whole.violation ?? one.violation,
    }),
    nothingYet(),
  );
}
