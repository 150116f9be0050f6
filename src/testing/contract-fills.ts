// Docs: docs/testing.md#the-contract
import { check, same } from './check.ts';
import { seededRandom } from './random.ts';
import type { StoreCase } from './store-case.ts';
import type { Trial, Try } from './trial.ts';

/** What fills must do. */
export const fillCases = (tries: Try): StoreCase[] => [
  tries('a second fill of the same key takes the place of the first', async ({ epochs, fill, look }) => {
    const names = epochs();
    await fill(names, { text: '1' });
    await fill(names, { text: '2' });
    same((await look(names)).entry?.body, { text: '2' }, 'The last fill of a key is what a lookup gives.');
  }),

  tries('a fill is refused when any of its epochs moved on since', async ({ store, epochs, fill, look, otherKey }) => {
    const names = epochs(3);
    for (const moved of names) {
      const key = otherKey();
      const { ids } = await look(names, { key });
      await store.advance([moved]);
      same((await fill(names, { ids }, key)).answer, 'invalidated', 'A fill is refused if any of its epochs moved on.');
      same((await look(names, { key })).entry, undefined, 'A fill that was refused left nothing.');
    }
  }),

  tries('a fill that is refused leaves what was there', async ({ store, epochs, fill, look }) => {
    const [kept, moved] = epochs() as [string, string];
    await fill([kept], { text: '1' });
    const { ids } = await look([kept, moved]);
    await store.advance([moved]);
    same(
      (await fill([kept, moved], { ids })).answer,
      'invalidated',
      'A fill is refused if any of its epochs moved on.',
    );
    const { entry } = await look([kept]);
    check(entry === undefined || entry.body.text === '1', 'A fill that was refused wrote nothing.');
  }),

  tries('a fill is refused under an epoch that the store does not know', async ({ epochs, ids, fill }) => {
    const [known, unknown] = epochs() as [string, string];
    const made = [...(await ids([known])), '1'];
    same(
      (await fill([known, unknown], { ids: made })).answer,
      'invalidated',
      'An unknown epoch is as good as moved on.',
    );
  }),

  tries(
    'a fill brings no id back: what moves on meanwhile stays moved on',
    async ({ store, epochs, fill, look, ids }) => {
      for (let round = 0; round < 5; round++) {
        const names = epochs();
        const before = (await look(names)).ids;
        await Promise.all([store.advance(names), fill(names, { ids: before })]);
        const after = await ids(names);
        check(
          after.every((id, index) => id !== before[index]),
          'When an advance has been confirmed no epoch has the id of before, also if a fill ran at the same time.',
        );
      }
    },
  ),
];

/** What moving on must do. */
export const moveCases = (tries: Try): StoreCase[] => [
  tries(
    'moving on touches the epochs it names and no other, known and unknown ones, a hundred at once',
    async (trial) => {
      const [kept, ...moved] = trial.epochs(101) as [string, ...string[]];
      // Every second one, the last one too: the others the store meets for the first time.
      const known = moved.filter((_, index) => index % 2 === 1);
      const before = await trial.ids([kept, ...known]);
      await trial.store.advance(moved);
      const after = await trial.ids([kept, ...known]);
      same(after[0], before[0], 'An epoch that was not named keeps its id.');
      const still = known.filter((_, index) => after[index + 1] === before[index + 1]);
      same(still, [], 'Each epoch that was named moves on.');
    },
  ),

  tries('an id is never met twice, whatever moves, plants and evictions come in which order', async (trial) => {
    const random = seededRandom(trial.options.seed ?? 1);
    const kinds = ['look', 'advance', 'advance twice', ...(trial.options.evict ? ['evict'] : [])];
    for (let round = 0; round < 20; round++) {
      const steps = Array.from({ length: 1 + random(11) }, () => kinds[random(kinds.length)] as string);
      await neverTwice(trial, steps);
    }
  }),
];

async function neverTwice({ store, ids, epochs, options }: Trial, steps: readonly string[]): Promise<void> {
  const [epoch] = epochs(1) as [string];
  const past = new Set<string | undefined>();
  const idNow = async () => (await ids([epoch]))[0];
  let current = await idNow();
  for (const [index, step] of steps.entries()) {
    const told = `after ${steps.slice(0, index + 1).join(', ')}`;
    if (step === 'look') {
      same(await idNow(), current, `An epoch that nobody moves keeps its id: ${told}.`);
      continue;
    }
    past.add(current);
    if (step === 'evict') await options.evict?.(epoch);
    else await Promise.all(Array.from({ length: step === 'advance' ? 1 : 2 }, () => store.advance([epoch])));
    current = await idNow();
    check(!past.has(current), `No id is used a second time: ${told}, the epoch has one that it had before.`);
  }
}
