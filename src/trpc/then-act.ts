// Docs: docs/invalidation.md#when-it-acts
import { asyncIterator } from '../collect.ts';

/**
 * A stream with something to do when it has ended. When its reader leaves, that is done at once: what it waits for may never
 * come. And once more when it has really ended, since until then it may have changed something.
 */
export function thenAct(source: AsyncIterable<unknown>, act: () => Promise<void>): AsyncGenerator<unknown> {
  let iterator: AsyncIterator<unknown> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let isOver = false;
  let isLeft = false;
  let isClosed = false;

  const begun = () => (iterator ??= source[Symbol.asyncIterator]());
  const pull = async (work: () => Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> => {
    const isLate = isLeft;
    let ends = true;
    try {
      const result = await work();
      ends = result.done === true;
      return result;
    } finally {
      // What was under way when its reader left: `return` waits for a generator, but not every source is one.
      const isDue = isLeft ? isClosed : ends;
      if (isDue && !isLate && !isOver) {
        isOver = ends;
        await act();
      }
    }
  };
  const step = () => pull(async () => begun().next());

  return asyncIterator({
    next() {
      const result = last.then(step, step);
      last = result;
      return result;
    },
    async return(value) {
      const isFirst = !isLeft && !isOver;
      isLeft = true;
      const acting = isFirst ? act().catch(() => {}) : undefined; // it is done again
      try {
        return (await begun().return?.(value)) ?? { done: true, value };
      } finally {
        isClosed = true;
        await acting;
        if (isFirst) await act();
      }
    },
    throw: (error) =>
      pull(async () => {
        const stopped = await begun().throw?.(error);
        if (stopped === undefined) throw error;
        return stopped;
      }),
  });
}
