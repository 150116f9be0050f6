// Docs: docs/testing.md#parts
import type { Mode, PartsConfirmed } from '../store.ts';
import { check, same } from './check.ts';
import type { StoreCase } from './store-case.ts';
import { eventually, outcomeOf, type Trial, type Try } from './trial.ts';

const mostParts = 1_000;

/** An entry of one part. */
interface Spot {
  readonly part: number;
  readonly key: string;
}

/** What a store of parts must do. */
export const partCases = (tries: Try): StoreCase[] => [
  tries(
    'the part of an entry is one of few, and stays the same',
    async (trial) => {
      const keys = Array.from({ length: 2 * mostParts }, trial.otherKey);
      const parts = keys.map((key) => trial.store.partOf?.(key));
      const isPart = (part: unknown) => Number.isInteger(part) && Number(part) >= 0 && Number(part) < mostParts;
      same(
        parts.filter((part) => !isPart(part)),
        [],
        `A part is a whole number from zero, of few: less than ${mostParts}.`,
      );
      await trial.fill(trial.epochs(), {}, keys[0]);
      await trial.store.advance(trial.epochs());
      const again = keys.toReversed().map((key) => trial.store.partOf?.(key));
      check(
        again.toReversed().every((part, index) => part === parts[index]),
        'The part of a key stays the same, whatever is asked in which order.',
      );
    },
    'parts',
  ),

  tries(
    'an advance notes each part when it has moved on, and leaves out those that confirmed before',
    async (trial) => {
      const spots = spotsOf(trial);
      for (const mode of ['remove', 'expire'] as const) {
        await notes(trial, spots, mode, []);
        await notes(trial, spots, mode, spots.slice(0, 1));
      }
    },
    'parts',
  ),

  tries(
    'a part that is cut off has not confirmed, and those that answer have',
    async (trial) => {
      const { store, epochs, options } = trial;
      const spots = spotsOf(trial);
      const names = epochs();
      const before = await fillAll(trial, spots, names);
      const confirmed = new Set<number>();
      const [{ part }] = spots as [Spot];
      const mend = await options.cutPart?.(part);
      try {
        const came = await outcomeOf(() => store.advance(names, 'remove', confirmed));
        check(came !== 'resolved', 'Without one of its parts an advance rejects, or hangs: it never resolves.');
        check(!confirmed.has(part), 'A part that is cut off has not confirmed.');
        const answering = spots.slice(1).map(async (spot) => {
          if ((await outcomeOf(() => idsAt(trial, spot, names))) !== 'resolved') return; // it went with the other one
          const isNoted = async () => confirmed.has(spot.part);
          await eventually(isNoted, 'A part that answers is noted, also when another one never confirms.');
        });
        await Promise.all(answering);
      } finally {
        await mend?.();
      }
      const again = () => store.advance(names, 'remove', confirmed);
      const isDone = async () => (await outcomeOf(again)) === 'resolved';
      await eventually(isDone, 'What one part did not confirm is confirmed when it is there again.');
      for (const [index, spot] of spots.entries()) {
        const ids = await idsAt(trial, spot, names);
        check(haveMoved(before[index], ids), 'When an advance resolved, every part has moved on.');
      }
    },
    'cutPart',
  ),
];

/** Entries in a few different parts, or in the only one. */
function spotsOf({ store, otherKey }: Trial): Spot[] {
  const byPart = new Map<number, Spot>();
  for (let tried = 0; tried < 64 && byPart.size < 4; tried++) {
    const key = otherKey();
    const part = store.partOf?.(key) ?? 0;
    byPart.set(part, { part, key });
  }
  return [...byPart.values()];
}

type Ids = readonly (string | undefined)[];

const fillAll = (trial: Trial, spots: readonly Spot[], names: readonly string[]): Promise<Ids[]> =>
  Promise.all(spots.map(async ({ key }) => (await trial.fill(names, {}, key)).ids));

const idsAt = async ({ store }: Trial, { key }: Spot, names: readonly string[]): Promise<Ids> =>
  (await store.lookup({ near: key, epochs: names, keepMs: 60_000 })).ids;

const haveMoved = (before: Ids | undefined, after: Ids): boolean => after.every((id, index) => id !== before?.[index]);

/** Moves epochs on in all parts but those that `had` confirmed; what is noted must be so at that very moment. */
async function notes(trial: Trial, spots: readonly Spot[], mode: Mode, had: readonly Spot[]): Promise<void> {
  const names = trial.epochs();
  const before = await fillAll(trial, spots, names);
  const noted = new Set(had.map(({ part }) => part));
  const looks: Promise<boolean>[] = [];
  const confirmed: PartsConfirmed = {
    has: (part) => noted.has(part),
    add(part) {
      noted.add(part);
      for (const [index, spot] of spots.entries())
        if (spot.part === part) looks.push(idsAt(trial, spot, names).then((ids) => haveMoved(before[index], ids)));
    },
  };
  await trial.store.advance(names, mode, confirmed);
  for (const [index, spot] of spots.entries()) {
    const ids = await idsAt(trial, spot, names);
    if (had.includes(spot)) {
      same(ids, before[index], 'A part that confirmed before is left out: what was filled there since stays.');
    } else {
      check(haveMoved(before[index], ids), 'Every part moves on that did not confirm before.');
      check(noted.has(spot.part), 'A part that moved on is noted in `confirmed`.');
    }
  }
  const moved = await Promise.all(looks);
  check(
    moved.every((hasMoved) => hasMoved),
    'A part is noted only when it has moved on: a lookup that begins then reads other ids.',
  );
}
