import { setTimeout as sleep } from 'node:timers/promises';
import type { RunOptions } from './run.ts';

/** The ways of a server to be down. */
export type Way =
  /** It takes what comes and answers nothing. */
  | 'hangs'
  /** It is gone, and comes back as it was some time before. */
  | 'is gone'
  /** What is in front of it says no. */
  | 'refuses';

// A machine with much else to do gives the processes little time to notice.
const patienceMs = 30_000;

/** A server that is down for so long, and until so many breakers have opened, while everybody reads and writes. */
export const downFor =
  (way: Way, seconds: number, opened = 0): NonNullable<RunOptions['program']> =>
  async ({ world, history, fleet }) => {
    const { server, lines } = world;
    await sleep(1_500);
    const before = way === 'is gone' && world.kind === 'redis' ? await server.snapshot() : undefined;
    history.setFaulty(true);
    if (way === 'hangs') server.pause();
    else if (way === 'is gone') await server.kill();
    else for (const line of lines) line.refuse?.();
    await sleep(seconds * 1_000);
    for (let waited = 0; fleet.outcome.tally.opened < opened && waited < patienceMs; waited += 100) await sleep(100);
    if (way === 'hangs') server.resume();
    else if (way === 'is gone') await server.restart(before);
    else for (const line of lines) line.heal();
    history.setFaulty(false);
    await sleep(1_000);
  };
