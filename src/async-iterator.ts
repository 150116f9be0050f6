// Docs: docs/freshness.md#streams
/** An asynchronous iterator as those of the runtime: for `for await`, and `await using` where it is known. */
export const asyncIterator = (methods: Required<AsyncIterator<unknown>>): AsyncGenerator<unknown> =>
  Object.assign(Object.create(anyAsyncIterator), methods);

// What all of them inherit.
const anyAsyncIterator: object = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);

/** The iterator of a stream, begun when it is first asked, with all the methods of one. */
export function iteratorOf(source: AsyncIterable<unknown>): Required<AsyncIterator<unknown>> {
  let iterator: AsyncIterator<unknown> | undefined;
  const begun = () => (iterator ??= source[Symbol.asyncIterator]());
  return {
    next: async () => begun().next(),
    return: async (value) => (await begun().return?.(value)) ?? { done: true, value },
    async throw(error) {
      const stopped = await begun().throw?.(error);
      if (stopped === undefined) throw error;
      return stopped;
    },
  };
}

/** One after the other, as a generator does. */
export function inTurn<T>(step: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const result = last.then(step, step);
    last = result;
    return result;
  };
}
