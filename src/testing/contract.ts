// Docs: docs/testing.md#the-contract
import { rejectUnknown } from '../errors.ts';
import { expiringCases, heldCases } from './contract-expiring.ts';
import { fillCases, moveCases } from './contract-fills.ts';
import { leaseCases } from './contract-leases.ts';
import { lookupCases, unreachableCases } from './contract-lookups.ts';
import { partCases } from './contract-parts.ts';
import { processCases } from './contract-processes.ts';
import { scanCases } from './contract-scans.ts';
import { declare, type Framework, type MakeStore, type StoreCase } from './store-case.ts';
import { type ContractOptions, trier } from './trial.ts';

/**
 * What every store must do, whatever it is made of, as cases that any test framework can run. They use names of their own, and
 * may run on a store that holds other things, but not under a fake clock: some wait for a few hundredths of a second.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { memoryStore } from 'trpc-cached';
 * import { storeContract } from 'trpc-cached/testing';
 *
 * for (const { name, run } of storeContract(() => memoryStore())) test(name, run);
 * ```
 */
export function storeContract(make: MakeStore, options: ContractOptions = {}): StoreCase[] {
  rejectUnknown(options, ['evict', 'another', 'cut', 'cutPart', 'lacks', 'has', 'seed'], 'storeContract');
  const tries = trier(make, options);
  const optional = [heldCases, leaseCases, scanCases, partCases, processCases, unreachableCases];
  return [lookupCases, fillCases, moveCases, expiringCases, ...optional].flatMap((cases) => cases(tries));
}

/**
 * Declares the cases of {@link storeContract} as tests of a framework.
 *
 * @example
 * ```ts
 * import { memoryStore } from 'trpc-cached';
 * import { describeStore } from 'trpc-cached/testing';
 * import { describe, test } from 'vitest';
 *
 * describeStore({ describe, test }, 'memory', () => memoryStore());
 * ```
 */
export function describeStore(
  framework: Framework,
  name: string,
  make: MakeStore,
  options: ContractOptions = {},
): void {
  declare(framework, `the contract of a store: ${name}`, storeContract(make, options));
}
