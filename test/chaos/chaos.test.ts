import { describe, expect, test } from 'vitest';
import { redisAvailable } from '../support/redis.ts';
import { downFor } from './down.ts';
import { faultsIn, held, report } from './report.ts';
import { runChaos } from './run.ts';

// Beside each other and other tests: with less load than `npm run test:chaos`, and no look at clocks.
const gently = { readers: 1, burst: 32, paceMs: 20, writeMs: 100 };

describe.skipIf(!redisAvailable)('four processes over one server that fails in every way', () => {
  test.concurrent.each([
    ['redis', 10],
    ['upstash', 10],
  ] as const)(
    'read nothing older than what was acknowledged, and no query fails: %s, for %i seconds',
    { timeout: 120_000 },
    async (kind, seconds) => {
      const shown = await runChaos({ kind, seconds, seed: Date.now() % 1_000_000, load: gently });
      expect(held(shown), report(shown)).toBe(true);
      expect(faultsIn(shown)).toBeGreaterThan(0);
      // Without hits it would prove nothing.
      expect(shown.tally.hit).toBeGreaterThan(0);
      expect(shown.tally.acknowledged).toBeGreaterThan(0);
    },
  );
});

describe.skipIf(!redisAvailable)('four processes over one server', () => {
  test.concurrent('are caught when some invalidations are confirmed and never sent', { timeout: 120_000 }, async () => {
    const { violations } = await runChaos({
      kind: 'redis',
      seconds: 30,
      seed: 1,
      load: gently,
      bug: 'advance-not-sent',
      untilViolated: true,
    });
    expect(violations.length).toBeGreaterThan(0);
  });

  test.concurrent.each(['redis', 'upstash'] as const)(
    'answer every query while it is down; the breaker opens and closes, and what was invalidated meanwhile is in force: %s',
    { timeout: 120_000 },
    async (kind) => {
      const shown = await runChaos({ kind, seed: 1, seconds: 0, load: gently, program: downFor('hangs', 2, 4) });
      const { tally } = shown;
      expect(held(shown), report(shown)).toBe(true);
      expect(tally.unacknowledged).toBeGreaterThan(0);
      expect(tally.bypass).toBeGreaterThan(0);
      // Each process opened its own, and did not end before it had read again.
      expect(tally.opened).toBeGreaterThanOrEqual(4);
      expect(tally.closed).toBeGreaterThanOrEqual(4);
    },
  );
});
