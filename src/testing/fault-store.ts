// Docs: docs/testing.md#outages
import { CacheError, invalid, rejectUnknown, shown } from '../errors.ts';
import type { Store } from '../store.ts';
import { checkFault, type Fault, type FaultOperation, suffer } from './fault.ts';

const operations: readonly FaultOperation[] = ['lookup', 'fill', 'advance', 'lease', 'release'];

/** One request that a cache sent. */
export interface FaultCall {
  /** What it was. */
  readonly operation: FaultOperation;
  /** The arguments, as the store would get them. */
  readonly args: readonly any[];
  /** What happened to it; `undefined` when it was left alone. */
  readonly fault: Fault | undefined;
  /** Lets it go on, where it is held. A second time does nothing. */
  readonly release: () => void;
  /** Whether it waits for `release`. */
  readonly isHeld: () => boolean;
}

/** Says what happens to requests, and knows what happened. */
export interface Faults {
  /** Something happens to the next request, or the next few, of an operation. After those that were said before. */
  readonly next: (operation: FaultOperation, fault: Fault, times?: number) => void;
  /** Something happens to every request of an operation for which nothing else was said, until it is healed. */
  readonly always: (operation: FaultOperation, fault: Fault) => void;
  /** From now on nothing happens to the requests of an operation, or of any. What is held is still held. */
  readonly heal: (operation?: FaultOperation) => void;
  /** Lets go of what is held, in the order in which it came; returns how many there were. For another order: `calls`. */
  readonly release: (operation?: FaultOperation) => number;
  /** Every request so far, in the order in which they came, of one operation or of all. */
  readonly calls: (operation?: FaultOperation) => readonly FaultCall[];
  /** Forgets the calls so far. What is held is still held, and `release` still finds it. */
  readonly forget: () => void;
}

/** A store with a handle for its failures. */
export interface FaultStore extends Store {
  /** What happens to the requests of this store. */
  readonly faults: Faults;
}

/** What a {@link faultStore} pretends to be. */
export interface FaultStoreOptions {
  /**
   * Whether the store is said to be in this process. One that is not, as every real one, is given a time budget, a breaker and a
   * namespace.
   *
   * @default false
   */
  readonly local?: boolean;
}

/**
 * A store around another one, that fails as a test says: requests and answers are lost, late, out of order, doubled or garbage.
 * It draws no random and starts no timers but those of `{ delay }` and `{ late }`.
 *
 * @throws CacheError `INVALID_OPTION` for something that is no store.
 * @example
 * ```ts
 * import { createCache, memoryStore } from 'trpc-cached';
 * import { faultStore } from 'trpc-cached/testing';
 *
 * const store = faultStore(memoryStore());
 * const cache = createCache({ store, namespace: 'test', scope: 'public' });
 * const double = cache.wrap('double', (n: number) => n * 2, { ttl: '1m' });
 *
 * store.faults.next('lookup', 'drop');
 * await double(1); // answered all the same
 * ```
 */
export function faultStore(inner: Store, options: FaultStoreOptions = {}): FaultStore {
  if (typeof inner?.lookup !== 'function') throw invalid('faultStore', 'a store to put it around', inner);
  rejectUnknown(options, ['local'], 'faultStore');
  const { local = false } = options;
  const planned = new Map<FaultOperation, Fault[]>();
  const standing = new Map<FaultOperation, Fault>();
  let calls: FaultCall[] = [];
  const held = new Set<FaultCall>();

  const through = (operation: FaultOperation) => {
    return (...args: readonly unknown[]): any => {
      const fault = planned.get(operation)?.shift() ?? standing.get(operation);
      let letGo = () => {};
      const call: FaultCall = {
        operation,
        args,
        fault,
        release() {
          held.delete(call);
          letGo();
        },
        isHeld: () => held.has(call),
      };
      calls.push(call);
      const hold = () =>
        new Promise<void>((resolve) => {
          letGo = resolve;
          held.add(call);
        });
      const ask = () => (inner[operation] as (...args: any[]) => unknown).apply(inner, [...args]);
      return fault === undefined ? ask() : suffer(fault, ask, hold);
    };
  };
  const of = (list: Iterable<FaultCall>, operation?: FaultOperation) =>
    [...list].filter((call) => operation === undefined || call.operation === operation);

  return {
    ...restOf(inner),
    name: `faulty ${inner.name}`,
    supports: { ...inner.supports, local },
    lookup: through('lookup'),
    fill: through('fill'),
    advance: through('advance'),
    ...(inner.lease && { lease: through('lease') }),
    ...(inner.release && { release: through('release') }),
    faults: {
      next(operation, fault, times = 1) {
        checkOperation(operation);
        checkFault(fault);
        if (!Number.isInteger(times) || times < 1)
          throw invalid('faults.next: times', 'a whole number above zero', times);
        planned.set(operation, [...(planned.get(operation) ?? []), ...Array<Fault>(times).fill(fault)]);
      },
      always(operation, fault) {
        checkOperation(operation);
        checkFault(fault);
        standing.set(operation, fault);
      },
      heal(operation) {
        if (operation !== undefined) checkOperation(operation);
        for (const one of operation === undefined ? operations : [operation]) {
          planned.delete(one);
          standing.delete(one);
        }
      },
      release(operation) {
        const waiting = of(held, operation);
        for (const call of waiting) call.release();
        return waiting.length;
      },
      calls: (operation) => of(calls, operation),
      forget() {
        calls = [];
      },
    },
  };
}

/** All that a store has, bound to it: it may be an instance of a class. */
function restOf(inner: Store): Partial<Store> {
  const rest: Record<string, unknown> = {};
  for (let level: object = inner; level !== null && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (name in rest || name === 'constructor') continue;
      const value = inner[name as keyof Store] as unknown;
      rest[name] = typeof value === 'function' ? value.bind(inner) : value;
    }
  }
  return rest;
}

function checkOperation(operation: unknown): void {
  if (operations.includes(operation as FaultOperation)) return;
  throw new CacheError(
    'INVALID_OPTION',
    `faults: unknown operation ${shown(operation)}. Known operations: ${operations.join(', ')}.`,
  );
}
