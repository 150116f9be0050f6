// Docs: docs/decisions/0013-outputs-that-nobody-looks-at.md
import type { Lent } from '../lent.ts';
import { isSame } from '../value.ts';
import type { Returned } from './calls.ts';

// What somebody else made is not ours to describe.
const another = Symbol('another');

/** An output in the hands of others: taken, in an object of the taker's own, when somebody looks at it. */
export class Loan {
  readonly #lent: Lent;
  readonly #open: () => unknown;
  readonly #holder: object;
  #taken: { readonly output: unknown } | undefined;

  /** Puts the output into a holder, as its `data`: an own member like any other, so whoever spreads the holder takes it too. */
  constructor(holder: object, lent: Lent, open: () => unknown) {
    this.#lent = lent;
    this.#open = open;
    this.#holder = holder;
    Object.defineProperty(holder, 'data', {
      get: () => this.#take(),
      set: (value) =>
        Object.defineProperty(holder, 'data', { value, writable: true, enumerable: true, configurable: true }),
      enumerable: true,
      configurable: true,
    });
  }

  /** Whether this is the holder, as it was, and nobody has looked. */
  isUntaken(holder: unknown): boolean {
    const isOurs = holder === this.#holder && Object.getOwnPropertyDescriptor(holder, 'data')?.get !== undefined;
    return isOurs && this.#taken === undefined;
  }

  /** What the output is known by from now on: what stands for it where nobody has looked, else what was taken. */
  settle(holder: unknown): Returned {
    if (this.isUntaken(holder)) return this.#lent;
    const output = this.#taken === undefined ? another : this.#taken.output;
    return { value: output, isIntact: () => isSame(this.#open(), output) };
  }

  #take(): unknown {
    this.#taken ??= { output: this.#open() };
    return this.#taken.output;
  }
}
