import { expect, test } from 'vitest';
import { memoryStore, type Store } from '../../src/index.ts';
import { type ContractOptions, storeContract, virtualClock } from '../../src/testing/index.ts';
import { inTime } from './in-time.ts';
import { SmallStore } from './small-store.ts';

type Operation = 'lookup' | 'fill' | 'advance' | 'lease' | 'release' | 'scan';

/** The same store with something before each of its operations. */
function before(store: Store, work: (operation: Operation, given: readonly unknown[]) => unknown): Store {
  const operations = (['lookup', 'fill', 'advance', 'lease', 'release', 'scan'] as const).flatMap((operation) => {
    const inner = store[operation] as ((...given: unknown[]) => unknown) | undefined;
    if (inner === undefined) return [];
    const outer = async (...given: unknown[]) => {
      await work(operation, given);
      return inner.apply(store, given);
    };
    return [[operation, outer] as const];
  });
  return { ...store, supports: { ...store.supports, local: false }, ...Object.fromEntries(operations) };
}

/** How long each case takes, by a clock that is moved; what fails, fails. */
async function timed(make: () => Store, options: ContractOptions = {}): Promise<Map<string, number>> {
  const clock = virtualClock();
  const times = new Map<string, number>();
  try {
    for (const { name, run } of storeContract(make, options)) {
      const began = Date.now();
      await inTime(clock, run({ skip() {} }), 100);
      times.set(name, Date.now() - began);
    }
  } finally {
    clock.restore();
  }
  return times;
}

const usualMs = 5_000; // what frameworks give a test

test('the contract takes not too long for any case where the store is a tenth of a second away', async () => {
  let inner: Store;
  const far = () => before(inner, () => new Promise((resolve) => setTimeout(resolve, 100)));
  const first = () => {
    inner = memoryStore();
    return far();
  };
  const times = await timed(first, { another: far });
  expect([...times].filter(([, ms]) => ms > usualMs)).toEqual([]);
  expect(Math.max(...times.values())).toBeGreaterThan(1_000);
});

test('the contract holds for a store that takes no control characters in a key: the cache has none in its keys', async () => {
  const keys = new Set<string>();
  const refuse = (_: Operation, [request]: readonly unknown[]) => {
    const { key, entry } = request as { key?: string; entry?: { key: string } };
    const named = key ?? entry?.key ?? '';
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what some servers refuse
    if (/[\u0000-\u001f]/.test(named)) throw new Error(`a control character in ${JSON.stringify(named)}`);
    keys.add(named);
  };
  const times = await timed(() => before(new SmallStore(), refuse));
  expect(times.size).toBeGreaterThan(35);
  expect([...keys].join()).toMatch(/"ż.*🐢/);
});
