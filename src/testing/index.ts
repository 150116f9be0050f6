// Docs: docs/testing.md
export { describeStore, storeContract } from './contract.ts';
export { type ExpectOptions, expectBypass, expectHit, expectMiss, expectStale } from './expect-outcome.ts';
export type { Fault, FaultOperation } from './fault.ts';
export { type FaultCall, type FaultStore, type FaultStoreOptions, type Faults, faultStore } from './fault-store.ts';
export { describeOutage, outageSuite } from './outage.ts';
export type { Ability, CaseContext, Framework, MakeStore, StoreCase } from './store-case.ts';
export type { ContractOptions } from './trial.ts';
export { type VirtualClock, type VirtualClockOptions, virtualClock } from './virtual-clock.ts';
