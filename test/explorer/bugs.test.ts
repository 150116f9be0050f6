import { describe, expect, test } from 'vitest';
import * as library from '../../src/index.ts';
import { bugs } from './bugs.ts';
import { withClock } from './clock.ts';
import { exploreAll } from './explore.ts';
import { mutantOf } from './mutant.ts';
import { smallPrograms } from './programs.ts';

const minutes = 180_000;

describe('the explorer finds the bugs that caches are known for', () => {
  test.each(bugs.map((bug) => [bug.name, bug.within, bug.program, bug] as const))(
    'the explorer finds %s within %i schedules of: %s',
    async (_name, within, name, { plant }) => {
      const program = smallPrograms.find((one) => one.name === name);
      if (program === undefined) throw new Error(`there is no program named ${name}`);
      const planted = 'server' in plant ? { library, server: plant.server } : { library: await mutantOf(plant) };
      const { violation } = await withClock((clock) => exploreAll(program, { ...planted, clock }, within));
      expect(violation).toMatch(/gave version \d+ after \d+ was acknowledged/);
    },
    minutes,
  );

  test('a bug whose place in the source is gone is no bug that was found', async () => {
    const gone = mutantOf({ file: 'fill.ts', from: 'this text was never there', to: '' });
    await expect(gone).rejects.toThrow('src/fill.ts does not hold this once');
  });
});
