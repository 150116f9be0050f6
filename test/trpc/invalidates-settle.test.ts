import { describe, expect, test } from 'vitest';
import { cacheOf, counter, deferred, errorOf, listen, t } from '../support/app.ts';
import { faultyStore } from '../support/stores.ts';

/** A value in a database whose transactions become visible only when they commit. */
const database = () => {
  const state = { value: 'old' };
  const committing = deferred();
  const transaction = t.middleware(async ({ next }) => {
    let written = state.value;
    const write = (value: string) => {
      written = value;
    };
    const result = await next({ ctx: { write } });
    await committing.promise;
    if (result.ok) state.value = written;
    return result;
  });
  return { state, committing, transaction };
};

const open = (settle: boolean, work: (write: (value: string) => void) => unknown = (write) => write('new')) => {
  const cache = cacheOf();
  const { state, committing, transaction } = database();
  const base = settle ? t.procedure.use(cache.settle) : t.procedure;
  const router = cache.register(
    t.router({
      read: t.procedure.use(cache.cached('1h')).query(() => state.value),
      write: base
        .use(transaction)
        .use(cache.invalidates('read'))
        .mutation(({ ctx }) => work((ctx as unknown as { write: (value: string) => void }).write)),
    }),
  );
  return { cache, router, caller: router.createCaller({}), committing, events: listen(cache, 'invalidate') };
};

describe('a transaction around invalidates', () => {
  test('without settle: a read before the commit is cached as if it was new, which is what the audit warns of', async () => {
    const { cache, router, caller, committing, events } = open(false);
    const writing = caller.write();
    await expect.poll(() => events).toHaveLength(1);
    expect(await caller.read()).toBe('old');
    committing.resolve();
    await writing;
    expect(await caller.read()).toBe('old');
    expect(await cache.audit(router)).toEqual([
      expect.objectContaining({
        path: 'write',
        rule: 'invalidates-behind-middleware',
        fix: expect.stringContaining('cache.settle'),
      }),
    ]);
  });

  test('with settle in front: what was read before the commit is gone when the mutation answers', async () => {
    const { cache, router, caller, committing, events } = open(true);
    const writing = caller.write();
    expect(await caller.read()).toBe('old');
    expect(events).toEqual([]);
    committing.resolve();
    await writing;
    expect(events).toEqual([{ targets: ['read'], acknowledged: true }]);
    expect(await caller.read()).toBe('new');
    expect(await cache.audit(router)).toEqual([]);
  });

  test('with settle: what was rolled back invalidates nothing', async () => {
    const fail = () => {
      throw new Error('rolled back');
    };
    const { caller, committing, events } = open(true, fail);
    committing.resolve();
    await expect(caller.write()).rejects.toThrow('rolled back');
    expect(events).toEqual([]);
  });
});

describe('cache.settle', () => {
  test("writes what asked for on: 'always' after a failure, too", async () => {
    const cache = cacheOf();
    const events = listen(cache, 'invalidate');
    const router = cache.register(
      t.router({
        list: t.procedure.use(cache.cached('1h')).query(counter()),
        act: t.procedure
          .use(cache.settle)
          .use(cache.invalidates({ targets: 'list', on: 'always' }))
          .mutation(() => {
            throw new Error('no');
          }),
      }),
    );
    await expect(router.createCaller({}).act()).rejects.toThrow('no');
    expect(events).toEqual([{ targets: ['list'], acknowledged: true }]);
  });

  test('of a base procedure that is used twice in a chain writes once, at the outer one', async () => {
    const cache = cacheOf();
    const events = listen(cache, 'invalidate');
    const order: string[] = [];
    cache.on('invalidate', () => order.push('written'));
    const late = t.middleware(async ({ next }) => {
      const result = await next();
      order.push('committed');
      return result;
    });
    const router = cache.register(
      t.router({
        list: t.procedure.use(cache.cached('1h')).query(counter()),
        act: t.procedure
          .use(cache.settle)
          .use(late)
          .use(cache.settle)
          .use(late)
          .use(cache.invalidates('list'))
          .mutation(() => 'ok'),
      }),
    );
    await router.createCaller({}).act();
    expect(order).toEqual(['committed', 'committed', 'written']);
    expect(events).toHaveLength(1);
  });

  test('writes all that was collected, also when one write is not confirmed and fails the mutation', async () => {
    const { store, fault } = faultyStore();
    const cache = cacheOf({ store, namespace: 'test' });
    const router = cache.register(
      t.router({
        one: t.procedure.use(cache.cached('1h')).query(counter()),
        other: t.procedure.use(cache.cached('1h')).query(counter()),
        act: t.procedure
          .use(cache.settle)
          .use(cache.invalidates('one'))
          .use(cache.invalidates({ targets: 'other', onFailure: 'throw' }))
          .mutation(() => 'ok'),
      }),
    );
    const caller = router.createCaller({});
    expect([await caller.one(), await caller.other()]).toEqual([1, 1]);
    fault('advance', () => {
      fault('advance');
      throw new Error('the store is busy');
    });
    await expect(caller.act()).rejects.toThrow('did not acknowledge');
    expect([await caller.one(), await caller.other()]).toEqual([2, 2]);
    await cache.close();
  });

  test('leaves other calls of the same context alone', async () => {
    const cache = cacheOf();
    const events = listen(cache, 'invalidate');
    const commit = deferred();
    const waits = t.middleware(async ({ next }) => {
      const result = await next();
      await commit.promise;
      return result;
    });
    const router = cache.register(
      t.router({
        list: t.procedure.use(cache.cached('1h')).query(counter()),
        slow: t.procedure
          .use(cache.settle)
          .use(waits)
          .use(cache.invalidates('list'))
          .mutation(() => 'ok'),
        quick: t.procedure.use(cache.invalidates('list')).mutation(() => 'ok'),
      }),
    );
    const caller = router.createCaller({});
    const slow = caller.slow();
    await caller.quick();
    expect(events).toHaveLength(1);
    commit.resolve();
    await slow;
    expect(events).toHaveLength(2);
  });

  test('refuses, before anything happens, a middleware between them that hides which call it is', async () => {
    const cache = cacheOf();
    const run = counter();
    const hides = t.middleware(({ next }) => next({ getRawInput: async () => ({ trimmed: true }) } as never));
    const router = cache.register(
      t.router({ write: t.procedure.use(cache.settle).use(hides).use(cache.invalidates('*')).mutation(run) }),
    );
    const error = await errorOf(() => router.createCaller({}).write());
    expect(error.cause).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('getRawInput') });
    expect(run).not.toHaveBeenCalled();
  });

  test('does nothing to a query', async () => {
    const cache = cacheOf();
    const router = cache.register(
      t.router({ list: t.procedure.use(cache.settle).use(cache.cached('1h')).query(counter()) }),
    );
    const caller = router.createCaller({});
    expect([await caller.list(), await caller.list()]).toEqual([1, 1]);
  });
});
