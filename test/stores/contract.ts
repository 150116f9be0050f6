import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/index.ts';
import { entryOf, freshNames, lookUpAndFill, pairs } from './contract-entries.ts';
import { describeExpiring, describeHeld } from './contract-expiring.ts';
import { describeLeases } from './contract-leases.ts';

/** Takes keys away as an eviction does. */
export type Evict = (...keys: string[]) => Promise<void>;

export { entryOf, freshNames, lookUpAndFill, pairs } from './contract-entries.ts';

const minute = 60_000;

/** What every store must do, whatever it is made of; `evict` where a test can reach what the store holds. */
export function describeStore(name: string, make: () => Store, evict?: Evict): void {
  describe(`the contract of a store: ${name}`, () => {
    const idsOf = async (store: Store, epochs: readonly string[]) =>
      (await store.lookup({ epochs, keepMs: minute })).ids;

    test('a lookup plants the epochs that are missing, and leaves those that exist as they are', async () => {
      const store = make();
      const [a, b, c] = freshNames(3) as [string, string, string];
      const [first] = await idsOf(store, [a]);
      const all = await idsOf(store, [a, b, c]);
      expect(all).toEqual([first, expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/)]);
      expect(await idsOf(store, [c, a, b])).toEqual([all[2], all[0], all[1]]);
    });

    test('lookups at the same time agree on what they planted', async () => {
      const store = make();
      const epochs = freshNames(3);
      const answers = await Promise.all(Array.from({ length: 5 }, () => store.lookup({ epochs, keepMs: minute })));
      const known = await idsOf(store, epochs);
      for (const { ids } of answers) expect(ids).toEqual(known);
    });

    test('a lookup without a key reads epochs only, and one for a missing entry says so', async () => {
      const store = make();
      expect(await store.lookup({ epochs: [], keepMs: minute })).toEqual({ ids: [], entry: undefined, own: [] });
      const answer = await store.lookup({ key: 'contract:absent', epochs: freshNames(1), keepMs: minute });
      expect(answer).toEqual({ ids: [expect.any(String)], entry: undefined, own: [] });
    });

    test('an entry comes back as it was stored, with the ids of its own epochs in their order', async () => {
      const store = make();
      const epochs = freshNames(3);
      const { entry, ids, answer } = await lookUpAndFill(store, `contract:${epochs[0]}`, epochs, '{"json":"ż\\n🐢"}');
      expect(answer).toBe('stored');
      const asked = [epochs[2], epochs[0]] as string[];
      const found = await store.lookup({ key: entry.key, epochs: asked, keepMs: minute });
      expect(found.ids).toEqual([ids[2], ids[0]]);
      expect(found.own).toEqual(ids);
      expect(found.entry).toMatchObject({ ...entry });
    });

    test('a second fill of the same key takes the place of the first', async () => {
      const store = make();
      const epochs = freshNames();
      await lookUpAndFill(store, 'contract:again', epochs, '1');
      await lookUpAndFill(store, 'contract:again', epochs, '2');
      const { entry } = await store.lookup({ key: 'contract:again', epochs, keepMs: minute });
      expect(entry?.body).toEqual({ text: '2' });
    });

    test('a fill is refused when any of its epochs moved on since, and the older entry stays as dead as it was', async () => {
      const store = make();
      const epochs = freshNames(3);
      for (const [index, moved] of epochs.entries()) {
        const key = `contract:moved-${index}`;
        const { ids } = await store.lookup({ key, epochs, keepMs: minute });
        await store.advance([moved]);
        const entry = entryOf(key, epochs, ids);
        expect(await store.fill({ entry, unchanged: pairs(epochs, ids), keepMs: minute })).toBe('invalidated');
        expect((await store.lookup({ key, epochs, keepMs: minute })).entry).toBeUndefined();
      }
    });

    test('a fill is refused under an epoch that the store does not know', async () => {
      const store = make();
      const [known, unknown] = freshNames() as [string, string];
      const ids = [...(await idsOf(store, [known])), '1'];
      const entry = entryOf('contract:unknown', [known, unknown], ids);
      expect(await store.fill({ entry, unchanged: pairs(entry.epochs, ids), keepMs: minute })).toBe('invalidated');
    });

    test('an entry whose epoch moved on is told by its own ids, also when the lookup did not ask for that epoch', async () => {
      const store = make();
      const epochs = freshNames(2);
      const { ids, entry } = await lookUpAndFill(store, 'contract:own', epochs);
      await store.advance([epochs[1] as string]);
      const { own } = await store.lookup({ key: entry.key, epochs: [epochs[0] as string], keepMs: minute });
      expect(own[0]).toBe(ids[0]);
      expect(own[1]).not.toBe(ids[1]);
    });

    test('moving on touches the epochs it names and no other, known ones and unknown ones, one or a hundred', async () => {
      const store = make();
      const [kept, ...epochs] = freshNames(101) as [string, ...string[]];
      const before = await idsOf(store, [kept, ...epochs.slice(0, 50)]);
      await store.advance(epochs);
      const after = await idsOf(store, [kept, ...epochs]);
      expect(after[0]).toBe(before[0]);
      before.slice(1).forEach((id, index) => {
        expect(after[index + 1]).not.toBe(id);
      });
    });

    test('an id is never met twice, whatever moves, plants and evictions come in which order', async () => {
      const store = make();
      const step = fc.constantFrom('look', 'advance', 'advance twice', ...(evict ? ['evict'] : []));
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          const [epoch] = freshNames(1) as [string];
          const past = new Set<string | undefined>();
          let current = (await idsOf(store, [epoch]))[0];
          for (const one of steps) {
            if (one === 'look') expect((await idsOf(store, [epoch]))[0]).toBe(current);
            else {
              past.add(current);
              if (one === 'evict') await evict?.(epoch);
              else await Promise.all(Array.from({ length: one === 'advance' ? 1 : 2 }, () => store.advance([epoch])));
              current = (await idsOf(store, [epoch]))[0];
              expect(past.has(current)).toBe(false);
            }
          }
        }),
        { numRuns: 25 },
      );
    });

    describeExpiring(make);
    describeHeld(make);
    describeLeases(make);

    if (evict === undefined) return;
    test('an evicted epoch makes its entries unusable: its own id is unknown, a new one is planted', async () => {
      const store = make();
      const epochs = freshNames();
      const { ids, entry } = await lookUpAndFill(store, 'contract:evicted', epochs);
      await evict(epochs[1] as string);
      const unasked = await store.lookup({ key: entry.key, epochs: [epochs[0] as string], keepMs: minute });
      expect(unasked.own).toEqual([ids[0], undefined]);
      const asked = await store.lookup({ key: entry.key, epochs, keepMs: minute });
      expect(asked.ids[1]).not.toBe(ids[1]);
      expect(asked.own[1]).not.toBe(ids[1]);
    });
  });
}
