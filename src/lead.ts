// Docs: docs/how-it-works.md#fill
import { type Answer, type Call, type Core, inPlaceOf, isFor, open, preferred, type Shared } from './call.ts';
import { encodedBytes, isLarger } from './codec.ts';
import { type Bounds, Collected, collect, drain, type End, isStream } from './collect.ts';
import { late, within } from './deadline.ts';
import { type Entry, noteOutdated, outputOf } from './entry.ts';
import { type FillJob, jobOf, type Prepared, prepare, type Ran, type Skipped, store } from './fill.ts';
import { type Lookup, unchangedOf } from './lookup.ts';
import { ReadAhead } from './read-ahead.ts';
import { type LongRun, longestRunMs } from './runs.ts';
import type { Awaitable, Lease, Store } from './store.ts';
import { giveBack, type Turn, takeTurn } from './turn.ts';

/** How a flight is led. */
export interface Leading {
  readonly key: string;
  /** What is left of the store's time budget for this call. */
  readonly budgetMs: number;
  /** Whether somebody waits for the answer: without, a run that another process has begun is none of ours. */
  readonly waits: boolean;
  /** Whether one run may do for all processes. */
  readonly takesTurn: boolean;
  /** How long the caller may still wait for the run of another process. */
  readonly waitMs: number;
  readonly lookUpAgain: () => Awaitable<Lookup | undefined>;
}

/** Leads a flight: runs the procedure, encodes, stores, and hands to the waiters what it can. */
export async function lead<R>(
  call: Call<R>,
  first: Lookup,
  leading: Leading,
  core: Core,
): Promise<Answer<R> | 'elsewhere'> {
  const { land } = core.flights.lead(leading.key);
  let shared: Shared | undefined;
  let lease: Lease | undefined;
  try {
    const turn = core.leases && leading.takesTurn ? await turnOf(call, first, leading, core) : { lookup: first };
    if ('elsewhere' in turn) return 'elsewhere';
    const stored = 'stored' in turn ? ofAnother(call, turn.stored) : undefined;
    if (leading.waits) core.emitter.emit('miss', { path: call.opts.path, coalesced: stored !== undefined });
    if (stored !== undefined) {
      shared = { entry: stored.entry };
      return stored;
    }
    const lookup = 'stored' in turn ? turn.stored : turn.lookup;
    lease = 'lease' in turn ? turn.lease : undefined;
    const startedAt = performance.now(); // monotonic, as everywhere
    const ran = await core.runs.run(call.runName, () => call.run());
    // What stopped when its caller hung up may look like an answer.
    if (call.signal?.aborted === true) call.wishes.veto ??= 'unfinished';
    const job = jobOf(call, lookup);
    const stream = ran.ok && call.policy.collect !== undefined && isStream(ran.data) ? ran.data : undefined;
    if (stream !== undefined && leading.waits) {
      shared = { alone: true }; // until it has ended, there is nothing to share
      if (!(stream instanceof ReadAhead)) {
        const value = collecting(job, ran, stream, startedAt, call, core);
        return { status: 'miss', coalesced: false, ran, entry: undefined, sealed: { value } };
      }
      land(shared);
      if (lease !== undefined) giveBack(core.storeFor(call.opts.ctx), lease, aloneMs);
      lease = undefined;
    }
    const end = stream && (await core.runs.run(call.runName, () => drained(stream, call)));
    if (!ran.ok) {
      if (!call.isOwnFailure(ran)) shared = { failed: ran };
      const old = leading.waits ? inPlaceOf(ran, call, lookup, core) : undefined;
      if (old !== undefined) return old;
      // Behind a response, too, what is preferred to a failure is not replaced by it.
      if (preferred(ran, call, lookup) !== undefined)
        return { status: 'miss', coalesced: false, ran, entry: undefined };
    }
    const prepared = prepareTimed(job, ran, startedAt, end);
    if ('skip' in prepared) {
      if (ran.ok && prepared.skip !== 'unfinished') shared = { alone: true };
      skip(job, ran, prepared, core);
      if (stream !== undefined && prepared.skip === 'error') throw prepared.error; // nobody else hears of it
      return { status: 'miss', coalesced: false, ran, entry: undefined };
    }
    if (ran.ok) shared = { entry: prepared.entry };
    const kept = keep(job, prepared, lease, leading.budgetMs, core);
    if ('stored' in kept) lease = undefined; // given back with the entry
    land(shared, kept.stored);
    await kept.answerable;
    // A resolver's own object is never frozen (law 8): the first caller, too, gets the sealed copy.
    const sealed = call.policy.share === 'frozen' && ran.ok ? sealedOf(call, prepared.entry) : {};
    return { status: 'miss', coalesced: false, ran, entry: prepared.entry, ...sealed };
  } finally {
    land(shared);
    // Who was told to stop has nothing to say of the answer: the next one may lead.
    const isStopped = call.signal?.aborted === true;
    if (lease !== undefined) giveBack(core.storeFor(call.opts.ctx), lease, isStopped ? 0 : aloneMs);
  }
}

// Longer than the longest pause of those who wait for a lease: each of them is told that there was nothing to share.
const aloneMs = 2_000;

/** What another process stored, as an answer for this call; nothing when it is not for this one, or cannot be read. */
function ofAnother<R>(
  call: Call<R>,
  { entry }: Lookup,
): Extract<Answer<R>, { coalesced: true; entry: Entry }> | undefined {
  if (entry === undefined || !isFor(call, entry) || call.accepts?.(entry, Date.now()) === false) return undefined;
  try {
    return { status: 'miss', coalesced: true, entry, value: open(call, entry) };
  } catch {
    return undefined;
  }
}

/** What is to be stored of a run, or of the stream that it gave, if that has ended. */
function prepareTimed(job: FillJob, ran: Ran<unknown>, startedAt: number, end?: End): Prepared | Skipped {
  const ranMs = performance.now() - startedAt;
  if (ranMs > longestRunMs) job.wishes.veto ??= 'late';
  if (end === undefined || !ran.ok) return prepare(job, ran, ranMs);
  if ('skip' in end) return job.wishes.veto === undefined ? end : { skip: job.wishes.veto };
  return prepare(job, { ...ran, data: new Collected(end.text) }, ranMs);
}

/** Says why an answer is not kept; what is no answer leaves the old one where it is. */
function skip(job: FillJob, ran: Ran<unknown>, { skip: reason, ...rest }: Skipped, core: Core): void {
  // A request that wants nothing kept says nothing of the answer.
  const isRequests = reason === 'no-store' && !job.wishes.noStore;
  if (ran.ok && !isRequests && !['late', 'error', 'unfinished'].includes(reason)) discard(job, core);
  core.emitter.emit('skip', { path: job.opts.path, reason, ...rest });
}

/** A stream on the way to its caller, who waits for its entry, if at all, when it has ended. */
function collecting<R>(
  job: FillJob,
  ran: Ran<R>,
  stream: AsyncIterable<unknown>,
  startedAt: number,
  { signal, runName }: Call<R>,
  core: Core,
): AsyncIterable<unknown> {
  let run: LongRun | undefined;
  return collect(stream, {
    codec: job.codec,
    share: job.policy.share,
    bounds: job.policy.collect as Bounds,
    pull(next) {
      run ??= core.runs.begin(runName); // one that nobody pulls has not begun
      return run.part(next);
    },
    ended(end) {
      run?.over();
      // A procedure that stops when it is told to looks like one that has finished.
      const how: End = signal?.aborted === true && 'text' in end ? { skip: 'unfinished' } : end;
      const prepared = prepareTimed(job, ran, startedAt, how);
      if ('skip' in prepared) return skip(job, ran, prepared, core);
      return keep(job, prepared, undefined, core.timeouts.readMs, core).answerable;
    },
  });
}

/** A stream behind a response, or one that is read ahead: nobody pulls it but the cache. */
function drained<R>(stream: AsyncIterable<unknown>, { codec, policy, signal }: Call<R>): Promise<End> {
  const { share } = policy;
  const parts = { codec, share, bounds: policy.collect as Bounds, pull: <T>(next: () => Promise<T>) => next() };
  return drain(stream, parts, signal);
}

function turnOf<R>(
  call: Call<R>,
  lookup: Lookup,
  { waits, waitMs, lookUpAgain }: Leading,
  core: Core,
): Turn | Promise<Turn> {
  const target: Store = core.storeFor(call.opts.ctx);
  if (target.lease === undefined) return { lookup };
  const { readMs, leaseMs } = core.timeouts;
  const failed = (error: unknown) => core.emitter.emit('error', { operation: 'lease', error });
  return takeTurn(lookup, waits, { store: target, lookUpAgain, failed, readMs, leaseMs, waitMs });
}

/** The sealed copy; none where the codec cannot read what it wrote: the procedure ran, and its caller gets its answer. */
function sealedOf<R>(call: Call<R>, entry: Entry): { sealed?: { value: unknown } } {
  try {
    return { sealed: { value: outputOf(entry, call.codec, call.policy.share) } };
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
  prepared: Prepared,
  lease: Lease | undefined,
  budgetMs: number,
  core: Core,
): { readonly stored?: Promise<unknown>; readonly answerable?: Promise<unknown> } {
  const { path, ctx } = job.opts;
  const { body } = prepared.entry;
  const bounds = prepared.entry.stream === true ? job.policy.collect : job.policy;
  if (bounds !== undefined && isLarger(body, bounds.maxBytes)) {
    discard(job, core);
    core.emitter.emit('skip', { path, reason: 'size' });
    return {};
  }
  const target = core.storeFor(ctx);
  const writing = store(job, prepared, target, lease).then(
    (stored) => {
      if (stored === 'stored') {
        if (core.emitter.hears('fill'))
          core.emitter.emit('fill', { path, bytes: encodedBytes(body), ttlMs: prepared.ttlMs, ranMs: prepared.ranMs });
      } else core.emitter.emit('skip', { path, reason: stored });
      if (stored === 'invalidated') noteOutdated(prepared.entry);
    },
    (error: unknown) => {
      core.breakers.of(target.partOf?.(prepared.entry.key)).failed();
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

/** A new answer that is not stored must not leave the old one to its windows: in its place comes one that is over at once. */
function discard({ lookup, opts }: FillJob, core: Core): void {
  const { expired } = lookup;
  const now = Date.now();
  if (expired === undefined || Math.max(expired.staleUntil ?? 0, expired.errorUntil ?? 0) <= now) return;
  const { key, epochs, storedAt } = expired;
  // Without ids it is nothing, not even to who takes what is stale.
  const entry: Entry = { key, epochs, ids: [], storedAt, freshUntil: now, body: { text: '' } };
  const failed = (error: unknown) => core.emitter.emit('error', { operation: 'fill', error });
  try {
    Promise.resolve(core.storeFor(opts.ctx).fill({ entry, unchanged: unchangedOf(lookup), keepMs: 1 })).catch(failed);
  } catch (error) {
    failed(error);
  }
}
