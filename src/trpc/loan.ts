// Docs: docs/decisions/0013-outputs-that-nobody-looks-at.md
import type { Lent } from '../lent.ts';
import { isSame } from '../value.ts';
import type { Returned } from './calls.ts';
import type { MiddlewareResult } from './middleware.ts';

// What somebody else made is not ours to describe.
const another = Symbol('another');

/**
 * The result of a hit on its way through the middlewares around `cached`. One that looks at its output gets that, in an object
 * of its own; if none did, what stands for it goes on to tRPC, which does not look either.
 */
export class Loan {
  readonly result: MiddlewareResult;
  readonly #lent: Lent;
  readonly #open: () => unknown;
  #taken: { readonly output: unknown } | undefined;

  constructor(lent: Lent, open: () => unknown, ctx: unknown) {
    this.#lent = lent;
    this.#open = open;
    const result = { marker: 'middlewareMarker' as const, ok: true, data: undefined, ctx };
    // An own member like any other: whoever spreads the result takes the output, too.
    Object.defineProperty(result, 'data', {
      get: () => this.#take(),
      set: (output) => put(result, output),
      enumerable: true,
      configurable: true,
    });
    this.result = result;
  }

  /** Ends the loan: `result` is what the outermost middleware returned. */
  settle(result: object): Returned {
    const data = Object.getOwnPropertyDescriptor(result, 'data');
    const isOurs = result === this.result && data?.get !== undefined;
    if (isOurs && data.configurable === true && this.#taken === undefined) {
      put(result, this.#lent.value);
      return this.#lent;
    }
    const output = isOurs || this.#taken !== undefined ? this.#take() : another;
    return { value: output, isIntact: () => isSame(this.#open(), output) };
  }

  #take(): unknown {
    this.#taken ??= { output: this.#open() };
    return this.#taken.output;
  }
}

function put(result: object, output: unknown): void {
  Object.defineProperty(result, 'data', { value: output, writable: true, enumerable: true, configurable: true });
}
