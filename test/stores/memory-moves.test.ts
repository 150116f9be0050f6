import fc from 'fast-check';
import { memoryStore } from 'trpc-cached';
import { expect, test } from 'vitest';
import type { Entry } from '../../src/entry.ts';
import type { LookupAnswer, Store } from '../../src/store.ts';

const epochs = ['e1', 'e2', 'e3'];
const ask = (store: Store, names: readonly string[] = epochs) =>
  store.lookup({ key: 'k', epochs: names, keepMs: 60_000 }) as LookupAnswer;

function filled(maxEpochs: number): { store: Store; entry: Entry } {
  const store = memoryStore({ maxEpochs });
  const { ids } = ask(store);
  const now = Date.now();
  const entry = {
    key: 'k',
    epochs,
    ids: ids as string[],
    storedAt: now,
    freshUntil: now + 60_000,
    body: { text: '1' },
  };
  store.fill({ entry, unchanged: [], keepMs: 60_000 });
  return { store, entry };
}

test('an epoch that was evicted and then moved on is known to have moved, however often the entry was answered before', () => {
  const { store, entry } = filled(3);
  ask(store);
  ask(store);
  store.lookup({ epochs: ['x1', 'x2', 'x3'], keepMs: 1 }); // evicts all three
  store.advance(['e2']);
  const { own } = ask(store);
  expect(own).not.toEqual(entry.ids);
});

test('what is answered again is what a store would answer that remembers nothing', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('ask' as const), names: fc.subarray(epochs, { minLength: 1 }) }),
    fc.record({ do: fc.constant('advance' as const), names: fc.subarray(epochs) }),
    fc.record({ do: fc.constant('crowd' as const), names: fc.array(fc.constantFrom('x1', 'x2', 'x3', 'x4')) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), fc.array(step, { maxLength: 30 }), (maxEpochs, steps) => {
      const { store, entry } = filled(maxEpochs);
      const lists = new Map<string, readonly string[]>(); // one list per set of names, as calls have it
      const dead = new Set<string>();
      for (const { do: what, names } of steps) {
        if (what === 'crowd') store.lookup({ epochs: names, keepMs: 1 });
        else if (what === 'advance') {
          store.advance(names);
          for (const name of names) dead.add(name);
        } else {
          const list = lists.get(names.join()) ?? names;
          lists.set(names.join(), list);
          const { ids, own } = ask(store, list);
          // Without an entry, or for one that the asker holds, nothing is remembered.
          const held = { id: 'of another', epochs };
          expect(own).toEqual((store.lookup({ epochs: [], held, keepMs: 1 }) as LookupAnswer).own);
          const now = (store.lookup({ epochs: list, keepMs: 1 }) as LookupAnswer).ids;
          if (maxEpochs >= epochs.length) expect(ids).toEqual(now);
          for (const [index, name] of epochs.entries())
            if (dead.has(name)) expect(own[index]).not.toBe(entry.ids[index]);
        }
      }
    }),
    { numRuns: 500 },
  );
});
