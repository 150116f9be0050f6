// Docs: docs/how-it-works.md
import { type Answer, type Call, type Core, inPlaceOf, isFor, mayBeStale, open, type Shared } from './call.ts';
import { late, within } from './deadline.ts';
import type { Entry } from './entry.ts';
import { lead } from './lead.ts';
import { type Lookup, lookUp } from './lookup.ts';

/** The story of a call: look up; serve what is fresh, or stale but good enough; else share the flight of an equal call, or lead one. */
export async function answer<R>(call: Call<R>, core: Core): Promise<Answer<R>> {
  const started = performance.now(); // monotonic: a wall clock that is set back must not lengthen the wait
  const askedAt = Date.now();
  const departure = core.flights.depart();
  const lookup = await lookUpIn(core, call);
  const budgetMs = core.timeouts.readMs - (performance.now() - started);
  const served = lookup && serve(call, lookup, departure.at, core);
  if (lookup === undefined || served !== undefined) {
    departure.arrive();
    return served ?? bypass(call, core);
  }
  const key = flightKey(lookup);
  // A flight can be joined until its entry is stored: by then its answer may be older than its ttl.
  const accept = (shared: Shared) => !('entry' in shared) || shared.entry.freshUntil > askedAt;
  const join = (departedAt: number) => core.flights.join(key, departedAt, core.timeouts.joinMs, accept);
  const joined = join(departure.at);
  departure.arrive();
  const own = async (takesTurn = true): Promise<Answer<R>> => {
    const waitMs = core.timeouts.joinMs - (performance.now() - started); // what it waited for a flight counts
    const lookUpAgain = () => lookUpIn(core, call);
    return (await lead(
      call,
      lookup,
      { key, budgetMs, waits: true, takesTurn, waitMs, lookUpAgain },
      core,
    )) as Answer<R>;
  };
  return joined === undefined ? own() : share(call, lookup, joined, () => join(Number.POSITIVE_INFINITY), own, core);
}

/** What the flight of an equal call gives, or, where that is nothing two callers could share, a run of one's own. */
async function share<R>(
  call: Call<R>,
  lookup: Lookup,
  joined: Promise<Shared | undefined>,
  joinAgain: () => Promise<Shared | undefined> | undefined,
  own: (takesTurn?: boolean) => Promise<Answer<R>>,
  core: Core,
): Promise<Answer<R>> {
  let shared = await joined;
  if (shared === undefined) {
    // Late, or its leader failed for reasons of its own: the first to come back leads again, the others join it.
    // Nothing may be awaited between finding no flight and leading one, or two would lead.
    const again = joinAgain();
    if (again === undefined) return own();
    shared = await again;
  }
  if (shared === undefined) return own();
  if ('alone' in shared) return own(false); // nor would another process have anything to share
  let answered: Answer<R>;
  try {
    answered =
      'entry' in shared
        ? { status: 'miss', coalesced: true, entry: shared.entry, value: open(call, shared.entry) }
        : (inPlaceOf(shared.failed, call, lookup, core) ?? {
            status: 'miss',
            coalesced: true,
            failed: shared.failed.result as R,
          });
  } catch {
    return own(); // a codec that cannot read what it wrote
  }
  if (answered.status === 'miss') core.emitter.emit('miss', { path: call.opts.path, coalesced: true });
  return answered;
}

async function lookUpIn<R>(core: Core, call: Call<R>): Promise<Lookup | undefined> {
  const { breaker, emitter, outbox, isExact } = core;
  try {
    const store = core.storeFor(call.opts.ctx);
    const { readMs } = core.timeouts;
    return await lookUp(call.wanted, { store, breaker, emitter, readMs, flush: outbox.flush, isExact });
  } catch (error) {
    emitter.emit('error', { operation: 'lookup', error });
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

/** What is there already: fresh, or expired within its window and revalidated behind the response. */
function serve<R>(call: Call<R>, lookup: Lookup, departedAt: number, core: Core): Answer<R> | undefined {
  const { entry, expired } = lookup;
  const now = Date.now();
  const stored = entry ?? expired;
  if (stored === undefined || call.accepts?.(stored, now) === false) return undefined;
  if (entry !== undefined) {
    const hit = give('hit', call, entry, now, core);
    if (hit !== undefined && isDueEarly(entry, call.policy.early, now))
      revalidate(call, lookup, departedAt, true, core);
    return hit;
  }
  const { staleUntil = 0, freshUntil } = stored;
  // Of what was expired before its time, nobody knows for how long it has been stale.
  const wantedUntil = freshUntil <= now ? freshUntil + (call.maxStaleMs ?? 0) : 0;
  if (Math.max(staleUntil, wantedUntil) <= now || !mayBeStale(call, lookup, core.runs)) return undefined;
  const stale = give('stale', call, stored, now, core);
  if (stale !== undefined && now < staleUntil) revalidate(call, lookup, departedAt, false, core);
  return stale;
}

/** Nothing when the entry cannot be read: then it is as good as missing, and the fill replaces it. */
function give<R>(
  status: 'hit' | 'stale',
  call: Call<R>,
  entry: Entry,
  now: number,
  { emitter }: Core,
): Answer<R> | undefined {
  if (!isFor(call, entry)) return undefined;
  const { path } = call.opts;
  try {
    const value = open(call, entry);
    const ageMs = now - entry.storedAt;
    if (status === 'hit') emitter.emit('hit', { path, ageMs });
    else emitter.emit('stale', { path, ageMs, reason: 'revalidating' });
    return { status, entry, value };
  } catch (error) {
    emitter.emit('error', { operation: 'lookup', error });
    return undefined;
  }
}

/** XFetch: by chance, the likelier the closer the end is and the longer the procedure takes. */
function isDueEarly({ freshUntil, ranMs = 0 }: Entry, beta: number, now: number): boolean {
  return beta > 0 && now - ranMs * beta * Math.log(Math.random()) >= freshUntil;
}

/** Runs the procedure behind the response, once per entry and set of epochs, and not for ever. */
function revalidate<R>(call: Call<R>, lookup: Lookup, departedAt: number, early: boolean, core: Core): void {
  const { revalidateMs, readMs } = core.timeouts;
  const key = flightKey(lookup);
  if (core.flights.isFlying(key, departedAt, revalidateMs)) return;
  const deadline = new AbortController();
  const behind = call.behind(deadline.signal);
  const { path, ctx } = call.opts;
  core.emitter.emit('revalidate', { path, early });
  const failed = (error: unknown) => core.emitter.emit('error', { operation: 'revalidate', error });
  const lookUpAgain = () => lookUpIn(core, call);
  const running = lead(
    behind,
    lookup,
    { key, budgetMs: readMs, waits: false, takesTurn: true, waitMs: 0, lookUpAgain },
    core,
  );
  const work = within(running, revalidateMs).then((ended) => {
    if (ended !== late) {
      if (ended !== 'elsewhere' && 'ran' in ended && !ended.ran.ok) failed(ended.ran.failure.error);
      return;
    }
    behind.wishes.veto = 'late'; // a newer revalidation may have stored by the time it ends
    const error = new Error(`the revalidation took longer than ${revalidateMs} ms`);
    deadline.abort(error);
    failed(error);
  }, failed);
  core.background(work, ctx);
}
