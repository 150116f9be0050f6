// Docs: docs/how-it-works.md#lookup
import type { Breaker } from './breaker.ts';
import { late, within } from './deadline.ts';
import { type Entry, standingOf } from './entry.ts';
import type { Emitter } from './events.ts';
import type { Awaitable, LookupAnswer, LookupRequest, Store } from './store.ts';

/** What a call depends on, and where its answer would be. */
export interface Wanted {
  readonly key: string;
  /** Every epoch the call depends on; an entry carries them. */
  readonly epochs: readonly string[];
  /** Epochs an entry need not carry to serve this call: that of the raw input, another caller may have sent another one. */
  readonly optional: readonly string[];
  /** The namespace-wide guard of resolver tags; every lookup reads it (DESIGN section 3, rule 4). */
  readonly guard: string;
  readonly keepMs: number;
  /** Whether only the store's own word counts, not that of a replica or of a trusted copy. */
  readonly exact?: boolean;
}

/** A complete answer of the store: every id was read from it, after planting. */
export interface Lookup {
  readonly wanted: Wanted;
  /** Ids of `wanted.epochs`, in their order. */
  readonly ids: readonly string[];
  readonly guardId: string;
  /** The entry, if it may answer. */
  readonly entry: Entry | undefined;
  /** The entry, if it could answer but for its age. */
  readonly expired: Entry | undefined;
  /** Whether an invalidation expired it, before its time. */
  readonly isExpiredEarly: boolean;
  /** Ids of epochs that an unusable entry of the same key was filled under: tags of the last fill, read before this one. */
  readonly previous: ReadonlyMap<string, string>;
}

/** What a lookup needs around it. */
export interface LookupParts {
  readonly store: Store;
  readonly breaker: Breaker;
  readonly emitter: Emitter;
  readonly readMs: number;
  /** Writes invalidations that could not be written before; false while any is still not written. */
  readonly flush: () => Awaitable<boolean>;
  /** Whether only the store's own word counts now, whoever asks. */
  readonly isExact: () => boolean;
}

/** One trip to the store. `undefined` when it failed, was late, or answered in part: the call then joins and stores nothing. */
export async function lookUp(wanted: Wanted, parts: LookupParts): Promise<Lookup | undefined> {
  const { store, breaker, emitter, readMs, flush, isExact } = parts;
  const request = requestOf(wanted, isExact());
  if (store.supports.local) return complete(wanted, await store.lookup(request));
  if (!breaker.allows()) return undefined;
  const sentAt = Date.now();
  try {
    const answer = await within(trip(store, request, flush), readMs);
    if (answer === late) throw new Error(`the store did not answer within ${readMs} ms`);
    if (answer === undefined) {
      breaker.failed(sentAt); // it refuses the invalidations that come first, which are tried again without us
      return undefined;
    }
    const lookup = complete(wanted, answer);
    if (answer.trusted !== true) breaker.succeeded();
    if (lookup === undefined)
      emitter.emit('error', { operation: 'lookup', error: new Error('the store answered in part') });
    return lookup;
  } catch (error) {
    breaker.failed(sentAt);
    emitter.emit('error', { operation: 'lookup', error });
    return undefined;
  }
}

const requestOf = (wanted: Wanted, isExact: boolean): LookupRequest => ({
  key: wanted.key,
  epochs: [...wanted.epochs, wanted.guard],
  keepMs: wanted.keepMs,
  ...((isExact || wanted.exact === true) && { exact: true }),
});

async function trip(
  store: Store,
  request: LookupRequest,
  flush: LookupParts['flush'],
): Promise<LookupAnswer | undefined> {
  if (!(await flush())) return undefined;
  return store.lookup(request);
}

/** Unreadable is not missing: an answer without every id is no lookup (rule 1). */
function complete(wanted: Wanted, answer: LookupAnswer): Lookup | undefined {
  const ids = answer?.ids;
  if (!Array.isArray(ids) || ids.length !== wanted.epochs.length + 1) return undefined;
  if (!ids.every((id) => typeof id === 'string' && id !== '')) return undefined;
  const { entry, own } = answer;
  const required =
    wanted.optional.length > 0 ? wanted.epochs.filter((name) => !wanted.optional.includes(name)) : wanted.epochs;
  const claim = { key: wanted.key, required, now: Date.now() };
  const standing = entry === undefined ? 'gone' : standingOf(entry, own, claim);
  const previous = new Map<string, string>();
  if (entry !== undefined && standing !== 'fresh') {
    entry.epochs.forEach((name, index) => {
      const id = own[index];
      if (id !== undefined) previous.set(name, id);
    });
  }
  return {
    wanted,
    ids: ids.slice(0, -1),
    guardId: ids.at(-1) as string,
    entry: standing === 'fresh' ? entry : undefined,
    expired: standing === 'expired' ? entry : undefined,
    isExpiredEarly: standing === 'expired' && entry?.ids.some((id, at) => id !== own[at]) === true,
    previous,
  };
}
