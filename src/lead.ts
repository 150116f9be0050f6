// Docs: docs/how-it-works.md#fill
import { type Answer, type Call, type Core, inPlaceOf, isFor, open, preferred, type Shared } from './call.ts';
import { encodedBytes } from './codec.ts';
import { late, within } from './deadline.ts';
import { type Entry, noteOutdated } from './entry.ts';
import { type FillJob, type Prepared, prepare, store } from './fill.ts';
import type { Lookup } from './lookup.ts';
import { longestRunMs } from './runs.ts';
import type { Lease, Store } from './store.ts';
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
  readonly lookUpAgain: () => Promise<Lookup | undefined>;
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
    const { ran, ranMs } = await runOf(call, core);
    if (!ran.ok) {
      if (!call.isOwnFailure(ran)) shared = { failed: ran };
      const old = leading.waits ? inPlaceOf(ran, call, lookup, core) : undefined;
      if (old !== undefined) return old;
      // Behind a response, too, what is preferred to a failure is not replaced by it.
      if (preferred(ran, call, lookup) !== undefined)
        return { status: 'miss', coalesced: false, ran, entry: undefined };
    }
    const job: FillJob = { ...call, lookup };
    const prepared = prepare(job, ran, ranMs);
    if ('skip' in prepared) {
      if (ran.ok) shared = { alone: true };
      if (ran.ok && prepared.skip !== 'late') discard(job, core);
      core.emitter.emit('skip', {
        path: call.opts.path,
        reason: prepared.skip,
        ...('error' in prepared && { error: prepared.error }),
      });
      return { status: 'miss', coalesced: false, ran, entry: undefined };
    }
    if (ran.ok) shared = { entry: prepared.entry };
    const kept = keep(job, prepared, lease, leading.budgetMs, core);
    if ('stored' in kept) lease = undefined; // given back with the entry
    land(shared, kept.stored);
    await kept.answerable;
    // A resolver's own object is never frozen (law 8): the first caller, too, gets the sealed copy.
    const sealed = call.share === 'frozen' && ran.ok ? sealedOf(call, prepared.entry) : {};
    return { status: 'miss', coalesced: false, ran, entry: prepared.entry, ...sealed };
  } finally {
    land(shared);
    if (lease !== undefined) giveBack(core.storeFor(call.opts.ctx), lease, aloneMs);
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

/** Runs the procedure, known to all who read meanwhile. */
async function runOf<R>(call: Call<R>, { runs }: Core) {
  const startedAt = performance.now();
  const ran = await runs.run(call.opts.path, call.run);
  const ranMs = performance.now() - startedAt;
  if (ranMs > longestRunMs) call.wishes.veto ??= 'late';
  return { ran, ranMs };
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
  prepared: Prepared,
  lease: Lease | undefined,
  budgetMs: number,
  core: Core,
): { readonly stored?: Promise<unknown>; readonly answerable?: Promise<unknown> } {
  const { path, ctx } = job.opts;
  const bytes = encodedBytes(prepared.entry.body);
  if (bytes > job.policy.maxBytes) {
    discard(job, core);
    core.emitter.emit('skip', { path, reason: 'size' });
    return {};
  }
  const target = core.storeFor(ctx);
  const writing = store(job, prepared, target, lease).then(
    (stored) => {
      if (stored === 'stored') core.emitter.emit('fill', { path, bytes, ttlMs: prepared.ttlMs });
      else core.emitter.emit('skip', { path, reason: stored });
      if (stored === 'invalidated') noteOutdated(prepared.entry);
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

/** A new answer that is not stored must not leave the old one to its windows: in its place comes one that is over at once. */
function discard({ lookup, opts }: FillJob, core: Core): void {
  const { wanted, ids, expired } = lookup;
  const now = Date.now();
  if (expired === undefined || Math.max(expired.staleUntil ?? 0, expired.errorUntil ?? 0) <= now) return;
  const { key, epochs, ids: own, storedAt } = expired;
  const entry: Entry = { key, epochs, ids: own, storedAt, freshUntil: now, body: { text: '' } };
  const unchanged = wanted.epochs.map((name, index) => [name, ids[index] as string] as const);
  const failed = (error: unknown) => core.emitter.emit('error', { operation: 'fill', error });
  try {
    Promise.resolve(core.storeFor(opts.ctx).fill({ entry, unchanged, keepMs: 1 })).catch(failed);
  } catch (error) {
    failed(error);
  }
}
