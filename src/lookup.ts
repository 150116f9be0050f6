// Docs: docs/how-it-works.md#lookup
import type { Breakers } from './breaker.ts';
import { isPromise, late, within } from './deadline.ts';
import { type Entry, type Standing, standingOf } from './entry.ts';
import { CacheError } from './errors.ts';
import type { Emitter } from './events.ts';
import type { Awaitable, LookupAnswer, LookupRequest, Store } from './store.ts';

/** What a call depends on, and where its answer would be. */
export interface WantedParts {
  readonly key: string;
  /** Every epoch the call depends on; an entry carries them. */
  readonly epochs: readonly string[];
  /** Epochs an entry need not carry to serve this call: that of the raw input, another caller may have sent another one. */
  readonly optional: readonly string[];
  /** The namespace-wide guard of resolver tags; every lookup reads it (docs/how-it-works.md, rule 4 of epochs). */
  readonly guard: string;
  readonly keepMs: number;
  /** Whether only the store's own word counts, not that of a replica or of a trusted copy. */
  readonly exact?: boolean;
}

/** The same, with what follows from it: made once for many lookups. */
export interface Wanted extends WantedParts {
  /** Epochs that an entry must carry to serve this call. */
  readonly required: readonly string[];
  readonly request: LookupRequest;
}

/** Makes what lookups need of what a call depends on. */
export function wantedOf(parts: WantedParts): Wanted {
  const { key, epochs, optional, guard, keepMs, exact } = parts;
  const required = optional.length === 0 ? epochs : epochs.filter((name) => !optional.includes(name));
  const request = { key, epochs: [...epochs, guard], keepMs, ...(exact === true && { exact }) };
  return { ...parts, required, request };
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
  /** Whether there is no entry at all, not even one of no use. */
  readonly isEmpty: boolean;
  /** Whether an invalidation expired it, before its time. */
  readonly isExpiredEarly: boolean;
  /** Ids of epochs that an unusable entry of the same key was filled under: tags of the last fill, read before this one. */
  readonly previous: ReadonlyMap<string, string>;
}

/** What a fill of this lookup is stored under. */
export const unchangedOf = ({ wanted, ids }: Lookup): (readonly [name: string, id: string])[] =>
  wanted.epochs.map((name, index) => [name, ids[index] as string]);

/** What a lookup needs around it. */
export interface LookupParts {
  readonly breakers: Breakers;
  readonly emitter: Emitter;
  readonly readMs: number;
  /** Writes invalidations that could not be written before; false while any is still not written, to this part of the store. */
  readonly flush: (part?: number) => Awaitable<boolean>;
  /** Whether only the store's own word counts now, whoever asks. */
  readonly isExact: () => boolean;
}

/**
 * One trip to the store; a store of the process answers at once. `undefined` when it failed, was late, or answered in part: the
 * call then joins and stores nothing.
 */
export function lookUp(wanted: Wanted, store: Store, parts: LookupParts): Awaitable<Lookup | undefined> {
  const { request } = wanted;
  const asked = request.exact !== true && parts.isExact() ? { ...request, exact: true } : request;
  if (!store.supports.local) return lookUpAfar(wanted, asked, store, parts);
  const flushed = parts.flush();
  if (flushed === false) return undefined;
  if (flushed !== true) return trip(store, asked, () => flushed).then((answer) => answer && complete(wanted, answer));
  const answer = store.lookup(asked);
  if (!isPromise(answer)) return complete(wanted, answer);
  return Promise.resolve(answer).then((given) => complete(wanted, given));
}

async function lookUpAfar(
  wanted: Wanted,
  request: LookupRequest,
  store: Store,
  parts: LookupParts,
): Promise<Lookup | undefined> {
  const { breakers, emitter, readMs, flush } = parts;
  const part = store.partOf?.(wanted.key);
  const breaker = breakers.of(part);
  if (!breaker.allows()) return undefined;
  const sentAt = Date.now();
  try {
    const answer = await within(
      trip(store, request, () => flush(part)),
      readMs,
    );
    if (answer === late) throw new Error(`the store did not answer within ${readMs} ms`);
    if (answer === undefined) {
      breaker.failed(sentAt); // it refuses the invalidations that come first, which are tried again without us
      return undefined;
    }
    const lookup = complete(wanted, answer);
    if (answer.trusted !== true) breaker.succeeded();
    if (lookup === undefined)
      emitter.emit('error', { operation: 'lookup', error: new CacheError('STORE', 'The store answered in part.') });
    return lookup;
  } catch (error) {
    breaker.failed(sentAt);
    emitter.emit('error', { operation: 'lookup', error });
    return undefined;
  }
}

async function trip(
  store: Store,
  request: LookupRequest,
  flush: () => Awaitable<boolean>,
): Promise<LookupAnswer | undefined> {
  if (!(await flush())) return undefined;
  return store.lookup(request);
}

/** Unreadable is not missing: an answer without every id is no lookup (rule 1). */
function complete(wanted: Wanted, answer: LookupAnswer): Lookup | undefined {
  const ids = answer?.ids;
  if (!Array.isArray(ids) || ids.length !== wanted.epochs.length + 1) return undefined;
  for (const id of ids) if (typeof id !== 'string' || id === '') return undefined;
  const { entry } = answer;
  if (entry !== undefined && !(Array.isArray(entry?.epochs) && Array.isArray(answer.own))) return undefined;
  return new Found(wanted, answer, ids as readonly string[], Date.now());
}

/** A lookup that is answered; what a hit has no need of is made when somebody asks. */
class Found implements Lookup {
  readonly wanted: Wanted;
  readonly #answer: LookupAnswer;
  readonly #all: readonly string[];
  readonly #standing: Standing;
  #ids: readonly string[] | undefined;

  constructor(wanted: Wanted, answer: LookupAnswer, all: readonly string[], now: number) {
    this.wanted = wanted;
    this.#answer = answer;
    this.#all = all;
    const { entry, own } = answer;
    this.#standing =
      entry === undefined ? 'gone' : standingOf(entry, own, { key: wanted.key, required: wanted.required, now });
  }

  get ids() {
    return (this.#ids ??= this.#all.slice(0, -1));
  }

  get guardId() {
    return this.#all.at(-1) as string;
  }

  get entry() {
    return this.#standing === 'fresh' ? this.#answer.entry : undefined;
  }

  get expired() {
    return this.#standing === 'expired' ? this.#answer.entry : undefined;
  }

  get isEmpty() {
    return this.#answer.entry === undefined;
  }

  get isExpiredEarly() {
    const { own } = this.#answer;
    return this.expired?.ids.some((id, at) => id !== own[at]) === true;
  }

  get previous() {
    const previous = new Map<string, string>();
    const { entry, own } = this.#answer;
    if (entry === undefined || this.#standing === 'fresh') return previous;
    entry.epochs.forEach((name, index) => {
      const id = own[index];
      if (id !== undefined) previous.set(name, id);
    });
    return previous;
  }
}
