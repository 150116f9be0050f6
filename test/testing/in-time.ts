import type { VirtualClock } from '../../src/testing/index.ts';

/** What something comes to while time passes: cases wait for lifetimes to end, and for stores that are far away. */
export async function inTime<T>(clock: VirtualClock, work: Promise<T>, stepMs = 200): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  work.then(over, over);
  for (let turns = 0; turns < 2_000 && !isOver; turns++) await null; // nearly all of them wait for nothing
  while (!isOver) await clock.advance(`${stepMs}ms`);
  return work;
}
