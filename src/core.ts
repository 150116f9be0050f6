// Docs: docs/how-it-works.md
import { createBreakers } from './breaker.ts';
import type { Core } from './call.ts';
import { within } from './deadline.ts';
import { CacheError } from './errors.ts';
import { createEmitter } from './events.ts';
import { createExact, type Exact } from './exact.ts';
import { createFlights } from './flight.ts';
import type { Settings } from './options.ts';
import { createOutbox } from './outbox.ts';
import { createPurger, type Purger } from './purge.ts';
import { createRuns } from './runs.ts';
import type { Store } from './store.ts';
import { createVerifier } from './verify.ts';

/** What a cache does with its core beside calls. */
export interface Opener {
  /** Opens the store, which may be a function of the context, with this one, if nothing has opened it before. What goes wrong is met again by whoever needs it. */
  readonly open: (ctx: unknown) => void;
  /** The store, if it is open: asking opens nothing. */
  readonly opened: () => Store | undefined;
  /** Writes what waits, and ends what the store opened itself. */
  readonly close: () => Promise<void>;
  readonly exact: Exact;
  readonly purger: Purger;
}

/** The parts that the story of a call needs, one of each per cache. Opens nothing before the first call. */
export function createCore(settings: Settings, namespaceEpoch: string): Core & Opener {
  const emitter = createEmitter();
  const { purge: hook, writeMs } = settings;
  const purger = createPurger({ hook, namespace: namespaceEpoch, budgetMs: writeMs, emitter });
  const outbox = createOutbox({
    store: () => storeFor(undefined),
    namespace: namespaceEpoch,
    writeMs,
    ...(hook && { confirmed: purger.behind }),
    collapsed: (count) =>
      emitter.emit('widen', {
        target: `${count} epochs`,
        to: '*',
        reason: 'too many invalidations wait for the store',
      }),
  });
  const breakers = createBreakers((state, part) =>
    emitter.emit('breaker', { state, ...(part !== undefined && { part }) }),
  );
  const runs = createRuns(settings.asyncContext);
  const exact = createExact();
  let opened: Store | undefined;
  const storeFor = (ctx: unknown): Store => {
    opened ??= typeof settings.store === 'function' ? openStore(settings.store, ctx) : settings.store;
    return opened;
  };
  const openedStore = () => opened ?? (typeof settings.store === 'function' ? undefined : settings.store);
  return {
    storeFor,
    open(ctx) {
      try {
        storeFor(ctx);
      } catch (error) {
        emitter.emit('error', { operation: 'invalidate', error });
      }
    },
    opened: openedStore,
    async close() {
      await outbox.close();
      await purger.close();
      const store = openedStore();
      // A store of the user's own must not keep a process from ending.
      await within(Promise.resolve(store?.close?.()), writeMs);
    },
    flights: createFlights(),
    runs,
    verifier: createVerifier(),
    lookups: {
      breakers,
      emitter,
      readMs: settings.timeouts.readMs,
      flush: outbox.flush,
      isExact: () => runs.mayBeInside() || exact.any(),
    },
    exact,
    breakers,
    outbox,
    purger,
    emitter,
    leases: settings.coalesce === 'store',
    timeouts: settings.timeouts,
    background(work, ctx) {
      if (settings.waitUntil === undefined) return false;
      try {
        const kept: unknown = settings.waitUntil(work, { ctx });
        // An async waitUntil: what it rejects with must not end the process.
        if (kept instanceof Promise) kept.catch((error) => emitter.emit('error', { operation: 'waitUntil', error }));
        return true;
      } catch (error) {
        emitter.emit('error', { operation: 'waitUntil', error });
        return false;
      }
    },
  };
}

function openStore(make: (opts: { ctx: unknown }) => Store, ctx: unknown): Store {
  if (ctx !== undefined || make.length === 0) return make({ ctx });
  throw new CacheError(
    'STORE',
    'createCache: store: a function of { ctx } was not called yet, and here is no ctx to call it with. Call a procedure first, or hand in a store that needs no ctx.',
  );
}
