import { do_not_optimize as keep } from 'mitata';

/** Something that is measured. */
export interface Subject {
  readonly name: string;
  /** Does it once. What it returns is awaited if it is a promise. */
  readonly run: () => unknown;
  /** How many calls one run makes, where that is not one: the figure is per call. */
  readonly calls?: number;
  /** Names of the subjects of the same group that it is compared with. */
  readonly against?: readonly string[];
  /** Where it stands on the axis of a line chart. */
  readonly x?: number;
}

/** How much is measured, and by which clock. */
export interface Plan {
  readonly rounds: number;
  /** Rounds before, that do not count. */
  readonly warmRounds: number;
  /** How long one batch of calls should take, in milliseconds. */
  readonly batchMs: number;
  /** In milliseconds. */
  readonly now: () => number;
  /** Called before each batch, which does not count: a collection of young garbage, so that nobody pays for another's. */
  readonly collect: () => void;
}

/** Microseconds per call of each subject, one for each round. */
export type Rounds = ReadonlyMap<string, readonly number[]>;

const mostCalls = 2 ** 20;

/**
 * Measures subjects side by side: in each round every one has a batch, in another order each time, so that whatever slows the
 * machine down for a while slows all of them down.
 */
export async function measure(subjects: readonly Subject[], plan: Plan): Promise<Rounds> {
  const rounds = new Map(subjects.map(({ name }) => [name, [] as number[]]));
  if (rounds.size !== subjects.length) throw new Error('two subjects of one group have the same name');
  const sizes = new Map<Subject, number>();
  for (const subject of subjects) sizes.set(subject, await firstSize(subject, plan));
  for (let round = -plan.warmRounds; round < plan.rounds; round++) {
    for (const subject of inOrder(subjects, round + plan.warmRounds)) {
      const size = sizes.get(subject) as number;
      const ms = await batch(subject, size, plan);
      if (round < 0)
        sizes.set(subject, fitting(size, ms, plan)); // it gets faster while it is compiled
      else rounds.get(subject.name)?.push((ms * 1_000) / (size * (subject.calls ?? 1)));
    }
  }
  return rounds;
}

/** The subjects in the order of a round: another one begins each time, and every second time they come backwards. */
export function inOrder<T>(subjects: readonly T[], round: number): T[] {
  const first = round % Math.max(1, subjects.length);
  const order = [...subjects.slice(first), ...subjects.slice(0, first)];
  return round % 2 === 0 ? order : order.reverse();
}

async function firstSize(subject: Subject, plan: Plan): Promise<number> {
  for (let size = 1; ; size *= 2) {
    const ms = await batch(subject, size, plan);
    if (ms >= plan.batchMs / 4 || size >= mostCalls) return fitting(size, ms, plan);
  }
}

/** How many calls fill a batch, when so many took so long. */
const fitting = (size: number, ms: number, { batchMs }: Plan): number =>
  ms <= 0 ? size : Math.min(mostCalls, Math.max(1, Math.round((size * batchMs) / ms)));

/** How long so many calls take, one after the other. Nothing is awaited that is no promise. */
async function batch({ run }: Subject, size: number, { now, collect }: Plan): Promise<number> {
  collect();
  const start = now();
  const first = run();
  if (typeof (first as { then?: unknown } | undefined)?.then === 'function') {
    keep(await first);
    for (let call = 1; call < size; call++) keep(await run());
  } else {
    keep(first);
    for (let call = 1; call < size; call++) keep(run());
  }
  return now() - start;
}

/** The time that passes. */
export const wallMs = (): number => performance.now();

/** The time that the processor spent on this process, all its threads together: what others do does not count. */
export const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

type Collect = (options?: { type: 'minor' }) => void;
const gc: Collect | undefined = (globalThis as { gc?: Collect }).gc;

/**
 * Collects what is young, where node allows it (`--expose-gc`). Not everything: after a full collection code is slow until it
 * is compiled again, ten times so for hundreds of requests.
 */
export const collectYoung = (): void => gc?.({ type: 'minor' });

/** Bytes on the heap, without garbage. */
export function heapUsed(): number {
  gc?.();
  return process.memoryUsage().heapUsed;
}
