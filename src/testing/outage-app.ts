// Docs: docs/testing.md#the-outage-suite
import { initTRPC } from '@trpc/server';
import { createCache } from '../create-cache.ts';
import { CacheError } from '../errors.ts';
import type { CacheEvents } from '../events.ts';
import type { CreateCacheOptions } from '../options.ts';
import type { LookupAnswer, Store } from '../store.ts';
import { check } from './check.ts';
import type { FaultOperation } from './fault.ts';
import { faultStore } from './fault-store.ts';
import { type MakeStore, type StoreCase, storeCase } from './store-case.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

const t = initTRPC.create();
const told = ['bypass', 'hit', 'error', 'invalidate'] as const;

/** One row of a database behind a cached query, with mutations that change it, on a store that fails as told. */
export function outageApp(inner: Store, clock: VirtualClock, options: Partial<CreateCacheOptions<object>> = {}) {
  const namespace = `outage-${crypto.randomUUID()}`; // the store may be shared, with other apps and other cases
  const store = faultStore(inner);
  const cache = createCache<object>({ scope: 'public', store, namespace, ...options });
  const row = { value: 1 };
  let runs = 0;
  const read = async () => {
    runs += 1;
    return { value: row.value };
  };
  const change = () => ({ value: ++row.value });
  const router = cache.register(
    t.router({
      read: t.procedure.use(cache.cached({ ttl: '1h', tags: ['row'] })).query(read),
      write: t.procedure.use(cache.invalidates('read')).mutation(change),
      writeStrictly: t.procedure.use(cache.invalidates({ targets: 'read', onFailure: 'throw' })).mutation(change),
    }),
  );
  const caller = router.createCaller({});
  const events: { [Name in (typeof told)[number]]: CacheEvents[Name][] } = {
    bypass: [],
    hit: [],
    error: [],
    invalidate: [],
  };
  for (const name of told) cache.on(name, (event) => events[name].push(event as never));
  const { faults } = store;
  return {
    cache,
    clock,
    store,
    faults,
    row,
    events,
    namespace,
    read: () => finished(clock, caller.read()),
    write: () => finished(clock, caller.write()),
    writeStrictly: () => finished(clock, caller.writeStrictly()),
    /** A query that is still to be answered. */
    query: () => watched(caller.read()),
    runs: () => runs,
    /** How many requests of a kind reached this store so far. */
    sent: (operation: FaultOperation) => faults.calls(operation).length,
    /** Fills the cache, and forgets that it was done. */
    async warm() {
      await finished(clock, caller.read());
      runs = 0;
      faults.forget();
    },
    /** Forgets what was sent and run so far. */
    forget() {
      runs = 0;
      faults.forget();
    },
    /** What the store answers to the last lookup if it is asked again. */
    async answerNow(): Promise<LookupAnswer> {
      const call = faults.calls('lookup').at(-1);
      check(call !== undefined, 'A query of a procedure that is cached looks it up.');
      return finished(clock, inner.lookup(call.args[0]));
    },
  };
}

/** What a case of the suite works with. */
export type OutageApp = ReturnType<typeof outageApp>;

/** A promise whose state can be read. */
export interface Watched<T> {
  readonly promise: Promise<T>;
  /** `'pending'`, what it resolved to, or the error that it rejected with. */
  readonly state: () => unknown;
}

/** A promise with what has become of it so far. */
export function watched<T>(promise: Promise<T>): Watched<T> {
  let state: unknown = 'pending';
  promise.then(
    (value) => {
      state = value;
    },
    (error: unknown) => {
      state = error;
    },
  );
  return { promise, state: () => state };
}

/** What a promise comes to without any time passing, however long a real server takes; a failure when it never does. */
export async function finished<T>(clock: VirtualClock, work: T | Promise<T>): Promise<T> {
  const { promise, state } = watched(Promise.resolve(work));
  for (let turns = 0; state() === 'pending'; turns++) {
    check(turns < 2_000, 'A call is answered without its time budget passing when the store answers or fails at once.');
    await clock.settle();
  }
  return promise;
}

/** The error that a promise rejects with. */
export async function rejection(clock: VirtualClock, work: Promise<unknown>, promise: string): Promise<Error> {
  const failed = await finished(
    clock,
    work.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  check(failed instanceof Error, promise);
  return failed;
}

/** Whether an error is that of an invalidation that the store did not confirm, or has it as its cause. */
export const isUnacknowledged = (error: unknown): boolean =>
  (error instanceof CacheError && error.code === 'NOT_ACKNOWLEDGED') ||
  (error instanceof Error && error.cause !== undefined && isUnacknowledged(error.cause));

/** What makes the cases of the suite: each gets a store, a virtual clock and an app of its own. */
export type TryOutage = (
  name: string,
  work: (app: OutageApp) => Promise<void>,
  options?: (kept: Promise<unknown>[]) => Partial<CreateCacheOptions<object>>,
  kept?: Promise<unknown>[],
) => StoreCase;

/** Makes them for stores of a kind. */
export const outageTrier =
  (make: MakeStore): TryOutage =>
  (name, work, options, kept = []) =>
    storeCase(name, async () => {
      const inner = await make();
      kept.length = 0;
      const clock = virtualClock();
      try {
        const app = outageApp(inner, clock, options?.(kept));
        try {
          await work(app);
        } finally {
          app.faults.heal();
          await finished(clock, app.cache.close());
        }
      } finally {
        clock.restore();
      }
    });
