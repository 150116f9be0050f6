// Docs: docs/testing.md#the-contract
import { check, same } from './check.ts';
import { seededRandom } from './random.ts';
import type { StoreCase } from './store-case.ts';
import { entryOf, pairs, type Trial, type Try } from './trial.ts';

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

  tries('a fill is refused when what moved on is named by its request alone, not by its entry', async (trial) => {
    const { store, key, epochs, look } = trial;
    const [named, guard] = epochs() as [string, string];
    const { ids } = await look([named, guard]);
    const entry = entryOf(key, [named], ids.slice(0, 1));
    const request = { entry, unchanged: pairs([named, guard], ids), keepMs: 60_000 };
    same(await store.fill(request), 'stored', 'A fill under epochs that did not move is stored.');
    await store.advance([guard]);
    same(await store.fill(request), 'invalidated', 'Each epoch of `unchanged` counts, also one that the entry lacks.');
  }),

  tries('a fill brings no id back: what moves on meanwhile stays moved on', async (trial) => {
    for (let round = 0; round < 5; round++)
      await Promise.all([movesMeanwhile(trial, 'advance first'), movesMeanwhile(trial, 'fill first')]);
  }),
];

async function movesMeanwhile({ store, epochs, fill, look, otherKey }: Trial, order: string): Promise<void> {
  const names = epochs();
  const key = otherKey();
  const before = (await look(names, { key })).ids;
  const fills = async () => void (await fill(names, { ids: before }, key));
  const moves = async () => store.advance(names);
  await Promise.all((order === 'fill first' ? [fills, moves] : [moves, fills]).map((work) => work()));
  const after = await look(names, { key });
  check(
    after.ids.every((id, index) => id !== before[index]),
    'When an advance has been confirmed no epoch has the id of before, also if a fill ran at the same time.',
  );
}

/** What moving on must do. */
export const moveCases = (tries: Try): StoreCase[] => [
  tries(
    'moving on touches the epochs it names and no other, known and unknown ones, hundreds at once',
    async (trial) => {
      const [kept, ...moved] = trial.epochs(251) as [string, ...string[]];
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

  tries('moving on begins with the guard: who sees a tag that moved on sees that the guard did', (trial) =>
    allOf(3, () => guardFirst(trial)),
  ),

  tries('an id is never met twice, whatever moves, plants and evictions come in which order', (trial) => {
    const random = seededRandom(trial.options.seed ?? 1);
    const kinds = ['look', 'advance', 'advance twice', ...(trial.options.evict ? ['evict'] : [])];
    return allOf(20, () =>
      neverTwice(
        trial,
        Array.from({ length: 1 + random(11) }, () => kinds[random(kinds.length)] as string),
      ),
    );
  }),
];

/** Runs something so many times, all at once: a store that is far away has not to be waited for again and again. */
async function allOf(times: number, work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: times }, work));
}

const manyTags = 24;

/**
 * A fill that learned a tag is held off by the guard alone, so the guard is known to have moved before a tag does. An id that
 * is unknown right now, as one that two plant at once may be, says nothing.
 */
async function guardFirst({ store, key, ids }: Trial): Promise<void> {
  const prefix = `contract-${crypto.randomUUID()}:e:`;
  const guard = `${prefix}guard`;
  const tags = Array.from({ length: manyTags }, (_, index) => `${prefix}tag:${index}`);
  const [guardId, ...tagIds] = await ids([guard, ...tags]);
  const read = async (epochs: readonly string[]) => (await store.lookup({ near: key, epochs, keepMs: 60_000 })).ids;
  let isOver = false;
  const moved = (async () => store.advance([guard, ...tags]))().finally(() => {
    isOver = true;
  });
  moved.catch(() => {}); // it is waited for below, unless the check fails before
  for (let looks = 1; !isOver; looks++) {
    const seen = await read(tags);
    if (seen.some((id, index) => id !== undefined && id !== tagIds[index])) {
      const [now] = await read([guard]);
      check(now !== guardId, 'Epochs come in an order: the guard is known to have moved before any tag does.');
      break;
    }
    if (looks % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 0)); // or nothing else would have a turn
  }
  await moved;
}

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
