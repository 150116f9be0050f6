// Docs: docs/invalidation.md#refresh-and-peek
import { asyncIterator, iteratorOf } from './async-iterator.ts';

/** A stream that is read for the store before its caller gets it: what was read of it is given again. */
export class ReadAhead implements AsyncIterable<unknown> {
  readonly #inner: Required<AsyncIterator<unknown>>;
  /** What was read, in order: items, the end, or a failure. */
  #read: Promise<IteratorResult<unknown>>[] = [];

  constructor(source: AsyncIterable<unknown>) {
    this.#inner = iteratorOf(source);
  }

  /** Reads on. It cannot be left: whoever stops here leaves the rest to `again`. */
  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return {
      next: () => {
        const result = this.#inner.next();
        this.#read.push(result);
        return result;
      },
    };
  }

  /** All of it from its beginning, and on as its reader pulls. To be called once. */
  again(): AsyncGenerator<unknown> {
    return asyncIterator({
      next: async () => this.#read.shift() ?? this.#inner.next(),
      return: async (value) => {
        this.#read = [];
        return this.#inner.return(value);
      },
      throw: async (error) => {
        this.#read = [];
        return this.#inner.throw(error);
      },
    });
  }
}
