import fc from 'fast-check';
import { expect, test } from 'vitest';
import { play, type Tally, withWall } from './play.ts';
import { sequences } from './steps.ts';

const minute = 60_000;

test(
  "I1 to I8 hold, and nobody gets what is another user's, in 250 random sequences behind caches of every kind",
  async () => {
    const tally: Tally = {};
    const property = fc.asyncProperty(sequences, async (sequence) => {
      expect(await play(sequence, tally)).toEqual([]);
    });
    await withWall(() => fc.assert(property, { numRuns: 250 }));
    // Without these it would prove nothing.
    const least = { requests: 1_000, 304: 60, HIT: 250, STALE: 5, MISS: 250, BYPASS: 25, 'no-store': 150, streams: 25 };
    for (const [kind, count] of Object.entries(least)) expect(tally[kind] ?? 0, kind).toBeGreaterThan(count);
    for (const kind of ['browser', 'shared', 'careless', 'cdn']) {
      expect(tally[`stored: ${kind}`] ?? 0, `stored: ${kind}`).toBeGreaterThan(100);
      expect(tally[`served: ${kind}`] ?? 0, `served: ${kind}`).toBeGreaterThan(4);
      expect(tally[`merged: ${kind}`] ?? 0, `merged: ${kind}`).toBeGreaterThan(10);
    }
    expect(tally['stored: fastly'] ?? 0, 'stored: fastly').toBeGreaterThan(10);
  },
  minute,
);
