import { vi } from 'vitest';
import { memoryStore, type Store } from '../../src/index.ts';

type Operation = 'lookup' | 'fill' | 'advance';

/** What an operation does instead; `answer` is what it would have done. */
type Fault = (answer: () => any) => unknown;

/** A store in memory that watches its calls and fails as told; `remote` makes it one with budgets, breaker and frames. */
export const faultyStore = ({ remote = true, inner = memoryStore() }: { remote?: boolean; inner?: Store } = {}) => {
  const faults = new Map<Operation, Fault>();
  const through = (operation: Operation) =>
    vi.fn((...given: [never, never?]) => {
      const answer = () => inner[operation](...given);
      const fault = faults.get(operation);
      return fault === undefined ? answer() : fault(answer);
    });
  const store = {
    name: 'faulty',
    supports: { ...inner.supports, local: !remote },
    lookup: through('lookup'),
    fill: through('fill'),
    advance: through('advance'),
  };
  return {
    store: store as unknown as Store & typeof store,
    /** From now on this operation does something else; without `as`, it works again. */
    fault(operation: Operation, as?: Fault): void {
      if (as === undefined) faults.delete(operation);
      else faults.set(operation, as);
    },
    /** Every entry that was filled, in order. */
    filled: () => store.fill.mock.calls.map(([request]) => (request as { entry: Record<string, unknown> }).entry),
  };
};

export const throwing = (): never => {
  throw new Error('the store is down');
};

export const hanging = (): Promise<never> => new Promise(() => {});
