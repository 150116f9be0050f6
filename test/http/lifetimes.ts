import fc from 'fast-check';
import type { Lifetime } from '../../src/http/cache-control.ts';

export const lifetime = (shared: boolean, browserSeconds?: number, cdnSeconds?: number): Lifetime => ({
  shared,
  browserSeconds,
  cdnSeconds,
});

/** Public for a minute, for browsers and for CDNs. */
export const pub = lifetime(true, 60, 60);

const seconds = fc.option(fc.nat({ max: 400 }), { nil: undefined });

export const anyLifetime: fc.Arbitrary<Lifetime> = fc.record(
  {
    shared: fc.boolean(),
    browserSeconds: seconds,
    cdnSeconds: seconds,
    immutable: fc.boolean(),
    noStore: fc.integer({ min: 0, max: 7 }).map((dice) => dice === 0),
  },
  { requiredKeys: ['shared', 'browserSeconds', 'cdnSeconds'] },
);
