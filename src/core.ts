// Docs: docs/how-it-works.md
import { createBreaker } from './breaker.ts';
import type { Core } from './cache.ts';
import { createEmitter } from './events.ts';
import { createFlights } from './flight.ts';
import type { Settings } from './options.ts';
import { createOutbox } from './outbox.ts';
import type { Store } from './store.ts';

/** The parts that the story of a call needs, one of each per cache. Opens nothing before the first call. */
export function createCore(settings: Settings, namespaceEpoch: string): Core {
  const emitter = createEmitter();
  let opened: Store | undefined;
  const storeFor = (ctx: unknown): Store => {
    opened ??= typeof settings.store === 'function' ? settings.store({ ctx }) : settings.store;
    return opened;
  };
  return {
    storeFor,
    flights: createFlights(),
    breaker: createBreaker(),
    outbox: createOutbox({ store: () => storeFor(undefined), namespace: namespaceEpoch, writeMs: settings.writeMs }),
    emitter,
    timeouts: { readMs: settings.readMs, joinMs: settings.joinMs },
    background(work, ctx) {
      if (settings.waitUntil === undefined) return false;
      try {
        settings.waitUntil(work, { ctx });
        return true;
      } catch (error) {
        emitter.emit('error', { operation: 'waitUntil', error });
        return false;
      }
    },
  };
}
