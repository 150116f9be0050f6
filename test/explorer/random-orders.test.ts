import { describe, expect, test } from 'vitest';
import * as library from '../../src/index.ts';
import { withClock } from './clock.ts';
import { exploreRandom } from './explore.ts';
import { largeProgram } from './large.ts';

const minutes = 180_000;

describe('law 1, in orders of events at random', () => {
  test(
    '3,000 large programs, each in an order of its own, never give less than what was acknowledged, and share answers',
    async () => {
      const { violation, schedules, reads, shared } = await withClock((clock) =>
        exploreRandom(largeProgram, { library, clock }, 1, 3_000),
      );
      expect(violation).toBeUndefined();
      expect(schedules).toBe(3_000);
      expect(shared / reads).toBeGreaterThan(0.2);
    },
    minutes,
  );

  test(
    'a seed gives the same schedule every time, so that a failing one can be replayed',
    async () => {
      const once = () =>
        withClock((clock) =>
          exploreRandom(largeProgram, { library, clock, server: 'fills whatever moved on' }, 1, 1_000),
        );
      const first = await once();
      expect(first.violation).toMatch(/^seed \d+: .* was acknowledged/);
      expect(await once()).toEqual(first);
    },
    minutes,
  );
});
