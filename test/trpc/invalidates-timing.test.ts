import { TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cacheOf, counter, deferred, errorOf, listen, t } from '../support/app.ts';
import { faultyStore, hanging, throwing } from '../support/stores.ts';

const fail = () => {
  throw new TRPCError({ code: 'CONFLICT', message: 'no' });
};

describe('when it acts', () => {
  const open = (definition: Parameters<ReturnType<typeof cacheOf>['invalidates']>[0], work: () => unknown) => {
    const cache = cacheOf();
    const router = cache.register(
      t.router({
        list: t.procedure.use(cache.cached('1h')).query(counter()),
        act: t.procedure.use(cache.invalidates(definition)).mutation(work),
      }),
    );
    return { cache, caller: router.createCaller({}) };
  };

  test('a mutation that failed invalidates nothing, and its error is unchanged', async () => {
    const { caller } = open('list', fail);
    await caller.list();
    await expect(caller.act()).rejects.toMatchObject({ code: 'CONFLICT', message: 'no' });
    expect(await caller.list()).toBe(1);
  });

  test("with on: 'always' a mutation that failed half way invalidates too", async () => {
    const { caller } = open({ targets: ['list'], on: 'always' }, fail);
    await caller.list();
    await expect(caller.act()).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await caller.list()).toBe(2);
  });

  test('what is read while the mutation is under way is invalidated when it ends', async () => {
    const work = deferred();
    const { caller } = open('list', () => work.promise);
    const acting = caller.act();
    expect(await caller.list()).toBe(1);
    work.resolve();
    await acting;
    expect(await caller.list()).toBe(2);
  });

  test('a query that is running when the mutation ends gives its caller an answer and stores nothing', async () => {
    const cache = cacheOf();
    const gate = deferred();
    const reads: Promise<void>[] = [gate.promise];
    const run = counter();
    const router = cache.register(
      t.router({
        list: t.procedure.use(cache.cached('1h')).query(async () => {
          const n = run();
          await reads.shift();
          return n;
        }),
        act: t.procedure.use(cache.invalidates('list')).mutation(() => 'ok'),
      }),
    );
    const caller = router.createCaller({});
    const skipped = listen(cache, 'skip');
    const slow = caller.list();
    await expect.poll(() => run.mock.calls.length).toBe(1);
    await caller.act();
    expect(await caller.list()).toBe(2); // does not join the flight that began before
    gate.resolve();
    expect(await slow).toBe(1);
    expect(skipped).toEqual([{ path: 'list', reason: 'invalidated' }]);
    expect(await caller.list()).toBe(2);
  });

  test('the targets of one mutation are written in one trip, with one event', async () => {
    const { store } = faultyStore({ remote: false });
    const cache = cacheOf({ store });
    const events = listen(cache, 'invalidate');
    const router = cache.register(
      t.router({
        list: t.procedure.use(cache.cached('1h')).query(counter()),
        act: t.procedure.use(cache.invalidates('list', { tag: 'a' }, { tag: 'b' })).mutation(() => 'ok'),
      }),
    );
    await router.createCaller({}).act();
    expect(store.advance).toHaveBeenCalledTimes(1);
    expect(events).toEqual([{ targets: ['list', 'tag a', 'tag b'], acknowledged: true }]);
  });
});

describe('an output that is iterable', () => {
  const open = (steps: () => AsyncGenerator<number>) => {
    const cache = cacheOf();
    const router = cache.register(
      t.router({
        list: t.procedure.use(cache.cached('1h')).query(counter()),
        act: t.procedure.use(cache.invalidates('list')).mutation(() => steps()),
      }),
    );
    return router.createCaller({});
  };

  test('invalidates at once, and again when it ends', async () => {
    const caller = open(async function* () {
      yield 1;
      yield 2;
    });
    expect(await caller.list()).toBe(1);
    const items = (await caller.act())[Symbol.asyncIterator]();
    expect(await caller.list()).toBe(2);
    expect([await items.next(), await items.next()].map(({ value }) => value)).toEqual([1, 2]);
    expect(await caller.list()).toBe(2);
    expect((await items.next()).done).toBe(true);
    expect(await caller.list()).toBe(3);
  });

  test('that is left early invalidates then', async () => {
    const caller = open(async function* () {
      yield 1;
      yield 2;
    });
    for await (const item of await caller.act()) {
      expect([item, await caller.list()]).toEqual([1, 1]);
      break;
    }
    expect(await caller.list()).toBe(2);
  });

  test('that fails invalidates then, and its error is unchanged', async () => {
    const caller = open(async function* () {
      yield 1;
      fail();
    });
    const items = (await caller.act())[Symbol.asyncIterator]();
    await items.next();
    expect(await caller.list()).toBe(1);
    await expect(items.next()).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await caller.list()).toBe(2);
  });
});

describe('a store that does not confirm', () => {
  const open = (onFailure: 'retry' | 'throw') => {
    const { store, fault } = faultyStore();
    const cache = cacheOf({ store, namespace: 'test', timeouts: { write: '20ms' } });
    const run = counter();
    const router = cache.register(
      t.router({
        list: t.procedure.use(cache.cached('1h')).query(run),
        act: t.procedure.use(cache.invalidates({ targets: 'list', onFailure })).mutation(() => 'ok'),
      }),
    );
    return { cache, fault, caller: router.createCaller({}), events: listen(cache, 'invalidate') };
  };

  test.each([
    ['throws', throwing],
    ['hangs', hanging],
  ])('and %s: the mutation answers, with an event, and the entry is refused at once', async (_, fault) => {
    const app = open('retry');
    expect(await app.caller.list()).toBe(1);
    app.fault('advance', fault);
    expect(await app.caller.act()).toBe('ok');
    expect(app.events).toEqual([expect.objectContaining({ targets: ['list'], acknowledged: false })]);
    expect(await app.caller.list()).toBe(2);
    app.fault('advance');
    expect(await app.caller.list()).toBe(3); // written before this process trusts its next lookup
    expect(await app.caller.list()).toBe(3);
    await app.cache.close();
  });

  test("with onFailure: 'throw' the mutation fails", async () => {
    const app = open('throw');
    app.fault('advance', throwing);
    const error = await errorOf(() => app.caller.act());
    expect(error.cause).toMatchObject({ name: 'CacheError', code: 'NOT_ACKNOWLEDGED' });
    app.fault('advance');
    await app.cache.close();
  });
});

test('a mutation that failed only because a write inside was not confirmed has changed something: the others are written', async () => {
  const { store, fault } = faultyStore();
  const cache = cacheOf({ store, namespace: 'test' });
  const router = cache.register(
    t.router({
      one: t.procedure.use(cache.cached('1h')).query(counter()),
      act: t.procedure
        .use(cache.invalidates('one'))
        .use(cache.invalidates({ targets: { tag: 'a' }, onFailure: 'throw' }))
        .mutation(() => 'ok'),
    }),
  );
  const caller = router.createCaller({});
  expect(await caller.one()).toBe(1);
  fault('advance', () => {
    fault('advance');
    return throwing();
  });
  await expect(caller.act()).rejects.toThrow('did not acknowledge');
  expect(await caller.one()).toBe(2);
  await cache.close();
});

test('before .input() a callback has no input to read, and is widened when it does', async () => {
  const cache = cacheOf();
  const widened = listen(cache, 'widen');
  const router = cache.register(
    t.router({
      act: t.procedure
        .use(cache.invalidates(({ input }: any) => ({ tag: `id:${input.id}` })))
        .input(z.object({ id: z.number() }))
        .mutation(() => 'ok'),
    }),
  );
  await router.createCaller({}).act({ id: 1 });
  expect(widened).toEqual([expect.objectContaining({ target: 'callback', to: '*' })]);
});

test('a query may invalidate and be cached: invalidates first, and it acts on hits, too', async () => {
  const cache = cacheOf();
  const router = cache.register(
    t.router({
      other: t.procedure.use(cache.cached('1h')).query(counter()),
      both: t.procedure.use(cache.invalidates('other')).use(cache.cached('1h')).query(counter()),
    }),
  );
  const caller = router.createCaller({});
  expect([await caller.other(), await caller.both(), await caller.other()]).toEqual([1, 1, 2]);
  expect([await caller.both(), await caller.other()]).toEqual([1, 3]);
});
