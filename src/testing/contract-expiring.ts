// Docs: docs/testing.md#the-contract
import { check, same } from './check.ts';
import type { StoreCase } from './store-case.ts';
import type { Trial, Try } from './trial.ts';

const declared =
  'What was expired is stale, not gone. A store that removes it instead says so: `supports: { expire: false }`.';

/** What `advance(epochs, 'expire')` must do. */
export const expiringCases = (tries: Try): StoreCase[] => [
  ...[0, 1].map((which) =>
    tries(
      `an epoch ${which === 0 ? 'without' : 'with'} a lifetime that is expired leaves its entries stale, also twice in a row; removed, they are gone`,
      async ({ store, epochs, fill, standing }) => {
        const names = epochs();
        const named = [names[which] as string];
        await fill(names);
        same(await standing(names), 'fresh', 'What was just filled is fresh.');
        for (let round = 0; round < 3; round++) {
          await store.advance(named, 'expire');
          const stands = await standing(names);
          check(stands !== 'gone', declared);
          same(stands, 'expired', 'What was expired is stale, not fresh.');
        }
        await store.advance(named);
        same(await standing(names), 'gone', 'What was removed is gone, also if it was expired before.');
        await store.advance(named, 'expire');
        same(await standing(names), 'gone', 'What was removed does not come back by being expired.');
      },
      'expire',
    ),
  ),

  tries('an epoch that is expired is not fresh any more, and refuses fills of before', async (trial) => {
    const { store, epochs, fill, look, standing } = trial;
    const names = epochs();
    const { ids } = await look(names);
    await store.advance(names, 'expire');
    same((await fill(names, { ids })).answer, 'invalidated', 'A fill is refused if its epochs were expired meanwhile.');
    for (const mode of ['expire', 'remove'] as const) {
      same((await fill(names)).answer, 'stored', 'A fill under the ids of now is stored.');
      same(await standing(names), 'fresh', 'What was just filled is fresh.');
      await store.advance(names, mode);
      check((await standing(names)) !== 'fresh', 'What was invalidated is not fresh, whatever the mode.');
    }
    same(await standing(names), 'gone', 'What was removed is gone.');
  }),

  tries('an epoch that is expired does not bring back what was removed before', async (trial) => {
    const { store, epochs, fill, standing } = trial;
    const names = epochs();
    await fill(names);
    await store.advance(names, 'expire');
    await fill(names);
    await store.advance(names);
    await store.advance(names, 'expire');
    same(await standing(names), 'gone', 'What was removed does not come back by being expired.');
  }),

  tries('an epoch that is expired has an id that was never used, whether it was known or not', async (trial) => {
    const names = trial.epochs(1);
    const seen = new Set<string | undefined>();
    for (let round = 0; round < 5; round++) {
      await trial.store.advance(names, 'expire');
      seen.add((await trial.ids(names))[0]);
    }
    same(seen.size, 5, 'Each time an epoch is expired it gets another id.');
  }),
];

const ignored = 'it answers whole entries to those who hold a copy';

/** What a lookup with `held` must answer. */
export const heldCases = (tries: Try): StoreCase[] => {
  /** Ends the case where the store knows nothing of `held`: that is allowed. */
  const held = (name: string, work: (trial: Trial) => Promise<void>) =>
    tries(
      name,
      async (trial) => {
        const key = trial.otherKey();
        const probed = trial.epochs();
        await trial.fill(probed, { id: 'probe' }, key);
        const answer = await trial.look(probed, { key, held: { id: 'probe', epochs: probed }, exact: true });
        if (answer.entry !== undefined) trial.lacks('held', ignored);
        await work(trial);
      },
      'held',
    );

  return [
    held('who holds the entry is sent none, and the ids of the epochs that the copy names', async (trial) => {
      const names = trial.epochs(3);
      const { ids } = await trial.fill(names, { id: 'one' });
      const copy = { id: 'one', epochs: [names[2], names[0]] as string[] };
      const answer = await trial.look(names.slice(0, 1), { held: copy });
      same(answer, { ids: [ids[0]], own: [ids[2], ids[0]] }, 'Own ids are those of the epochs that the copy names.');
    }),

    held('who holds a copy sees what moved on, and what is unknown is not planted', async (trial) => {
      const names = trial.epochs(2);
      const [unknown] = trial.epochs(1) as [string];
      const { ids } = await trial.fill(names, { id: 'one' });
      await trial.store.advance([names[1] as string]);
      for (let round = 0; round < 2; round++) {
        const { own } = await trial.look([], { held: { id: 'one', epochs: [...names, unknown] } });
        same([own[0], own[2]], [ids[0], undefined], 'An own id that is unknown stays unknown.');
        check(own[1] !== ids[1], 'The own id of an epoch that moved on is another one.');
      }
    }),

    held('who holds another copy is sent the entry whole, with the ids of its own epochs', async (trial) => {
      const names = trial.epochs(2);
      const { ids, entry } = await trial.fill(names, { id: 'two' });
      const answer = await trial.look([], { held: { id: 'one', epochs: trial.epochs(1) } });
      same(answer.entry, entry, 'An entry with another id than that of the copy is answered whole.');
      same(answer.own, ids, 'Its own ids are those of its epochs, not of those that the copy names.');
    }),

    held('who holds a copy of what is gone hears the ids of the epochs that the copy names', async (trial) => {
      const names = trial.epochs(2);
      const ids = await trial.ids(names);
      const answer = await trial.look([], { held: { id: 'one', epochs: names } });
      same(answer, { ids: [], own: ids }, 'Without an entry, own ids are those of the epochs that the copy names.');
    }),

    held('who holds a copy and who holds none, in the same tick, each get their own answer', async (trial) => {
      const names = trial.epochs(2);
      const { ids } = await trial.fill(names, { id: 'one' });
      const [without, entire] = await Promise.all([
        trial.look(names, { held: { id: 'one', epochs: names }, exact: true }),
        trial.look(names, { exact: true }),
      ]);
      same(without, { ids, own: ids }, 'Who holds the entry is sent none.');
      same([entire.entry?.id, entire.own], ['one', ids], 'Who holds none is sent the entry.');
    }),
  ];
};
