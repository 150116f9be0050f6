import { describe, expect, test, vi } from 'vitest';
import type { Lease, Store } from '../../src/index.ts';
import { entryOf, freshNames, lookUpAndFill, pairs } from './contract-entries.ts';

const minute = 60_000;

let leases = 0;

/** What the leases of a store must do. */
export function describeLeases(make: () => Store): void {
  describe('a lease', () => {
    const freshLease = (): { lease: Lease; other: Lease; key: string } => {
      const name = `contract:lease:${++leases}`;
      return { lease: { name, token: '1' }, other: { name, token: '2' }, key: `contract:leased:${leases}` };
    };
    /** Nobody has to wait for it: somebody else gets it now. */
    const isFree = async (store: Store, { other, key }: { other: Lease; key: string }) => {
      const answer = await store.lease?.(other, key, minute);
      if (answer !== 'taken') await store.release?.(other);
      return answer !== 'taken';
    };

    test('is taken once, and by another only when it was given back', async () => {
      const store = make();
      const { lease, other, key } = freshLease();
      expect(await store.lease?.(lease, key, minute)).toBe('leased');
      expect(await store.lease?.(other, key, minute)).toBe('taken');
      await store.release?.(lease);
      expect(await store.lease?.(other, key, minute)).toBe('leased');
    });

    test('goes to one of many who ask at the same time', async () => {
      const store = make();
      const { lease, key } = freshLease();
      const asked = Array.from({ length: 10 }, (_, token) =>
        store.lease?.({ ...lease, token: String(token) }, key, minute),
      );
      const answers = await Promise.all(asked);
      expect(answers.filter((answer) => answer === 'leased')).toHaveLength(1);
      expect(answers.filter((answer) => answer === 'taken')).toHaveLength(9);
    });

    test('is not taken by who has waited, where the entry is there: others look at once, too', async () => {
      const store = make();
      const one = freshLease();
      const waiting = (lease: Lease, waitsFor: Lease['waitsFor'] & string): Lease => ({ ...lease, waitsFor });
      expect(await store.lease?.(waiting(one.lease, 'entry'), one.key, minute)).toBe('leased');
      expect(await store.lease?.(waiting(one.other, 'entry'), one.key, minute)).toBe('taken');
      await store.release?.(one.lease);
      await lookUpAndFill(store, one.key, freshNames());
      expect(await store.lease?.(waiting(one.other, 'holder'), one.key, minute)).toBe('there');
      expect(await store.lease?.(waiting(one.other, 'entry'), one.key, minute)).toBe('there');
      expect(await isFree(store, one)).toBe(true);
      expect(await store.lease?.(one.other, one.key, minute)).toBe('stored');
      expect(await store.lease?.(waiting(one.lease, 'entry'), one.key, minute)).toBe('there');
      expect(await store.lease?.(waiting(one.lease, 'holder'), one.key, minute)).toBe('taken');
    });

    test('is given back by nobody but its holder', async () => {
      const store = make();
      const one = freshLease();
      await store.lease?.(one.lease, one.key, minute);
      await store.release?.(one.other);
      expect(await isFree(store, one)).toBe(false);
    });

    test('ends by itself', async () => {
      const store = make();
      const one = freshLease();
      await store.lease?.(one.lease, one.key, 30);
      await vi.waitFor(async () => expect(await isFree(store, one)).toBe(true), { interval: 5 });
    });

    test('that is asked for again with the same token, because the reply was lost, is still ours', async () => {
      const store = make();
      const { lease, other, key } = freshLease();
      expect(await store.lease?.(lease, key, minute)).toBe('leased');
      expect(await store.lease?.(lease, key, minute)).toBe('leased');
      expect(await store.lease?.(other, key, minute)).toBe('taken');
    });

    test('comes with the news that an entry is there by now', async () => {
      const store = make();
      const { lease, key } = freshLease();
      await lookUpAndFill(store, key, freshNames());
      expect(await store.lease?.(lease, key, minute)).toBe('stored');
    });

    test.each(['stored', 'invalidated'] as const)('is given back by a fill that is %s', async (answer) => {
      const store = make();
      const one = freshLease();
      const epochs = freshNames();
      await store.lease?.(one.lease, one.key, minute);
      const { ids } = await store.lookup({ key: one.key, epochs, keepMs: minute });
      if (answer === 'invalidated') await store.advance(epochs);
      const entry = entryOf(one.key, epochs, ids);
      const unchanged = pairs(epochs, ids);
      expect(await store.fill({ entry, unchanged, keepMs: minute, lease: one.lease })).toBe(answer);
      expect(await isFree(store, one)).toBe(true);
    });

    test('of somebody else is left alone by a fill', async () => {
      const store = make();
      const one = freshLease();
      const epochs = freshNames();
      await store.lease?.(one.lease, one.key, minute);
      const { ids } = await store.lookup({ key: one.key, epochs, keepMs: minute });
      const entry = entryOf(one.key, epochs, ids);
      const unchanged = pairs(epochs, ids);
      expect(await store.fill({ entry, unchanged, keepMs: minute, lease: one.other })).toBe('stored');
      expect(await isFree(store, one)).toBe(false);
    });

    test('that is given back because there was nothing to share tells so for a while, whoever asks', async () => {
      const store = make();
      const { lease, other, key } = freshLease();
      await store.lease?.(lease, key, minute);
      await store.release?.(other, minute); // not theirs
      expect(await store.lease?.(other, key, minute)).toBe('taken');
      await store.release?.(lease, minute);
      expect([await store.lease?.(other, key, minute), await store.lease?.(lease, key, minute)]).toEqual([
        'alone',
        'alone',
      ]);
    });

    test('forgets after that time that there was nothing to share', async () => {
      const store = make();
      const one = freshLease();
      await store.lease?.(one.lease, one.key, minute);
      await store.release?.(one.lease, 30);
      await vi.waitFor(async () => expect(await store.lease?.(one.other, one.key, minute)).toBe('leased'), {
        interval: 5,
      });
    });
  });
}
