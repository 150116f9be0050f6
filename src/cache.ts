// Docs: docs/how-it-works.md
import type { Breaker } from './breaker.ts';
import { encodedBytes } from './codec.ts';
import { late, within } from './deadline.ts';
import { type Entry, outputOf, type Share } from './entry.ts';
import type { Emitter } from './events.ts';
import { type FillJob, prepare, type Ran, store } from './fill.ts';
import type { Flights } from './flight.ts';
import { type Lookup, lookUp, type Wanted } from './lookup.ts';
import type { Outbox } from './outbox.ts';
import type { Store } from './store.ts';

/** What the story below needs: one of each per cache. */
export interface Core {
  readonly storeFor: (ctx: unknown) => Store;
  readonly flights: Flights<Shared>;
  readonly breaker: Breaker;
  readonly outbox: Outbox;
  readonly emitter: Emitter;
  readonly timeouts: { readonly readMs: number; readonly joinMs: number };
  /** Keeps work alive after the response; false when there is nobody to do so. */
  readonly background: (work: Promise<unknown>, ctx: unknown) => boolean;
}

/** One call of a cached query or of a wrapped function. */
export interface Call<R> extends Omit<FillJob, 'lookup'> {
  readonly wanted: Wanted;
  /** How a hit, or a shared fill, is handed out. */
  readonly share: Share;
  /** Runs the procedure; called at most once (law 5). */
  readonly run: () => Promise<Ran<R>>;
  /** Whether a failure is the leader's own matter (its abort, its rights) rather than the procedure's. */
  readonly isOwnFailure: (ran: Ran<R>) => boolean;
}

/** What a flight gives to those who waited: an entry, a failure, or nothing that two callers could share. */
export type Shared = { readonly entry: Entry } | { readonly failed: unknown } | { readonly alone: true };

/** How a call was answered. `entry` is the encoded answer wherever there is one, `value` the caller's own copy of it. */
export type Answer<R> =
  | { readonly status: 'hit'; readonly entry: Entry; readonly value: unknown }
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

/** The story of a call: look up; serve what is fresh; else share the flight of an equal call, or lead one: run, encode, store. */
export async function answer<R>(call: Call<R>, core: Core): Promise<Answer<R>> {
  const started = performance.now(); // monotonic: a wall clock that is set back must not lengthen the wait
  const departure = core.flights.depart();
  const lookup = await lookUpIn(core, call);
  const budgetMs = core.timeouts.readMs - (performance.now() - started);
  const hit = lookup?.entry && serve(call, lookup.entry, core);
  const key = lookup === undefined || hit !== undefined ? '' : flightKey(lookup);
  const joined = hit === undefined ? core.flights.join(key, departure.at, core.timeouts.joinMs) : undefined;
  departure.arrive();
  if (lookup === undefined) return bypass(call, core);
  if (hit !== undefined) return hit;
  const own = () => lead(call, lookup, key, budgetMs, core);
  return joined === undefined ? own() : share(call, key, joined, own, core);
}

/** What the flight of an equal call gives, or, where that is nothing two callers could share, a run of one's own. */
async function share<R>(
  call: Call<R>,
  key: string,
  joined: Promise<Shared | undefined>,
  own: () => Promise<Answer<R>>,
  core: Core,
): Promise<Answer<R>> {
  let shared = await joined;
  if (shared === undefined) {
    // Late, or its leader failed for reasons of its own: the first to come back leads again, the others join it.
    // Nothing may be awaited between finding no flight and leading one, or two would lead.
    const again = core.flights.join(key, Number.POSITIVE_INFINITY, core.timeouts.joinMs);
    if (again === undefined) return own();
    shared = await again;
  }
  if (shared === undefined || 'alone' in shared) return own();
  let answered: Answer<R>;
  try {
    answered =
      'entry' in shared
        ? { status: 'miss', coalesced: true, entry: shared.entry, value: open(call, shared.entry) }
        : { status: 'miss', coalesced: true, failed: shared.failed as R };
  } catch {
    return own(); // a codec that cannot read what it wrote
  }
  core.emitter.emit('miss', { path: call.opts.path, coalesced: true });
  return answered;
}

async function lookUpIn<R>(core: Core, call: Call<R>): Promise<Lookup | undefined> {
  try {
    const parts = { store: core.storeFor(call.opts.ctx), breaker: core.breaker, emitter: core.emitter };
    return await lookUp(call.wanted, { ...parts, readMs: core.timeouts.readMs, flush: core.outbox.flush });
  } catch (error) {
    core.emitter.emit('error', { operation: 'lookup', error });
    return undefined;
  }
}

/** Keyed by every epoch id of the joiner's own lookup: who looked up after an invalidation finds no older flight (rule 3). */
const flightKey = ({ wanted, ids, guardId }: Lookup): string =>
  [wanted.key, guardId, ...wanted.epochs, ...ids].join('\n');

async function bypass<R>(call: Call<R>, core: Core): Promise<Answer<R>> {
  core.emitter.emit('bypass', { path: call.opts.path, reason: 'store' });
  return { status: 'bypass', ran: await call.run() };
}

const open = <R>({ codec, share }: Call<R>, entry: Entry): unknown =>
  entry.failure === undefined ? outputOf(entry, codec, share) : undefined;

/** A hit, or nothing when the entry cannot be read: then it is as good as missing, and the fill replaces it. */
function serve<R>(call: Call<R>, entry: Entry, core: Core): Answer<R> | undefined {
  // The store is an input: a failure that nobody asked to remember is not one of ours.
  if (entry.failure !== undefined && !call.policy.errors.has(entry.failure.code)) return undefined;
  try {
    const value = open(call, entry);
    core.emitter.emit('hit', { path: call.opts.path, ageMs: Date.now() - entry.storedAt });
    return { status: 'hit', entry, value };
  } catch (error) {
    core.emitter.emit('error', { operation: 'lookup', error });
    return undefined;
  }
}

async function lead<R>(call: Call<R>, lookup: Lookup, key: string, budgetMs: number, core: Core): Promise<Answer<R>> {
  core.emitter.emit('miss', { path: call.opts.path, coalesced: false });
  const { land } = core.flights.lead(key);
  let shared: Shared | undefined;
  try {
    const ran = await call.run();
    if (!ran.ok && !call.isOwnFailure(ran)) shared = { failed: ran.result };
    const job: FillJob = { ...call, lookup };
    const prepared = prepare(job, ran);
    if ('skip' in prepared) {
      if (ran.ok) shared = { alone: true };
      core.emitter.emit('skip', {
        path: call.opts.path,
        reason: prepared.skip,
        ...('error' in prepared && { error: prepared.error }),
      });
      return { status: 'miss', coalesced: false, ran, entry: undefined };
    }
    if (ran.ok) shared = { entry: prepared.entry };
    const kept = keep(job, prepared.entry, prepared.ttlMs, budgetMs, core);
    land(shared, kept.stored);
    await kept.answerable;
    // A resolver's own object is never frozen (law 8): the first caller, too, gets the sealed copy.
    const sealed = call.share === 'frozen' && ran.ok ? sealedOf(call, prepared.entry) : {};
    return { status: 'miss', coalesced: false, ran, entry: prepared.entry, ...sealed };
  } finally {
    land(shared);
  }
}

/** The sealed copy; none where the codec cannot read what it wrote: the procedure ran, and its caller gets its answer. */
function sealedOf<R>(call: Call<R>, entry: Entry): { sealed?: { value: unknown } } {
  try {
    return { sealed: { value: open(call, entry) } };
  } catch {
    return {};
  }
}

/**
 * Stores an entry, behind the response where the runtime allows it, else before it, within the store's time budget. Until
 * `stored` settles, lookups find nothing; until `answerable` settles, the caller waits.
 */
function keep(
  job: FillJob,
  entry: Entry,
  ttlMs: number,
  budgetMs: number,
  core: Core,
): { readonly stored?: Promise<unknown>; readonly answerable?: Promise<unknown> } {
  const { path, ctx } = job.opts;
  const bytes = encodedBytes(entry.body);
  if (bytes > job.policy.maxBytes) {
    core.emitter.emit('skip', { path, reason: 'size' });
    return {};
  }
  const target = core.storeFor(ctx);
  const writing = store(job, entry, ttlMs, target).then(
    (stored) => {
      if (stored === 'stored') core.emitter.emit('fill', { path, bytes, ttlMs });
      else core.emitter.emit('skip', { path, reason: stored });
    },
    (error: unknown) => {
      core.breaker.failed();
      core.emitter.emit('error', { operation: 'fill', error });
      core.emitter.emit('skip', { path, reason: 'store', error });
    },
  );
  if (target.supports.local) return { stored: writing, answerable: writing };
  const stored = within(writing, budgetMs).then((ended) => {
    if (ended !== late) return;
    const error = new Error('the store is slower than its time budget; the write goes on');
    core.emitter.emit('error', { operation: 'fill', error });
  });
  return core.background(writing, ctx) ? { stored } : { stored, answerable: stored };
}
