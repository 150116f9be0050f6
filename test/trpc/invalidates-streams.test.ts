import { describe, expect, test, vi } from 'vitest';
import { cacheOf, counter, deferred, errorOf, listen, t } from '../support/app.ts';
import { yielding } from '../support/streams.ts';

/** A mutation whose output is a stream, with how often it has invalidated. */
const open = (make: () => AsyncIterable<unknown>) => {
  const cache = cacheOf();
  const router = cache.register(
    t.router({
      list: t.procedure.use(cache.cached('1h')).query(counter()),
      act: t.procedure.use(cache.invalidates('list')).mutation(() => make()),
    }),
  );
  const caller = router.createCaller({});
  const written = listen(cache, 'invalidate');
  const begin = async () => {
    const stream = (await caller.act())[Symbol.asyncIterator]() as AsyncGenerator<unknown>;
    written.length = 0; // of the mutation itself
    return stream;
  };
  return { begin, list: caller.list, times: () => written.length };
};

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a mutation whose output is a stream', () => {
  test('that is left while it waits for something invalidates at once, and again when it has really ended', async () => {
    const [gate, begun] = [deferred(), deferred()];
    const { begin, list, times } = open(async function* () {
      yield 1;
      begun.resolve();
      await gate.promise;
      yield 2;
    });
    const stream = await begin();
    await stream.next();
    const pulled = stream.next();
    await begun.promise;
    expect(await list()).toBe(1);
    const left = stream.return(undefined);
    await vi.waitFor(() => expect(times()).toBe(1));
    expect(await list()).toBe(2);
    gate.resolve();
    expect([await pulled, await left]).toEqual([
      { done: false, value: 2 },
      { done: true, value: undefined },
    ]);
    expect(await list()).toBe(3);
    expect(times()).toBe(2);
  });

  test('that never ends after it was left has invalidated all the same', async () => {
    const { begin, list } = open(async function* () {
      yield 1;
      await new Promise<never>(() => {});
    });
    const stream = await begin();
    await stream.next();
    void stream.next();
    await settled();
    expect(await list()).toBe(1);
    void stream.return(undefined);
    await vi.waitFor(async () => expect(await list()).toBe(2));
  });

  test('that works on after it has let its reader go invalidates when that is done', async () => {
    const gate = deferred<IteratorResult<unknown>>();
    const source = { next: () => gate.promise, return: async () => ({ done: true, value: 'left' }) };
    const { begin, list } = open(() => ({ [Symbol.asyncIterator]: () => source }) as never);
    const stream = await begin();
    const pulled = stream.next();
    await settled();
    expect(await stream.return(undefined)).toEqual({ done: true, value: 'left' });
    expect(await list()).toBe(1);
    gate.resolve({ done: false, value: 2 });
    expect(await pulled).toEqual({ done: false, value: 2 });
    expect(await list()).toBe(2);
  });

  test('invalidates what the end of one that is left still changes', async () => {
    const cleared = deferred();
    const { begin, list } = open(async function* () {
      try {
        yield 1;
      } finally {
        await cleared.promise;
      }
    });
    const stream = await begin();
    await stream.next();
    const left = stream.return(undefined);
    await settled();
    expect(await list()).toBe(1);
    cleared.resolve();
    await left;
    expect(await list()).toBe(2);
  });

  test('gives its items, its return value, and its error, and is one iterator', async () => {
    const failure = new Error('no');
    const returning = await open(async function* () {
      yield* yielding(1, 2);
      return 'done';
    }).begin();
    expect(returning[Symbol.asyncIterator]()).toBe(returning);
    const results = [await returning.next(), await returning.next(), await returning.next(), await returning.next()];
    expect(results.map(({ value }) => value)).toEqual([1, 2, 'done', undefined]);

    const { begin, times } = open(async function* () {
      yield 1;
      throw failure;
    });
    const failing = await begin();
    await failing.next();
    expect(await errorOf(() => failing.next())).toBe(failure);
    expect([times(), (await failing.next()).done, times()]).toEqual([1, true, 1]);
  });

  test('hears of what its reader throws into it; one that knows neither return nor throw is no trouble', async () => {
    const caught = vi.fn();
    const { begin, times } = open(async function* () {
      try {
        yield 1;
      } catch (error) {
        caught(error);
        yield 'sorry';
      }
    });
    const stream = await begin();
    await stream.next();
    const failure = new Error('enough');
    expect(await stream.throw(failure)).toEqual({ done: false, value: 'sorry' });
    expect([caught.mock.calls, times()]).toEqual([[[failure]], 0]);
    expect([(await stream.next()).done, times()]).toEqual([true, 1]);
    // As those do who close whatever they have read.
    expect([await stream.return('bye'), times()]).toEqual([{ done: true, value: 'bye' }, 1]);

    const bare = () => ({ [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }) }) });
    const one = await open(bare as never).begin();
    expect(await one.return('bye')).toEqual({ done: true, value: 'bye' });
    const other = await open(bare as never).begin();
    expect(await errorOf(() => other.throw(failure))).toBe(failure);
  });

  test('is not touched before it is read, and its items come one after the other', async () => {
    const opened = vi.fn();
    const gates = [deferred<number>(), deferred<number>()];
    let asked = 0;
    const next = async () => ({ done: false, value: await gates[asked++]?.promise });
    const source = () => ({
      [Symbol.asyncIterator]: () => {
        opened();
        return { next };
      },
    });
    const stream = await open(source as never).begin();
    expect(opened).not.toHaveBeenCalled();
    const pulled = [stream.next(), stream.next()];
    gates[1]?.resolve(2);
    await settled();
    expect(asked).toBe(1);
    gates[0]?.resolve(1);
    expect((await Promise.all(pulled)).map(({ value }) => value)).toEqual([1, 2]);
  });
});
