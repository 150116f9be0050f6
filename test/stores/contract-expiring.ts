import { describe, expect, test } from 'vitest';
import { amended, type Standing, standingOf } from '../../src/entry.ts';
import type { Store } from '../../src/index.ts';
import { entryOf, freshNames, lookUpAndFill, pairs } from './contract-entries.ts';

const minute = 60_000;

/** How an entry stands that the store gives. */
const standing = async (store: Store, key: string, epochs: readonly string[]): Promise<Standing> => {
  const { entry, own } = await store.lookup({ key, epochs, keepMs: minute });
  return entry === undefined ? 'gone' : standingOf(entry, own, { key, required: epochs, now: Date.now() });
};

/** What `advance(epochs, 'expire')` must do. */
export function describeExpiring(make: () => Store): void {
  describe('an epoch that is expired', () => {
    test.each([0, 1])(
      'leaves its entries stale, not gone, also twice in a row; removed, they are gone',
      async (which) => {
        const store = make();
        const epochs = freshNames();
        const key = `contract:expire:${epochs[0]}`;
        await lookUpAndFill(store, key, epochs);
        expect(await standing(store, key, epochs)).toBe('fresh');
        for (let round = 0; round < 3; round++) {
          await store.advance([epochs[which] as string], 'expire');
          expect(await standing(store, key, epochs)).toBe('expired');
        }
        await store.advance([epochs[which] as string]);
        expect(await standing(store, key, epochs)).toBe('gone');
        await store.advance([epochs[which] as string], 'expire');
        expect(await standing(store, key, epochs)).toBe('gone');
      },
    );

    test('refuses fills of before, and is what later entries are filled under', async () => {
      const store = make();
      const epochs = freshNames();
      const key = `contract:refill:${epochs[0]}`;
      const { ids } = await store.lookup({ key, epochs, keepMs: minute });
      await store.advance(epochs, 'expire');
      const entry = entryOf(key, epochs, ids);
      expect(await store.fill({ entry, unchanged: pairs(epochs, ids), keepMs: minute })).toBe('invalidated');
      for (const mode of ['expire', 'remove'] as const) {
        expect((await lookUpAndFill(store, key, epochs)).answer).toBe('stored');
        expect(await standing(store, key, epochs)).toBe('fresh');
        await store.advance(epochs, mode);
        expect(await standing(store, key, epochs)).toBe(mode === 'expire' ? 'expired' : 'gone');
      }
    });

    test('does not bring back what was removed before', async () => {
      const store = make();
      const epochs = freshNames();
      const key = `contract:removed:${epochs[0]}`;
      await lookUpAndFill(store, key, epochs);
      await store.advance(epochs, 'expire');
      await lookUpAndFill(store, key, epochs);
      await store.advance(epochs);
      await store.advance(epochs, 'expire');
      expect(await standing(store, key, epochs)).toBe('gone');
    });

    test('has an id that was never used, whether it was known or not', async () => {
      const store = make();
      const [epoch] = freshNames(1) as [string];
      const seen = new Set<string | undefined>();
      for (let round = 0; round < 5; round++) {
        await store.advance([epoch], 'expire');
        seen.add((await store.lookup({ epochs: [epoch], keepMs: minute })).ids[0]);
      }
      expect(seen.size).toBe(5);
      expect(seen.has(undefined)).toBe(false);
    });
  });
}

/** What a lookup with `held` must answer. */
export function describeHeld(make: () => Store): void {
  describe('a lookup by somebody who holds a copy', () => {
    const fillWithId = async (store: Store, key: string, epochs: readonly string[], id: string) => {
      const { ids } = await store.lookup({ key, epochs, keepMs: minute });
      const entry = amended(entryOf(key, epochs, ids), { id });
      await store.fill({ entry, unchanged: pairs(epochs, ids), keepMs: minute });
      return ids;
    };

    test('is sent no entry when it is the one that is held, and the ids of the epochs that the copy names', async () => {
      const store = make();
      const epochs = freshNames(3);
      const key = `contract:held:${epochs[0]}`;
      const ids = await fillWithId(store, key, epochs, 'one');
      const held = { id: 'one', epochs: [epochs[2], epochs[0]] as string[] };
      const answer = await store.lookup({ key, epochs: epochs.slice(0, 1), keepMs: minute, held });
      expect(answer).toEqual({ ids: [ids[0]], entry: undefined, own: [ids[2], ids[0]] });
    });

    test('sees in these ids what moved on, and what is unknown is not planted', async () => {
      const store = make();
      const epochs = freshNames(2);
      const [unknown] = freshNames(1) as [string];
      const key = `contract:held:${epochs[0]}`;
      const ids = await fillWithId(store, key, epochs, 'one');
      await store.advance([epochs[1] as string]);
      const held = { id: 'one', epochs: [...epochs, unknown] };
      for (let round = 0; round < 2; round++) {
        const { own } = await store.lookup({ key, epochs: [], keepMs: minute, held });
        expect(own).toEqual([ids[0], expect.any(String), undefined]);
        expect(own[1]).not.toBe(ids[1]);
      }
    });

    test('is sent another entry whole, with the ids of its own epochs', async () => {
      const store = make();
      const epochs = freshNames(2);
      const key = `contract:held:${epochs[0]}`;
      const ids = await fillWithId(store, key, epochs, 'two');
      const held = { id: 'one', epochs: freshNames(1) };
      const answer = await store.lookup({ key, epochs: [], keepMs: minute, held });
      expect(answer.entry).toMatchObject({ key, id: 'two' });
      expect(answer.own).toEqual(ids);
    });

    test('hears the ids of the epochs that the copy names when there is no entry any more', async () => {
      const store = make();
      const epochs = freshNames(2);
      const { ids } = await store.lookup({ epochs, keepMs: minute });
      const held = { id: 'one', epochs };
      const answer = await store.lookup({ key: `contract:none:${epochs[0]}`, epochs: [], keepMs: minute, held });
      expect(answer).toEqual({ ids: [], entry: undefined, own: ids });
    });

    test('and one by somebody who holds none, in the same tick, each get their own answer', async () => {
      const store = make();
      const epochs = freshNames(2);
      const key = `contract:both:${epochs[0]}`;
      const ids = await fillWithId(store, key, epochs, 'one');
      const [without, whole] = await Promise.all([
        store.lookup({ key, epochs, keepMs: minute, held: { id: 'one', epochs }, exact: true }),
        store.lookup({ key, epochs, keepMs: minute, exact: true }),
      ]);
      expect(without).toEqual({ ids, entry: undefined, own: ids });
      expect(whole.entry?.id).toBe('one');
      expect(whole.own).toEqual(ids);
    });
  });
}
