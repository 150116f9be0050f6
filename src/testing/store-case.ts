// Docs: docs/testing.md#the-contract
import type { Store } from '../store.ts';

/** What a store may do, but need not. A store that does not is slower or holds less, and breaks no law. */
export type Ability = 'lease' | 'expire' | 'held' | 'parts' | 'scan';

/** What a case needs: an ability of the store, or an option of the contract. */
export type Need = Ability | 'evict' | 'another' | 'cut' | 'cutPart';

/** What a test framework gives a test that wants to be skipped: vitest's context, or that of `node:test`. */
export interface CaseContext {
  /** Reports the test as skipped. */
  readonly skip?: (reason: string) => unknown;
}

/** One promise of a store, and what tries to break it. */
export interface StoreCase {
  /** What is promised: a sentence, to be read behind the name of the store. */
  readonly name: string;
  /** Why it does not apply, where that is known before it is run. */
  readonly skip?: string;
  /**
   * Rejects with what was expected and what was received. One that does not apply to the store is reported through
   * `context.skip`, with the reason; without it, the case rejects: it is never taken for passed.
   */
  readonly run: (...[context]: [context?: CaseContext]) => Promise<void>;
}

/** Says that a case does not apply. */
export class Inapplicable extends Error {
  override readonly name = 'Inapplicable';
  /** What the store would have to do for the case to apply. */
  readonly ability: Need;

  constructor(ability: Need, reason: string) {
    super(reason);
    this.ability = ability;
  }
}

/** A case from its name and its work. */
export function storeCase(name: string, work: () => Promise<void>, skip?: string): StoreCase {
  return {
    name,
    ...(skip !== undefined && { skip }),
    // A rest parameter: with one that counts, jest would wait for a callback.
    async run(...[context]) {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof Inapplicable)) throw error;
        if (typeof context?.skip !== 'function') {
          const how = 'Give run() a context with skip(reason), or name what the store lacks in the option `lacks`.';
          throw new Error(`"${name}" does not apply: ${error.message}. ${how}`, { cause: error });
        }
        await context.skip(error.message);
      }
    },
  };
}

/** What describes and what runs tests: of vitest, `node:test`, jest or another framework. */
export interface Framework {
  /** Groups tests under a name. */
  readonly describe: (name: string, body: () => void) => unknown;
  /** Declares a test. `test.skip`, where there is one, declares one that is not run. */
  readonly test: ((name: string, body: (...args: any[]) => Promise<void>) => unknown) & {
    readonly skip?: (name: string, body: (...args: any[]) => Promise<void>) => unknown;
  };
}

/** Makes a store, or finds one: called at the beginning of each case. */
export type MakeStore = () => Store | Promise<Store>;

/** Declares cases as tests of a framework. */
export function declare({ describe, test }: Framework, name: string, cases: readonly StoreCase[]): void {
  describe(name, () => {
    for (const { name, skip, run } of cases) {
      if (skip === undefined || test.skip === undefined) test(name, run);
      else test.skip(`${name} (skipped: ${skip})`, run);
    }
  });
}
