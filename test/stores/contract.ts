import { describe, test } from 'vitest';
import type { Store } from '../../src/index.ts';
import { type Ability, type ContractOptions, storeContract } from '../../src/testing/index.ts';
import { declare } from '../../src/testing/store-case.ts';

export { entryOf, freshNames, lookUpAndFill, pairs } from './contract-entries.ts';

/** Takes keys away as an eviction does. */
export type Evict = (...keys: string[]) => Promise<void>;

const abilities: readonly Ability[] = ['lease', 'expire', 'held', 'scan', 'parts'];

/** What else is known of a store, and reached of it. */
interface Reached {
  /** What the store has not. @default ['parts'] */
  readonly lacks?: readonly Ability[];
  /** A second store on the same data, with a client of its own: of every store that processes share. */
  readonly another?: ContractOptions['another'];
  readonly cutPart?: ContractOptions['cutPart'];
}

/**
 * What every store must do; `evict` where a test can reach what the store holds. Our own stores have every ability, or are
 * named here with what they lack: nothing is skipped because it broke.
 */
export function describeStore(
  name: string,
  make: () => Store,
  evict?: Evict,
  { lacks = ['parts'], another, cutPart }: Reached = {},
): void {
  const has = abilities.filter((ability) => !lacks.includes(ability));
  const reached = { ...(evict && { evict }), ...(another && { another }), ...(cutPart && { cutPart }) };
  const cases = storeContract(make, { lacks, has, ...reached });
  declare(
    { describe, test },
    `the contract of a store: ${name}`,
    cases.filter(({ skip }) => skip === undefined),
  );
}
