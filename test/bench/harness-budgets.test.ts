import { describe, expect, test } from 'vitest';
import { budgets } from '../../bench/budgets.ts';
import type { Settings } from '../../bench/group.ts';
import { type Part, type PartName, partNames, parts } from '../../bench/parts.ts';
import { summarize } from '../../bench/summary.ts';
import { verdicts } from '../../bench/verdict.ts';

/** One call of everything, or a few: what it measures means nothing, its names do. */
const settings: Settings = {
  quick: true,
  full: false,
  run: 0,
  clock: 'wall',
  plan: { rounds: 1, warmRounds: 0, batchMs: 0, coldMs: 0 },
};
const place = { node: '', v8: '', system: '', cpu: '', cores: 1, memoryGB: 1, load: 0, commit: '', packages: {} };
// Those of other parts, which start servers, need what is built or take long, are found out by `--check`: there they fail.
const alone = (name: PartName) => (parts[name] as Part).needs === undefined && name !== 'size' && name !== 'herd';
const judged = partNames.filter((name) => alone(name) && budgets.some(({ part }) => part === name));

describe('budgets', () => {
  test.each(judged)('of %s name what it measures, whose hits are hits', async (name) => {
    const measure = await parts[name].load();
    const groups = summarize([await measure(settings)]);
    const result = { measured: '', runs: 1, quick: true, clock: 'wall' as const, environment: place, groups };
    const own = verdicts(
      budgets.filter(({ part }) => part === name),
      { parts: { [name]: result } },
    );
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter(({ standing }) => standing === 'not measured').map(({ budget }) => budget.name)).toEqual([]);
    const counted = own.filter(({ budget }) => budget.noise === 0);
    expect(counted.filter(({ standing }) => standing !== 'met').map(({ budget }) => budget.name)).toEqual([]);
  });

  test('have names of their own', () => {
    const names = budgets.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
