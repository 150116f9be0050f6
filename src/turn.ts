// Docs: docs/freshness.md#many-processes
import { late, pause, within } from './deadline.ts';
import { digest } from './digest.ts';
import { randomId } from './epochs.ts';
import type { Lookup } from './lookup.ts';
import type { Awaitable, Lease, LeaseAnswer, Store } from './store.ts';

/** What somebody may do who wants to run a procedure where one run is enough for all processes. */
export type Turn =
  | { readonly lookup: Lookup; readonly lease?: Lease }
  /** Another process stored what was wanted. */
  | { readonly stored: Lookup }
  /** Another process runs it, and this one need not wait. */
  | { readonly elsewhere: true };

/** What taking a turn needs around it. */
export interface TurnParts {
  readonly store: Store;
  readonly lookUpAgain: () => Awaitable<Lookup | undefined>;
  /** Hears of a store that gives no lease. */
  readonly failed: (error: unknown) => void;
  /** How long one request may take, how long a lease lasts, how long to wait for the holder of another. */
  readonly readMs: number;
  readonly leaseMs: number;
  readonly waitMs: number;
}

const [shortestMs, longestMs] = [20, 400];

/**
 * Takes the lease of a fill, or waits for who holds it, in growing pauses (leases: Nishtala et al., Scaling Memcache at
 * Facebook, 2013). A lease belongs to an entry and the ids of its epochs: nobody waits for a fill that is dead already. Who
 * waited too long, or cannot reach the store, runs without.
 */
export async function takeTurn(first: Lookup, waits: boolean, parts: TurnParts): Promise<Turn> {
  const { store, waitMs } = parts;
  const started = performance.now();
  let lookup = first;
  let waited = false;
  // Many wait: took each a lease to learn that the entry is there, they would do so one after another.
  let waitsFor: Lease['waitsFor'];
  for (let wait = shortestMs; ; wait = Math.min(wait * 1.5, longestMs)) {
    if (performance.now() - started > waitMs && waited) return { lookup };
    const lease: Lease = {
      name: leaseName(lookup),
      near: lookup.wanted.key,
      token: String(randomId()),
      ...(waitsFor && { waitsFor }),
    };
    const answer = await ask(lease, lookup.wanted.key, parts);
    if (answer === undefined || (answer === 'alone' && !waited)) return { lookup };
    if (answer !== 'taken') {
      if (answer === 'leased' && !waited) return { lookup, lease };
      // Somebody may have stored it, or moved its epochs on, since it was looked up.
      const again = await parts.lookUpAgain();
      const isNew = again?.entry !== undefined && again.entry.storedAt !== first.entry?.storedAt;
      if (answer === 'there') {
        if (isNew) return { stored: again };
        if (again === undefined) return { lookup };
        lookup = again;
        waitsFor = undefined; // an old one
        continue;
      }
      if (answer === 'alone') return isNew ? { stored: again } : { lookup: again ?? lookup };
      if (again === undefined) return { lookup, lease };
      if (!isNew && leaseName(again) === lease.name) return { lookup: again, lease };
      giveBack(store, lease);
      if (isNew) return { stored: again };
      lookup = again;
      continue;
    }
    if (!waits) return { elsewhere: true };
    if (performance.now() - started + wait > waitMs) return { lookup };
    await pause(wait * (0.5 + Math.random()), true);
    waited = true;
    waitsFor = lookup.isEmpty ? 'entry' : 'holder';
  }
}

/** Gives a lease back without waiting: it ends by itself, too. With `aloneMs`, because there is nothing to share. */
export function giveBack(store: Store, lease: Lease, aloneMs = 0): void {
  try {
    Promise.resolve(store.release?.(lease, aloneMs)).catch(() => {});
  } catch {
    // A store that throws at once is no better.
  }
}

const leaseName = ({ wanted, ids, guardId }: Lookup): string =>
  `${wanted.key}:lease:${digest([guardId, ...ids].join())}`;

/** The store's word, or nothing where it fails or is late: then nobody waits. */
async function ask(
  lease: Lease,
  key: string,
  { store, leaseMs, readMs, failed }: TurnParts,
): Promise<LeaseAnswer | undefined> {
  try {
    const answer = await within(Promise.resolve(store.lease?.(lease, key, leaseMs)), readMs);
    if (answer === late) throw new Error(`the store did not answer within ${readMs} ms`);
    if (!answers.has(answer) || (answer === 'there' && lease.waitsFor === undefined))
      throw new Error('the store answered with something else than a lease');
    return answer;
  } catch (error) {
    failed(error);
    return undefined;
  }
}

const answers = new Set<unknown>(['taken', 'leased', 'stored', 'alone', 'there'] satisfies LeaseAnswer[]);
