// Docs: docs/testing.md#the-contract
import type { Lease } from '../store.ts';
import { check, same } from './check.ts';
import type { StoreCase } from './store-case.ts';
import { eventually, type Trial, type Try } from './trial.ts';

const minute = 60_000;

/** What a case of leases has: one lease of two people, and what they may do. */
interface Leases extends Omit<Trial, 'lease'> {
  readonly mine: Lease;
  readonly theirs: Lease;
  readonly take: (lease: Lease, keepMs?: number) => Promise<unknown>;
  readonly giveBack: (lease: Lease, aloneMs?: number) => Promise<void>;
  /** Nobody has to wait for it: somebody else gets it now. */
  readonly isFree: () => Promise<boolean>;
}

/** What the leases of a store must do. */
export const leaseCases = (tries: Try): StoreCase[] => {
  const leased = (name: string, work: (leases: Leases) => Promise<void>) =>
    tries(`a lease ${name}`, (trial) => work(leasesOf(trial)), 'lease');

  return [
    leased('is taken once, and by another only when it was given back', async ({ mine, theirs, take, giveBack }) => {
      same(await take(mine), 'leased', 'Who asks first has the lease.');
      same(await take(theirs), 'taken', 'Of one name there is one holder.');
      await giveBack(mine);
      same(await take(theirs), 'leased', 'What was given back can be had.');
    }),

    leased('goes to one of many who ask at the same time', async ({ mine, take }) => {
      const asked = Array.from({ length: 10 }, (_, token) => take({ ...mine, token: String(token) }));
      const answers = (await Promise.all(asked)).sort();
      same(answers, ['leased', ...Array(9).fill('taken')], 'Of ten who ask at once one gets it.');
    }),

    leased('is not taken by who has waited, where the entry is there', async (trial) => {
      const { mine, theirs, take, giveBack, isFree, fill, epochs } = trial;
      const waiting = (lease: Lease, waitsFor: 'entry' | 'holder'): Lease => ({ ...lease, waitsFor });
      same(
        await take(waiting(mine, 'entry')),
        'leased',
        'Who waits for an entry that is not there takes a free lease.',
      );
      same(await take(waiting(theirs, 'entry')), 'taken', 'Who waits for an entry that is not there goes on waiting.');
      await giveBack(mine);
      await fill(epochs());
      same(await take(waiting(theirs, 'holder')), 'there', 'Who waited for the end of a holder is told of the entry.');
      same(await take(waiting(theirs, 'entry')), 'there', 'Who waited for the entry is told of it.');
      check(await isFree(), "Who is told 'there' holds no lease.");
      same(await take(theirs), 'stored', 'Who did not wait takes the lease, and is told that there is an entry.');
      same(
        await take(waiting(mine, 'entry')),
        'there',
        'Who waits for the entry is told of it, whoever holds the lease.',
      );
      same(await take(waiting(mine, 'holder')), 'taken', 'Who waits for the end of a holder waits until it ends.');
    }),

    leased('is given back by nobody but its holder', async ({ mine, theirs, take, giveBack, isFree }) => {
      await take(mine);
      await giveBack(theirs);
      check(!(await isFree()), 'A lease is given back only with the token that it was taken with.');
    }),

    leased('ends by itself', async ({ mine, take, isFree }) => {
      await take(mine, 10);
      await eventually(isFree, 'A lease ends when its time is up, whatever becomes of its holder.');
    }),

    leased('that is asked for again with the same token, because a reply was lost, is still ours', async (leases) => {
      const { mine, theirs, take } = leases;
      same(await take(mine), 'leased', 'Who asks first has the lease.');
      same(await take(mine), 'leased', 'Asked for again with the same token, it is the same lease.');
      same(await take(theirs), 'taken', 'Of one name there is one holder.');
    }),

    leased('comes with the news that an entry is there by now', async ({ mine, take, fill, epochs }) => {
      await fill(epochs());
      same(await take(mine), 'stored', 'Who takes a lease of an entry that is there is told so.');
    }),

    ...(['stored', 'invalidated'] as const).map((answer) =>
      leased(`is given back by a fill that is ${answer}`, async (leases) => {
        const { mine, take, isFree, store, epochs, look, fill } = leases;
        const names = epochs();
        await take(mine);
        const { ids } = await look(names);
        if (answer === 'invalidated') await store.advance(names);
        const filled = await fill(names, { ids, lease: mine });
        same(filled.answer, answer, 'A fill says what became of it.');
        check(await isFree(), 'A fill gives its lease back, whatever becomes of the entry.');
      }),
    ),

    leased('of somebody else is left alone by a fill', async ({ mine, theirs, take, isFree, epochs, fill }) => {
      await take(mine);
      const { answer } = await fill(epochs(), { lease: theirs });
      same(answer, 'stored', 'A fill under epochs that did not move is stored, also without a lease.');
      check(!(await isFree()), 'A fill gives back the lease of its own token only.');
    }),

    leased('that is given back because there was nothing to share tells so, whoever asks', async (leases) => {
      const { mine, theirs, take, giveBack } = leases;
      await take(mine);
      await giveBack(theirs, minute);
      same(await take(theirs), 'taken', 'A lease is given back only with the token that it was taken with.');
      await giveBack(mine, minute);
      same([await take(theirs), await take(mine)], ['alone', 'alone'], 'For that time, whoever asks runs alone.');
    }),

    leased('forgets after that time that there was nothing to share', async ({ mine, theirs, take, giveBack }) => {
      await take(mine);
      await giveBack(mine, 10);
      await eventually(async () => (await take(theirs)) === 'leased', "Whoever asks is told 'alone' for no longer.");
    }),
  ];
};

function leasesOf({ lease, ...trial }: Trial): Leases {
  const { store, key } = trial;
  const take = async (lease: Lease, keepMs = minute) => store.lease?.(lease, key, keepMs);
  const giveBack = async (lease: Lease, aloneMs?: number) => store.release?.(lease, aloneMs);
  const theirs = lease('2');
  return {
    ...trial,
    mine: lease('1'),
    theirs,
    take,
    giveBack,
    async isFree() {
      const answer = await take(theirs);
      if (answer !== 'taken') await giveBack(theirs);
      return answer !== 'taken';
    },
  };
}
