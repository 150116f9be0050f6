// Docs: docs/decisions/0015-stores-without-only-if-absent.md
import { randomId } from '../epochs.ts';
import type { Registers } from './kv-client.ts';

// An epoch is two values, each written by itself: an id is planted, and, once that was confirmed and read back, confirmed by
// writing it again. It is known only where both are the same. To move on is to take both away: what a client sends twice and
// the backend applies late brings one of them back, which is no id.
const planted = (epoch: string): string => `p:${epoch}`;
const confirmed = (epoch: string): string => `c:${epoch}`;

/** The two keys of each epoch, one behind the other. */
export const keysOf = (epochs: readonly string[]): string[] =>
  epochs.flatMap((epoch) => [planted(epoch), confirmed(epoch)]);

/** The ids in the values of {@link keysOf}; `undefined` where nothing, or half of it, is known. */
export const idsIn = (values: readonly (string | undefined)[]): (string | undefined)[] =>
  Array.from({ length: values.length / 2 }, (_, index) => idOf(values[2 * index], values[2 * index + 1]));

const idOf = (planted: string | undefined, confirmed: string | undefined): string | undefined =>
  planted !== undefined && planted === confirmed && isId(planted) ? planted : undefined;

const isId = (value: string): boolean => /^\d+$/.test(value);

/** How often an id that somebody else has planted is read again, before it is taken for one that nobody confirms. */
const patience = 3;

/**
 * Plants epochs of which nothing is known, as their values were read just now. Resolves to their ids; one that several plant at
 * the same time may stay unknown. An id that was given out is confirmed: both values had been written when it was.
 *
 * @param values - what {@link keysOf} these epochs hold.
 * @param ttlMsOf - how long to keep an epoch.
 */
export async function plantAll(
  registers: Registers,
  epochs: readonly string[],
  values: readonly (string | undefined)[],
  ttlMsOf: (epoch: string) => number,
): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  let open = epochs.map((epoch, index) => ({
    ...{ epoch, seen: values[2 * index], isBare: values[2 * index + 1] === undefined, rounds: 0, id: '' },
  }));
  for (let round = 0; open.length > 0 && round <= 2 * patience; round++) {
    const ours = open.filter(({ seen, rounds }) => seen === undefined || !isId(seen) || rounds >= patience);
    for (const one of ours) one.id = String(randomId());
    await Promise.all(
      ours.flatMap(({ epoch, id, isBare }) => [
        registers.write(planted(epoch), id, ttlMsOf(epoch)),
        ...(isBare && registers.removesMissing ? [registers.clear([confirmed(epoch)])] : []),
      ]),
    );
    const now = await registers.read(keysOf(open.map(({ epoch }) => epoch)));
    await Promise.all(
      open.map(async (one, index) => {
        const [there, sure] = [now[2 * index], now[2 * index + 1]];
        if (one.id !== '' && there === one.id) {
          await registers.write(confirmed(one.epoch), one.id, ttlMsOf(one.epoch));
          known.set(one.epoch, one.id);
        } else {
          const id = idOf(there, sure);
          if (id !== undefined) known.set(one.epoch, id);
        }
        // Of another one's id it is counted how often it was met without being confirmed.
        one.rounds = there === one.seen ? one.rounds + 1 : 1;
        one.seen = there;
        one.isBare = sure === undefined;
        one.id = '';
      }),
    );
    open = open.filter(({ epoch }) => !known.has(epoch));
  }
  return known;
}

/** Moves epochs on: the ids of before are none, whoever else plants meanwhile. Resolves when all of it is confirmed. */
export async function moveAll(registers: Registers, epochs: readonly string[]): Promise<void> {
  await registers.clear(keysOf(epochs));
}
