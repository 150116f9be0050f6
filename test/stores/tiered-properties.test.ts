import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { histories, newTally, play } from './tiered-history.ts';
import { stopClocks } from './tiered-world.ts';

describe('whatever happens between two processes with tiers, nothing that was acknowledged as gone comes back', () => {
  beforeEach(stopClocks);
  afterEach(() => void vi.useRealTimers());

  test.each([
    ['both ask on every lookup', [false, false]],
    ['both trust their copies for a while', [true, true]],
    ['one trusts, the other asks', [true, false]],
  ] as const)(
    '%s',
    async (_, trusts) => {
      const tally = newTally();
      await fc.assert(
        fc.asyncProperty(histories, async (history) => {
          expect(await play(history, trusts, tally)).toEqual([]);
        }),
        { numRuns: 700 },
      );
      // Not for want of hits, of copies, of invalidations, or of old data that trust allows for a moment.
      expect(tally.fresh).toBeGreaterThan(500);
      expect(tally.withoutPayload).toBeGreaterThan(100);
      expect(tally.acknowledged).toBeGreaterThan(500);
      expect(tally.stored).toBeGreaterThan(500);
      if (trusts.includes(true as never)) expect(tally.trusted).toBeGreaterThan(100);
      else expect(tally.trusted).toBe(0);
      expect(tally.old).toBeGreaterThan(0);
    },
    60_000,
  );
});
