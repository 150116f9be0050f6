// Docs: docs/how-it-works.md
import { type Answer, type Call, type Core, inPlaceOf, isFor, mayBeStale, open, type Shared } from './call.ts';
import { isDueEarly } from './chance.ts';
import { isPromise, late, within } from './deadline.ts';
import type { Entry } from './entry.ts';
import { type Leading, lead } from './lead.ts';
import { type Lookup, lookUp, type Wanted, wantedOf } from './lookup.ts';
import type { Awaitable } from './store.ts';

/** When a call began, by either clock, and its lookup's place in the order of flights. */
interface Beginning {
  readonly started: number; // monotonic: a wall clock that is set back must not lengthen the wait
  readonly askedAt: number;
  readonly departedAt: number;
}

const beginning = (departedAt: number): Beginning => ({
  started: performance.now(),
  askedAt: Date.now(),
  departedAt,
});

// A store of the process answers at once: nothing lands while the lookup is on its way.
const atOnce = Number.POSITIVE_INFINITY;

/**
 * The story of a call: look up; serve what is fresh, or stale but good enough; else share the flight of an equal call, or lead
 * one. A hit on a store of the process costs no promise.
 */
export function answer<R>(call: Call<R>, core: Core): Awaitable<Answer<R>> {
  const lookup = lookUpIn(core, call.wanted, call.opts.ctx);
  if (isPromise(lookup)) return answerLater(call, lookup, core);
  if (lookup === undefined) return bypass(call, core);
  return serve(call, lookup, atOnce, core) ?? fly(call, lookup, beginning(atOnce), core);
}

async function answerLater<R>(call: Call<R>, sent: Promise<Lookup | undefined>, core: Core): Promise<Answer<R>> {
  const departure = core.flights.depart();
  const began = beginning(departure.at);
  const lookup = await sent;
  try {
    if (lookup === undefined) return bypass(call, core);
    return serve(call, lookup, departure.at, core) ?? fly(call, lookup, began, core);
  } finally {
    departure.arrive();
  }
}

/** Runs in any case, and fills: neither an entry nor the run of somebody else will do. */
export async function renew<R>(call: Call<R>, core: Core): Promise<Answer<R>> {
  const started = performance.now();
  const lookup = await lookUpIn(core, call.wanted, call.opts.ctx);
  if (lookup === undefined) return bypass(call, core);
  const budgetMs = core.timeouts.readMs - (performance.now() - started);
  return leadOn(call, lookup, { started, budgetMs, takesTurn: false }, core);
}

/** Shares the flight of an equal call that was under way when the lookup departed, or leads one. */
function fly<R>(call: Call<R>, lookup: Lookup, began: Beginning, core: Core): Promise<Answer<R>> {
  const { readMs, joinMs } = core.timeouts;
  const budgetMs = readMs - (performance.now() - began.started);
  const key = flightKey(lookup);
  // A flight can be joined until its entry is stored: by then its answer may be older than its ttl.
  const accept = (shared: Shared) => !('entry' in shared) || shared.entry.freshUntil > began.askedAt;
  const join = (departedAt: number) => core.flights.join(key, departedAt, joinMs, accept);
  const joined = join(began.departedAt);
  const own = (takesTurn = true) => leadOn(call, lookup, { ...began, budgetMs, takesTurn }, core);
  return joined === undefined ? own() : share(call, lookup, joined, () => join(atOnce), own, core);
}

async function leadOn<R>(
  call: Call<R>,
  lookup: Lookup,
  { started, budgetMs, takesTurn }: Pick<Beginning, 'started'> & Pick<Leading, 'budgetMs' | 'takesTurn'>,
  core: Core,
): Promise<Answer<R>> {
  const waitMs = core.timeouts.joinMs - (performance.now() - started); // what it waited for a flight counts
  const lookUpAgain = () => lookUpAgainFor(call, core);
  const leading = { key: flightKey(lookup), budgetMs, waits: true, takesTurn, waitMs, lookUpAgain };
  const answered = (await lead(call, lookup, leading, core)) as Answer<R>; // who waits gets one
  noteFill(call, answered, core);
  return answered;
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

function lookUpIn(core: Core, wanted: Wanted, ctx: unknown): Awaitable<Lookup | undefined> {
  try {
    const lookup = lookUp(wanted, core.storeFor(ctx), core.lookups);
    return isPromise(lookup) ? lookup.catch((error) => failedToLookUp(core, error)) : lookup;
  } catch (error) {
    return failedToLookUp(core, error);
  }
}

/** Of what another process stored a moment ago, no copy that is trusted tells. */
const lookUpAgainFor = <R>({ wanted, opts }: Call<R>, core: Core): Awaitable<Lookup | undefined> =>
  lookUpIn(core, wantedOf({ ...wanted, exact: true }), opts.ctx);

function failedToLookUp({ emitter }: Core, error: unknown): undefined {
  emitter.emit('error', { operation: 'lookup', error });
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
    if (hit !== undefined && isDueEarly(entry, call.policy.early, now, Math.random))
      revalidate(call, lookup, departedAt, true, core);
    else if (hit !== undefined && call.policy.verify > 0) core.verifier.served(call, entry, core);
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

function noteFill<R>(call: Call<R>, answered: Answer<R>, { verifier }: Core): void {
  if (answered.status === 'miss' && !answered.coalesced && answered.entry !== undefined)
    verifier.filled(call, answered.entry);
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
    if (status === 'stale') emitter.emit('stale', { path, ageMs, reason: 'revalidating' });
    else if (emitter.hears('hit')) emitter.emit('hit', { path, ageMs });
    return { status, entry, value };
  } catch (error) {
    emitter.emit('error', { operation: 'lookup', error });
    return undefined;
  }
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
  const lookUpAgain = () => lookUpAgainFor(call, core);
  const running = lead(
    behind,
    lookup,
    { key, budgetMs: readMs, waits: false, takesTurn: true, waitMs: 0, lookUpAgain },
    core,
  );
  const work = within(running, revalidateMs).then((ended) => {
    if (ended !== late) {
      if (ended !== 'elsewhere') noteFill(call, ended, core);
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
