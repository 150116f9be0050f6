import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bugs } from './bugs.ts';
import { play, withWall } from './play.ts';
import { sequences } from './steps.ts';

const samples = fc.sample(sequences, { seed: 6, numRuns: 150 });

describe('the invariants find what they are there for', () => {
  test.each(bugs)('$name is found, as a violation of $violates', async (bug) => {
    const isFound = await withWall(async () => {
      for (const sequence of samples) {
        const violations = await play(sequence, {}, bug);
        if (violations.some((one) => one.startsWith(`${bug.violates}:`))) return true;
      }
      return false;
    });
    expect(isFound).toBe(true);
  });
});
