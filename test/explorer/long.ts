// A long run: npx tsx test/explorer/long.ts [schedules] [first seed]. Prints what it found, and the first violation whole.
import * as library from '../../src/index.ts';
import { withClock } from './clock.ts';
import { exploreAll, exploreRandom, sum } from './explore.ts';
import { largeProgram } from './large.ts';
import { smallPrograms } from './programs.ts';

const [count = 200_000, seed = 1] = process.argv.slice(2).map(Number);
const found = await withClock(async (clock) => {
  const around = { library, clock };
  const small = [];
  for (const program of smallPrograms) small.push(await exploreAll(program, around, 50_000));
  return [...small, { ...(await exploreRandom(largeProgram, around, seed, count)), complete: true }];
});
const { violation, ...figures } = sum(found);
process.stdout.write(`${JSON.stringify(figures)}\n${violation ?? 'no violation'}\n`);
process.exitCode = violation === undefined ? 0 : 1;
