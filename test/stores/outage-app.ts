import { vi } from 'vitest';
import type { CreateCacheOptions, Store } from '../../src/index.ts';
import { type Context, cacheOf, listen, t } from '../support/app.ts';
import { faultyStore } from '../support/stores.ts';

/** One row of a database behind a cached query, with mutations that change it, on a store that fails as told. */
export const outageApp = (inner: Store, options: Partial<CreateCacheOptions<Context>> = {}) => {
  const { store, fault, filled } = faultyStore({ inner });
  const cache = cacheOf({ store, namespace: 'outage', ...options });
  const row = { value: 1 };
  const read = vi.fn(async () => ({ value: row.value }));
  const change = () => ({ value: ++row.value });
  const router = cache.register(
    t.router({
      read: t.procedure.use(cache.cached({ ttl: '1h', tags: ['row'] })).query(read),
      write: t.procedure.use(cache.invalidates('read')).mutation(change),
      writeStrictly: t.procedure.use(cache.invalidates({ targets: 'read', onFailure: 'throw' })).mutation(change),
    }),
  );
  const events = {
    bypass: listen(cache, 'bypass'),
    hit: listen(cache, 'hit'),
    error: listen(cache, 'error'),
    skip: listen(cache, 'skip'),
    invalidate: listen(cache, 'invalidate'),
  };
  return { cache, caller: router.createCaller({}), store, fault, filled, row, read, events };
};

export type OutageApp = ReturnType<typeof outageApp>;

/** Does something later, by the fake clock. */
export const after = <T>(ms: number, work: () => T): Promise<Awaited<T>> =>
  new Promise<void>((resolve) => setTimeout(resolve, ms)).then(work) as Promise<Awaited<T>>;

/** What a promise has come to after so much time, by the fake clock. */
export const stateAfter = async (ms: number, work: Promise<unknown>): Promise<unknown> => {
  let state: unknown = 'pending';
  work.then(
    (value) => (state = value),
    (error: unknown) => (state = error),
  );
  await vi.advanceTimersByTimeAsync(ms);
  return state;
};
