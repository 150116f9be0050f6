import { initTRPC, TRPCError } from '@trpc/server';
import { createCache, memoryStore, type Store } from 'trpc-cached';
import { describe, expect, test } from 'vitest';

/** A memory store whose answers wait until they are let through, as a network would have them. */
function remoteStore() {
  const memory = memoryStore();
  const waiting: { readonly kind: 'lookup' | 'fill'; readonly answer: () => void }[] = [];
  const held = <T>(kind: 'lookup' | 'fill', value: () => T): Promise<T> => {
    const result = value(); // done by the server at once; the answer is what travels
    return new Promise((resolve) => waiting.push({ kind, answer: () => resolve(result) }));
  };
  const store: Store = {
    name: 'remote',
    supports: { local: false },
    lookup: (request) => held('lookup', () => memory.lookup(request)) as never,
    fill: (request) => held('fill', () => memory.fill(request)) as never,
    advance: async (epochs) => memory.advance(epochs),
  };
  const settle = async () => {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  };
  return {
    store,
    settle,
    async let(kind: 'lookup' | 'fill') {
      await settle();
      const index = waiting.findIndex((one) => one.kind === kind);
      const [one] = index < 0 ? [] : waiting.splice(index, 1);
      if (one === undefined) throw new Error(`no ${kind} is waiting`);
      one.answer();
      await settle();
    },
  };
}

function counting(store: Store, query: (run: number) => unknown) {
  const t = initTRPC.create();
  const cache = createCache({ store, namespace: 'test', scope: 'public', timeouts: { read: '1h' } });
  let runs = 0;
  const router = cache.register(t.router({ value: t.procedure.use(cache.cached('1h')).query(() => query(++runs)) }));
  return { call: () => router.createCaller({}).value(), runs: () => runs };
}

describe('one fill per key, process and set of epochs (law 5)', () => {
  test('a lookup answered after the fill it missed was stored shares that fill', async () => {
    const remote = remoteStore();
    const { call, runs } = counting(remote.store, (run) => run);
    const first = call();
    const second = call();
    await remote.let('lookup');
    await remote.let('fill');
    expect(await first).toBe(1);
    await remote.let('lookup');
    expect(await second).toBe(1);
    expect(runs()).toBe(1);
  });

  test('a call that comes while the entry is being written shares the fill', async () => {
    const remote = remoteStore();
    const { call, runs } = counting(remote.store, (run) => run);
    const first = call();
    await remote.let('lookup');
    const second = call();
    await remote.settle();
    await remote.let('lookup');
    expect(await second).toBe(1);
    await remote.let('fill');
    expect(await first).toBe(1);
    expect(runs()).toBe(1);
  });

  test('when a leader fails for reasons of its own, one of its waiters leads and the others share that', async () => {
    const { call, runs } = counting(memoryStore(), async (run) => {
      await Promise.resolve();
      if (run === 1) throw new TRPCError({ code: 'FORBIDDEN' });
      return run;
    });
    const [first, ...others] = await Promise.allSettled(Array.from({ length: 20 }, call));
    expect(first?.status).toBe('rejected');
    expect(new Set(others.map((one) => one.status === 'fulfilled' && one.value))).toEqual(new Set([2]));
    expect(runs()).toBe(2);
  });
});
