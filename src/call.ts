// Docs: docs/how-it-works.md
import type { Breakers } from './breaker.ts';
import { amended, type Entry, outputOf } from './entry.ts';
import type { Emitter } from './events.ts';
import type { FillJob, Ran } from './fill.ts';
import type { Flights } from './flight.ts';
import { lend } from './lent.ts';
import type { Lookup, LookupParts, Wanted } from './lookup.ts';
import type { Outbox } from './outbox.ts';
import type { Runs } from './runs.ts';
import type { Store } from './store.ts';

/** What the story of a call needs: one of each per cache. */
export interface Core {
  readonly storeFor: (ctx: unknown) => Store;
  readonly flights: Flights<Shared>;
  readonly runs: Runs;
  readonly verifier: Verifier;
  /** What lookups need around them. */
  readonly lookups: LookupParts;
  readonly breakers: Breakers;
  readonly outbox: Outbox;
  readonly emitter: Emitter;
  /** Whether a run needs a lease of the store: then one process runs for all. */
  readonly leases: boolean;
  readonly timeouts: {
    readonly readMs: number;
    readonly joinMs: number;
    readonly leaseMs: number;
    readonly revalidateMs: number;
  };
  /** Keeps work alive after the response; false when there is nobody to do so. */
  readonly background: (work: Promise<unknown>, ctx: unknown) => boolean;
}

/** One call of a cached query or of a wrapped function. */
export interface Call<R> extends Omit<FillJob, 'lookup'> {
  readonly wanted: Wanted;
  /** By this name a run knows another one of the same procedure or function. */
  readonly runName: string;
  /** The output will hardly be looked at: a response is made of the stored form. */
  readonly lends?: boolean;
  /** Whether the caller takes a stored answer, and how long after its end; a browser may ask for less, or more. */
  readonly accepts?: ((entry: Entry, now: number) => boolean) | undefined;
  readonly maxStaleMs?: number | undefined;
  /** Runs the procedure; called at most once (law 5). */
  readonly run: () => Promise<Ran<R>>;
  /** The same call behind a response, perhaps with another face of its context: it outlives its request, and stops when the signal says so. */
  readonly behind: (signal: AbortSignal, ctx?: unknown) => Call<R>;
  /** Whether the procedure of `behind` gets the face of the context that was given. */
  readonly showsCtx?: boolean;
  /** Aborted when nobody wants the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** Whether a failure is the leader's own matter (its abort, its rights) rather than the procedure's. */
  readonly isOwnFailure: (ran: Ran<R>) => boolean;
}

/** Runs procedures behind some hits, and compares what they give to what was served. */
export interface Verifier {
  /** Notes with which context an entry was filled: sums of its members, in this process alone, of the last fills. */
  readonly filled: <R>(call: Call<R>, entry: Entry) => void;
  /** Verifies a hit, if its turn has come. */
  readonly served: <R>(call: Call<R>, entry: Entry, core: Core) => void;
}

/** A run that failed. */
export type Failed<R> = Extract<Ran<R>, { readonly ok: false }>;

/** What a flight gives to those who waited: an entry, a failure, or nothing that two callers could share. */
export type Shared = { readonly entry: Entry } | { readonly failed: Failed<unknown> } | { readonly alone: true };

/** How a call was answered. `entry` is the encoded answer wherever there is one, `value` the caller's own copy of it. */
export type Answer<R> =
  | { readonly status: 'hit' | 'stale'; readonly entry: Entry; readonly value: unknown }
  | { readonly status: 'miss'; readonly coalesced: true; readonly entry: Entry; readonly value: unknown }
  | { readonly status: 'miss'; readonly coalesced: true; readonly failed: R }
  | {
      readonly status: 'miss';
      readonly coalesced: false;
      readonly ran: Ran<R>;
      readonly entry: Entry | undefined;
      readonly sealed?: { readonly value: unknown };
    }
  | { readonly status: 'bypass'; readonly ran: Ran<R> };

/** Whether an entry is one for this call: the store is an input, and a failure, or a stream, that nobody asked to keep is not ours. */
export const isFor = <R>({ policy }: Pick<Call<R>, 'policy'>, { failure, stream }: Entry): boolean =>
  (failure === undefined || policy.errors.has(failure.code)) && (stream !== true || policy.collect !== undefined);

/** The output of an entry as the caller of this call may keep it; where that will do, a {@link Lent} one. */
export function open<R>({ codec, policy, lends }: Call<R>, entry: Entry): unknown {
  if (entry.failure !== undefined) return undefined;
  const lent = lends === true ? lend(entry, codec) : undefined;
  return lent ?? outputOf(entry, codec, policy.share);
}

/** The expired entry that the policy prefers to a failure (RFC 5861 section 4), if there is one. */
export function preferred<R>(
  { failure }: Failed<unknown>,
  { policy, opts }: Call<R>,
  { expired }: Lookup,
): Entry | undefined {
  if (expired?.errorUntil === undefined || expired.errorUntil <= Date.now() || expired.failure !== undefined)
    return undefined;
  return policy.toleratesError({ ...opts, code: failure.code, error: failure.error }) ? expired : undefined;
}

/**
 * Whether an expired entry may be given to whoever asks. What an invalidation expired may not be read inside of another
 * procedure: it would be stored again, as if it was new.
 */
export const mayBeStale = <R>({ runName }: Call<R>, { isExpiredEarly }: Lookup, runs: Runs): boolean =>
  !isExpiredEarly || !runs.mayBeInside(runName);

const standIns = new WeakSet<Entry>();

/** Whether an answer's entry stands in for a run that failed: that one was not answered from the store alone. */
export const standsIn = (entry: Entry): boolean => standIns.has(entry);

/** That entry as an answer: as an object of its own, because others may get the entry without any run. */
export function inPlaceOf<R>(
  failed: Failed<unknown>,
  call: Call<R>,
  lookup: Lookup,
  { emitter, runs }: Pick<Core, 'emitter' | 'runs'>,
): Extract<Answer<R>, { status: 'hit' | 'stale' }> | undefined {
  const expired = preferred(failed, call, lookup);
  if (expired === undefined || !mayBeStale(call, lookup, runs)) return undefined;
  const entry = amended(expired, {});
  standIns.add(entry);
  try {
    const value = open(call, entry);
    const ageMs = Date.now() - entry.storedAt;
    emitter.emit('stale', { path: call.opts.path, ageMs, reason: 'error', error: failed.failure.error });
    return { status: 'stale', entry, value };
  } catch {
    return undefined; // a body that cannot be read is no answer: the failure is
  }
}
