// Docs: docs/invalidation.md#when-it-acts
import { asyncIterator, inTurn, iteratorOf } from '../async-iterator.ts';

/**
 * A stream with something to do when it has ended. When its reader leaves, that is done at once: what it waits for may never
 * come. And once more when it has really ended, since until then it may have changed something.
 */
export function thenAct(source: AsyncIterable<unknown>, act: () => Promise<void>): AsyncGenerator<unknown> {
  const inner = iteratorOf(source);
  let isOver = false;
  let isLeft = false;
  let isClosed = false;

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
  return asyncIterator({
    next: inTurn(() => pull(() => inner.next())),
    async return(value) {
      const isFirst = !isLeft && !isOver;
      isLeft = true;
      const acting = isFirst ? act().catch(() => {}) : undefined; // it is done again
      try {
        return await inner.return(value);
      } finally {
        isClosed = true;
        await acting;
        if (isFirst) await act();
      }
    },
    throw: (error) => pull(() => inner.throw(error)),
  });
}
