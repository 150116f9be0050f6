import type { Environment } from './environment.ts';
import { type Group, plans, type Settings } from './group.ts';
import type { Options } from './options.ts';
import { type PartName, parts } from './parts.ts';
import { ended, forked, messageOf } from './processes.ts';
import type { PartResult } from './results.ts';
import { summarize } from './summary.ts';

type Asked = Pick<Options, 'parts' | 'runs' | 'quick' | 'isFull' | 'clock'>;

/** Does one run of a part. */
export type RunOf = (name: PartName, settings: Settings) => Promise<readonly Group[]>;

/** Every run measures all parts, one after the other, so that what is measured again is measured at another time. */
export async function measureParts(
  asked: Asked,
  environment: Environment,
  runOf: RunOf,
  say: (line: string) => void,
): Promise<Record<string, PartResult>> {
  const { quick, clock } = asked;
  const runs = new Map<PartName, (readonly Group[])[]>(asked.parts.map((name) => [name, []]));
  for (let run = 0; run < asked.runs; run++) {
    for (const name of asked.parts) {
      if (run > 0 && !parts[name].isTimed) continue;
      const plan = quick ? plans.quick : plans.usual;
      const startMs = performance.now();
      runs.get(name)?.push(await runOf(name, { quick, full: asked.isFull, run, clock, plan }));
      const of = parts[name].isTimed ? `, run ${run + 1} of ${asked.runs}` : '';
      say(`${name}${of}: ${((performance.now() - startMs) / 1_000).toFixed(1)} s`);
    }
  }
  const about = { measured: new Date().toISOString().slice(0, 10), quick, clock, environment };
  return Object.fromEntries(
    Array.from(runs, ([name, groups]) => [name, { ...about, runs: groups.length, groups: summarize(groups) }]),
  );
}

/** A run in a process of its own. */
export async function runInProcess(name: PartName, settings: Settings): Promise<readonly Group[]> {
  const child = forked('./run.ts', [name, JSON.stringify(settings)]);
  const groups = await messageOf<readonly Group[]>(child, name);
  await ended(child);
  return groups;
}
