import { describe, expect, test } from 'vitest';
import * as library from '../../src/index.ts';
import { withClock } from './clock.ts';
import { exploreAll, type Findings, sum } from './explore.ts';
import { smallPrograms } from './programs.ts';

const minutes = 180_000;
const all: Findings[] = [];

describe('law 1, in every order of events that can make a difference', () => {
  test.each(smallPrograms.map((program) => [program.name, program] as const))(
    'no read gives less than what was acknowledged before it: %s',
    async (_name, program) => {
      const found = await withClock((clock) => exploreAll(program, { library, clock }, 2_000));
      all.push(found);
      expect(found.violation).toBeUndefined();
      expect(found.complete).toBe(true);
    },
    minutes,
  );

  test('at least 7,000 schedules were run, and they do share answers: otherwise they would prove nothing', () => {
    const { schedules, reads, shared } = sum(all);
    expect(schedules).toBeGreaterThanOrEqual(7_000);
    expect(shared / reads).toBeGreaterThan(0.2);
  });
});
