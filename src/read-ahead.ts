// Docs: docs/invalidation.md#refresh-and-peek
import { asyncIterator } from './collect.ts';

/** A stream that is read for the store before its caller gets it: what was read of it is given again. */
export class ReadAhead implements AsyncIterable<unknown> {
  readonly #source: AsyncIterable<unknown>;
  #iterator: AsyncIterator<unknown> | undefined;
  /** What was read, in order: items, the end, or a failure. */
  #read: Promise<IteratorResult<unknown>>[] = [];

  constructor(source: AsyncIterable<unknown>) {
    this.#source = source;
  }

  #begun(): AsyncIterator<unknown> {
    return (this.#iterator ??= this.#source[Symbol.asyncIterator]());
  }

  /** Reads on. It cannot be left: whoever stops here leaves the rest to `again`. */
  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    const step = async () => this.#begun().next();
    return {
      next: () => {
        const result = step();
        this.#read.push(result);
        return result;
      },
    };
  }

  /** All of it from its beginning, and on as its reader pulls. To be called once. */
  again(): AsyncGenerator<unknown> {
    return asyncIterator({
      next: async () => this.#read.shift() ?? this.#begun().next(),
      return: async (value) => {
        this.#read = [];
        return (await this.#begun().return?.(value)) ?? { done: true, value };
      },
      throw: async (error) => {
        this.#read = [];
        const stopped = await this.#begun().throw?.(error);
        if (stopped === undefined) throw error;
        return stopped;
      },
    });
  }
}
