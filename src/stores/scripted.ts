// Docs: docs/stores.md#scripts

import { isBounded, randomId } from '../epochs.ts';
import { readEntry, writeEntry } from '../frame.ts';
import type { FillAnswer, LeaseAnswer, LookupAnswer, LookupRequest, Store } from '../store.ts';
import { inOneTrip } from './one-trip.ts';
import type { Scripts } from './scripts.ts';

/** Runs a script on a server of Redis; on the one that holds `route` where there are several. */
export type RunScript = (
  script: string,
  keys: readonly string[],
  args: readonly string[],
  route?: string,
) => Promise<unknown>;

/** The operations of a store whose server runs scripts: each is one trip, and the lookups of one tick share one. */
export function scriptedStore(
  name: string,
  scripts: Scripts,
  run: RunScript,
  channel = '',
): Required<Pick<Store, 'lookup' | 'fill' | 'advance' | 'lease' | 'release'>> {
  const unreadable = () => new Error(`${name}: the client answered with something else than the script`);
  const answerOf = (answer: unknown): LookupAnswer => {
    if (!Array.isArray(answer) || answer.length < 2) throw unreadable();
    const [frame, own]: unknown[] = answer.slice(-2);
    const entry = readEntry(frame);
    // The script read the names of a damaged entry, too: their ids are not those of the copy that the asker holds.
    const isDamaged = entry === undefined && frame !== null && frame !== undefined;
    return {
      ids: answer.slice(0, -2).map(idOf),
      entry,
      own: Array.isArray(own) && !isDamaged ? own.map(idOf) : [],
    };
  };

  return {
    lookup: inOneTrip(async (requests) => {
      const keys = requests.flatMap(({ key, epochs, held }) => [
        ...epochs,
        ...(key === undefined ? [] : [key]),
        ...(held?.epochs ?? []),
      ]);
      const answers = await run(scripts.lookup, keys, [String(randomId()), JSON.stringify(requests.map(shapeOf))]);
      if (!Array.isArray(answers) || answers.length !== requests.length) throw unreadable();
      return answers.map(answerOf);
    }),

    async fill({ entry, unchanged, keepMs, lease }) {
      const names = unchanged.map(([epoch]) => epoch);
      const ids = unchanged.map(([, id]) => id);
      const stored = await run(
        scripts.fill,
        [entry.key, ...names, ...(lease ? [lease.name] : [])],
        [
          String(names.length),
          writeEntry(entry),
          String(Math.ceil(keepMs)),
          String(plantedMs(keepMs)),
          flagsOf(names),
          ...ids,
          ...(lease ? [lease.token] : []),
        ],
      );
      const answer: FillAnswer | undefined = stored === 1 ? 'stored' : stored === 0 ? 'invalidated' : undefined;
      if (answer === undefined) throw unreadable();
      return answer;
    },

    async advance(epochs, mode = 'remove') {
      const args = [String(randomId()), String(plantedMs(0)), mode, flagsOf(epochs), channel];
      if ((await run(scripts.advance, epochs, args)) !== epochs.length) throw unreadable();
    },

    async lease({ name: lease, token, waitsFor = '' }, key, keepMs) {
      const answer = await run(scripts.lease, [lease, key], [token, String(Math.ceil(keepMs)), waitsFor]);
      const answers: LeaseAnswer[] = ['taken', 'leased', 'stored', 'alone', 'there'];
      if (typeof answer !== 'number' || answers[answer] === undefined) throw unreadable();
      return answers[answer];
    },

    async release({ name: lease, token }, aloneMs = 0) {
      await run(scripts.release, [lease], [token, String(Math.ceil(aloneMs))]);
    },
  };
}

// An epoch outlives its entry, and a procedure that takes minutes.
const plantedMs = (keepMs: number): number => Math.ceil(keepMs) + 600_000;

/** One sign per epoch: `1` where it has no time to live. */
const flagsOf = (epochs: readonly string[]): string => epochs.map((name) => (isBounded(name) ? '1' : '0')).join('');

/** A request as the script reads it: how many keys are whose, which of them live for ever, how long the others do. */
const shapeOf = ({ key, epochs, keepMs, held }: LookupRequest) => ({
  n: epochs.length,
  k: key === undefined ? 0 : 1,
  b: flagsOf(epochs),
  x: String(plantedMs(keepMs)),
  h: held?.epochs.length ?? 0,
  i: held?.id,
});

/** An id as the scripts return it. */
export const idOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.startsWith('i') ? value.slice(1) : undefined;
