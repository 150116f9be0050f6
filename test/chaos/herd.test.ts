import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redisAvailable } from '../support/redis.ts';
import { type Herd, startHerd } from './herd.ts';

const kinds = ['redis', 'upstash'] as const;

describe.skipIf(!redisAvailable)('a thousand misses of one key at once, in four processes', () => {
  const herds = new Map<string, Herd>();
  beforeAll(async () => {
    await Promise.all(kinds.map(async (kind) => herds.set(kind, await startHerd(kind))));
  }, 60_000);
  afterAll(async () => {
    await Promise.all([...herds.values()].map((herd) => herd.close()));
  });

  test.each(kinds)('run the procedure once with coalesce: store, and everybody is answered: %s', async (kind) => {
    const shown = await herds.get(kind)!.stampede({ coalesce: 'store' });
    expect(shown).toEqual({ runs: 1, answered: 1_000, asked: 1_000 });
  });

  test.each(kinds)('run it at most once for each process without: %s', async (kind) => {
    const { runs, answered } = await herds.get(kind)!.stampede({ coalesce: 'process' });
    expect(runs).toBeLessThanOrEqual(4);
    expect(answered).toBe(1_000);
  });

  // Last, because it costs a process.
  test.concurrent.each(kinds)(
    'survive the process that runs it: one more run, and nobody else fails: %s',
    async (kind) => {
      const shown = await herds.get(kind)!.stampede({ coalesce: 'store', killsLeader: true });
      expect(shown).toEqual({ runs: 2, answered: 750, asked: 750 });
    },
  );
});
