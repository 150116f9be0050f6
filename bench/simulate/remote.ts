// Docs: docs/stores.md#scripts
import { type Entry, standingOf } from '../../src/entry.ts';
import type { FillAnswer, LeaseAnswer } from '../../src/store.ts';
import type { Bill } from './bill.ts';
import { createLives } from './lives.ts';
import { bytesDown, bytesUp, commands } from './wire.ts';

/** An entry, and of which state of the data it is made. */
export interface Made extends Entry {
  /** How many writes of its key the procedure could see. */
  readonly version: number;
  /** Bytes of its JSON. */
  readonly payload: number;
}

/** One epoch stands for all of a key: the others never move on here. */
export const epochs: readonly string[] = ['input'];
export const body = { text: '' };

/** The ids of the epochs of a key; another array after each invalidation. */
export type Ids = readonly [string];

/** What a lookup brings back: no entry where the asker holds it, or there is none. */
export interface Found {
  readonly ids: Ids;
  readonly entry: Made | undefined;
}

/** The store that all isolates share: what it does happens at one moment, when the request arrives. */
export interface Remote {
  /** `keepMs`: how long an entry may live. */
  readonly lookup: (key: number, heldId: string | undefined, keepMs: number) => Found;
  readonly fill: (key: number, entry: Made, keepMs: number, lease: Lease | undefined) => FillAnswer;
  readonly advance: (key: number) => void;
  readonly lease: (lease: Lease, key: number, forMs: number) => LeaseAnswer;
  readonly release: (lease: Lease) => void;
}

export interface Lease {
  readonly name: string;
  readonly token: number;
  /** Who asks has waited: for an entry where there was none, or for the end of a holder. */
  readonly waitsFor?: 'entry' | 'holder' | undefined;
}

/** The scripts of `scripts.ts` on a map, with what each of them is billed. */
export function createRemote(clock: { readonly now: number }, bill: Bill): Remote {
  const kept = new Map<number, { readonly entry: Made; readonly until: number }>();
  const idsOf = new Map<number, Ids>();
  const lives = createLives(clock);
  const leases = new Map<string, { readonly token: number; readonly until: number }>();
  let last = 0;

  const renew = (key: number): Ids => {
    const ids: Ids = [String(++last)];
    idsOf.set(key, ids);
    return ids;
  };
  const entryOf = (key: number): Made | undefined => {
    const one = kept.get(key);
    if (one === undefined || one.until > clock.now) return one?.entry;
    kept.delete(key);
    return undefined;
  };
  const holderOf = (name: string): number | undefined => {
    const held = leases.get(name);
    return held !== undefined && held.until > clock.now ? held.token : undefined;
  };
  /** Says what it is billed. */
  const giveBack = ({ name, token }: Lease): number => {
    if (holderOf(name) !== token) return 0;
    leases.delete(name);
    return commands.release;
  };

  return {
    lookup(key, heldId, keepMs) {
      const entry = entryOf(key);
      const sent = entry !== undefined && entry.id === heldId ? undefined : entry;
      const up = heldId === undefined ? bytesUp.lookup : bytesUp.held;
      bill.add('lookup', commands.lookup(lives.plant(key, keepMs)), up, bytesDown.lookup(sent?.payload));
      return { ids: idsOf.get(key) ?? renew(key), entry: sent };
    },
    fill(key, entry, keepMs, lease) {
      const isAlive = idsOf.get(key)?.[0] === entry.ids[0];
      const up = lease === undefined ? bytesUp.fill(entry.payload) : bytesUp.leasedFill(entry.payload);
      const count = isAlive ? commands.fill(lives.extend(key, keepMs)) : commands.deadFill;
      bill.add('fill', count + (lease === undefined ? 0 : giveBack(lease)), up, bytesDown.other);
      if (!isAlive) return 'invalidated';
      kept.set(key, { entry, until: clock.now + keepMs });
      return 'stored';
    },
    advance(key) {
      bill.add('advance', commands.advance, bytesUp.advance, bytesDown.other);
      lives.advance(key);
      renew(key);
    },
    lease({ name, token, waitsFor }, key, forMs) {
      const answered = (answer: LeaseAnswer, count: number): LeaseAnswer => {
        bill.add('lease', count, bytesUp.lease, bytesDown.other);
        return answer;
      };
      const isThere = entryOf(key) !== undefined;
      if (waitsFor === 'entry' && isThere) return answered('there', commands.leaseThere);
      const looked = waitsFor === 'entry' ? commands.waiting : 0;
      if (holderOf(name) !== undefined) return answered('taken', commands.leaseTaken + looked);
      if (waitsFor === 'holder' && isThere) return answered('there', commands.leaseTaken + commands.waiting);
      leases.set(name, { token, until: clock.now + forMs });
      return answered(isThere ? 'stored' : 'leased', commands.lease + (waitsFor === undefined ? 0 : commands.waiting));
    },
    release(lease) {
      bill.add('release', commands.releaseAlone + giveBack(lease), bytesUp.release, bytesDown.other);
    },
  };
}

const claim = { key: '', required: [] as string[], now: 0 };

/** How an entry stands under the ids that its epochs have now: the library's own judgement. */
export function standing(entry: Made, ids: Ids, now: number) {
  claim.key = entry.key;
  claim.now = now;
  return standingOf(entry, ids, claim);
}
