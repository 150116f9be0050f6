import { beforeEach, describe, expect, test, vi } from 'vitest';
import { deferred, listen } from '../support/app.ts';
import { onEveryStore, typed, type World } from './worlds.ts';

/** A process: its own cache and router over the data that all of them share. */
const processOn = (world: World, row: { value: number }, gate: () => Promise<void>) => {
  const cache = world.cache();
  const read = vi.fn(async () => {
    const { value } = row;
    await gate();
    return { value };
  });
  const router = cache.register(
    typed.router({
      row: {
        read: typed.procedure.use(cache.cached('1h')).query(read),
        tagged: typed.procedure.use(cache.cached('1h')).query(async (opts) => {
          const output = await read();
          cache.control(opts).tag('learned');
          return output;
        }),
        write: typed.procedure.use(cache.invalidates('.read')).mutation(() => ({ value: ++row.value })),
        writeTag: typed.procedure.use(cache.invalidates({ tag: 'learned' })).mutation(() => ({ value: ++row.value })),
      },
    }),
  );
  return { cache, read, caller: router.createCaller({}).row, skips: listen(cache, 'skip') };
};

describe('law 1: what was acknowledged as invalidated is gone, from every process', () => {
  onEveryStore((world) => {
    let row: { value: number };
    let open: { promise: Promise<void>; resolve: () => void };
    let isOpen: boolean;
    let a: ReturnType<typeof processOn>;
    let b: ReturnType<typeof processOn>;
    beforeEach(async () => {
      row = { value: 1 };
      open = deferred();
      isOpen = true;
      const gate = () => (isOpen ? Promise.resolve() : open.promise);
      a = processOn(world, row, gate);
      b = processOn(world, row, gate);
      await a.cache.clear();
    });
    /** Starts a query whose resolver has read the row, and waits. */
    const inFlight = async ({ caller, read }: typeof a, name: 'read' | 'tagged' = 'read') => {
      read.mockClear();
      isOpen = false;
      const query = caller[name]();
      await vi.waitFor(() => expect(read).toHaveBeenCalledTimes(1));
      isOpen = true;
      return query.then.bind(query);
    };
    const land = async (then: Awaited<ReturnType<typeof inFlight>>) => {
      open.resolve();
      return new Promise((resolve) => then(resolve));
    };

    test('a mutation in one process makes the other read anew', async () => {
      await Promise.all([a.caller.read(), b.caller.read()]);
      expect(await b.caller.write()).toEqual({ value: 2 });
      expect([await a.caller.read(), await b.caller.read()]).toEqual([{ value: 2 }, { value: 2 }]);
    });

    test.each(['the same', 'the other'])(
      'a query in flight while %s process invalidates answers its caller, and is not cached',
      async (who) => {
        const then = await inFlight(a);
        await (who === 'the same' ? a : b).caller.write();
        expect(await land(then)).toEqual({ value: 1 });
        expect(a.skips).toEqual([{ path: 'row.read', reason: 'invalidated' }]);
        expect([await a.caller.read(), await b.caller.read()]).toEqual([{ value: 2 }, { value: 2 }]);
      },
    );

    test.each(['the same', 'the other'])(
      'who asks after %s process invalidated does not wait for the older flight',
      async (who) => {
        const then = await inFlight(a);
        await (who === 'the same' ? a : b).caller.write();
        const later = a.caller.read();
        await vi.waitFor(() => expect(a.read).toHaveBeenCalledTimes(2));
        expect(await later).toEqual({ value: 2 });
        expect(await b.caller.read()).toEqual({ value: 2 });
        expect(await land(then)).toEqual({ value: 1 });
        expect(await a.caller.read()).toEqual({ value: 2 });
      },
    );

    test('who asked before shares the flight, and shares its fate', async () => {
      const then = await inFlight(a);
      isOpen = false;
      const waiter = a.caller.read();
      const events = listen(a.cache, 'miss');
      await new Promise((resolve) => setImmediate(resolve));
      isOpen = true;
      await land(then);
      expect(await waiter).toEqual({ value: 1 });
      await vi.waitFor(() => expect(events).toEqual([{ path: 'row.read', coalesced: true }]));
    });

    test('a tag that the resolver adds is invalidated also while its query is in flight', async () => {
      const then = await inFlight(a, 'tagged');
      await b.caller.writeTag();
      expect(await land(then)).toEqual({ value: 1 });
      expect(a.skips).toEqual([{ path: 'row.tagged', reason: 'invalidated' }]);
      expect([await a.caller.tagged(), await b.caller.tagged()]).toEqual([{ value: 2 }, { value: 2 }]);
    });

    test('who asks after a tag was invalidated does not join the flight whose resolver will add it', async () => {
      const then = await inFlight(a, 'tagged');
      await b.caller.writeTag();
      const later = a.caller.tagged();
      await vi.waitFor(() => expect(a.read).toHaveBeenCalledTimes(2)); // it waits for nobody
      expect(await later).toEqual({ value: 2 });
      await land(then);
      expect(await a.caller.tagged()).toEqual({ value: 2 });
    });

    test('a tag that the resolver adds is cached and invalidated at rest, on the first fill and on a later one', async () => {
      for (let round = 1; round <= 3; round++) {
        expect(await a.caller.tagged()).toEqual({ value: round });
        expect(await b.caller.tagged()).toEqual({ value: round });
        expect(a.read.mock.calls.length + b.read.mock.calls.length).toBe(round);
        await b.caller.writeTag();
      }
    });

    test('an invalidation of another tag costs only fills that learn tags, and nothing old is kept', async () => {
      const then = await inFlight(a, 'tagged');
      await b.cache.invalidate({ tag: 'other' });
      await land(then);
      expect(a.skips).toEqual([{ path: 'row.tagged', reason: 'invalidated' }]);
      await a.caller.tagged();
      await b.caller.tagged();
      expect(a.read.mock.calls.length + b.read.mock.calls.length).toBe(2);
    });

    test.each([
      ['the path', 'row.read'],
      ['the subtree', 'row.*'],
      ['everything', '*'],
      ['one input', { path: 'row.read', input: undefined }],
      ['one scope of everybody', { path: 'row.read', input: undefined, external: true }],
    ] as const)('a fill under way survives no invalidation of %s', async (_, target) => {
      const then = await inFlight(a);
      row.value = 2;
      await b.cache.invalidate(target as never);
      await land(then);
      expect([await a.caller.read(), await b.caller.read()]).toEqual([{ value: 2 }, { value: 2 }]);
    });

    test('clear() in one process empties the other one, flights included', async () => {
      await b.caller.read();
      const then = await inFlight(a, 'tagged');
      row.value = 2;
      await b.cache.clear();
      expect([await a.caller.tagged(), await b.caller.read()]).toEqual([{ value: 2 }, { value: 2 }]);
      await land(then);
      expect(await b.caller.tagged()).toEqual({ value: 2 });
    });
  });
});
