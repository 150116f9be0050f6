// Docs: docs/testing.md#the-outage-suite

import { outageTrier } from './outage-app.ts';
import { invalidationCases } from './outage-invalidations.ts';
import { queryCases } from './outage-queries.ts';
import { declare, type Framework, type MakeStore, type StoreCase } from './store-case.ts';

/**
 * What queries and invalidations survive, whatever happens between the cache and a store of this kind. The cases install a
 * {@link virtualClock}: run them one after the other, not under fake timers.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { memoryStore } from 'trpc-cached';
 * import { outageSuite } from 'trpc-cached/testing';
 *
 * for (const { name, run } of outageSuite(() => memoryStore())) test(name, run);
 * ```
 */
export function outageSuite(make: MakeStore): StoreCase[] {
  const tries = outageTrier(make);
  return [...queryCases(tries), ...invalidationCases(tries)];
}

/**
 * Declares the cases of {@link outageSuite} as tests of a framework.
 *
 * @example
 * ```ts
 * import { memoryStore } from 'trpc-cached';
 * import { describeOutage } from 'trpc-cached/testing';
 * import { describe, test } from 'vitest';
 *
 * describeOutage({ describe, test }, 'memory', () => memoryStore());
 * ```
 */
export function describeOutage(framework: Framework, name: string, make: MakeStore): void {
  declare(framework, `law 4: the store never breaks or stalls a procedure: ${name}`, outageSuite(make));
}
