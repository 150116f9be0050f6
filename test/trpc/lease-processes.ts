import { expect, vi } from 'vitest';
import type { CreateCacheOptions, Store } from '../../src/index.ts';
import { memoryStore } from '../../src/index.ts';
import { type Context, cacheOf, deferred, listen, t } from '../support/app.ts';
import { faultyStore } from '../support/stores.ts';

/** A store of many processes: what it does is watched and may be made to fail. */
export const shared = () => {
  const inner = memoryStore();
  const { store, fault } = faultyStore({ inner });
  const lease = vi.fn(inner.lease as NonNullable<Store['lease']>);
  const release = vi.fn(inner.release as NonNullable<Store['release']>);
  return { store: { ...store, lease, release } as Store, fault, lease, release, fill: store.fill };
};

/** Processes that share a store, each with a cache of its own, and one query that they all count. */
export const openMany = (
  count: number,
  options: Partial<CreateCacheOptions<Context>> = {},
  given: object = {},
  remote = shared(),
) => {
  const gates = Array.from({ length: 8 }, () => deferred<string>());
  let runs = 0;
  const run = vi.fn(() => gates[runs++]?.promise);
  const processes = Array.from({ length: count }, () => {
    const cache = cacheOf({ store: remote.store, namespace: 'test', coalesce: 'store', ...options });
    const router = cache.register(
      t.router({ one: t.procedure.use(cache.cached({ ttl: '1h', ...given })).query(() => run()) }),
    );
    return {
      cache,
      call: (signal?: AbortSignal) => router.createCaller({}, signal && { signal }).one(),
      missed: listen(cache, 'miss'),
    };
  });
  return {
    ...remote,
    processes,
    gates,
    run,
    ran: (times: number) => vi.waitFor(() => expect(run).toHaveBeenCalledTimes(times)),
  };
};
