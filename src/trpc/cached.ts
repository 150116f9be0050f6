// Docs: docs/keys-and-scopes.md
import { answer } from '../cache.ts';
import type { Answer } from '../call.ts';
import type { CallOpts } from '../call-opts.ts';
import type { Codec } from '../codec.ts';
import { isPromise } from '../deadline.ts';
import { type Entry, outputOf, tagOf, watch } from '../entry.ts';
import type { BypassReason } from '../events.ts';
import { newWishes, type Wishes } from '../fill.ts';
import { Lent } from '../lent.ts';
import { tagsOf } from '../policy.ts';
import type { Awaitable } from '../store.ts';
import type { CallRecord, Outcome, Returned } from './calls.ts';
import type { Surroundings } from './chain.ts';
import type { CachedDefinition } from './definition.ts';
import { type Bypass, type CallFacts, type IdentityParts, identify } from './identity.ts';
import { Loan } from './loan.ts';
import { handOn, type MiddlewareOpts, type MiddlewareResult, resultOf } from './middleware.ts';
import { type Found, inside, QueryCall, type QueryParts } from './query-call.ts';
import { type Place, parseInput } from './registry.ts';

/** Where a call was found to be: its full path, and what stands around the middleware if a router says so. */
export type Location =
  | { readonly path: string; readonly place?: Place; readonly around?: Surroundings }
  | { readonly bypass: BypassReason };

/** What the middleware needs of its cache. */
export interface CachedParts extends IdentityParts, QueryParts {
  readonly codecFor: (place: Place | undefined) => Codec;
  readonly isEnabled: (opts: CallOpts<unknown, unknown>) => boolean;
  /** The key space of procedures that no router tells apart: of this cache alone, so that others never meet them. */
  readonly unregistered: () => string;
}

/** The middleware behind `cached(…)`: decides whether and under which key, lets the core answer, gives tRPC its result. */
export async function runCached(
  definition: CachedDefinition,
  opts: MiddlewareOpts,
  location: Location,
  parts: CachedParts,
): Promise<MiddlewareResult> {
  if (opts.type !== 'query') return opts.next();
  const around = parts.calls.wishesOf(opts.getRawInput);
  if (around !== undefined) return runSecond(definition, opts, around);
  const record = parts.calls.find(opts.getRawInput);

  const found = findOut(definition, opts, location, parts);
  if ('bypass' in found) return runWithout(definition, opts, found, parts);
  let raw: unknown;
  try {
    raw = await opts.getRawInput();
  } catch (error) {
    return runWithout(definition, opts, { bypass: 'input', error }, parts); // the procedure's own parser says the same
  }
  const facts = factsOf(raw, opts, found, record?.request);
  const identified = identify(definition.policy, found.opts, facts, parts);
  const identity = isPromise(identified) ? await identified : identified;
  if ('bypass' in identity) return runWithout(definition, opts, identity, parts);

  const call = new QueryCall(definition, opts, found, identity, record, parts);
  const answering = answer(call, parts.core);
  const answered = isPromise(answering) ? await answering : answering;
  if (record?.request === undefined) return resultOf(answered, opts);
  return describe(record, answered, call, opts, found.around?.watcher !== undefined);
}

/** A run without the cache; the code inside may still talk to it. */
async function runWithout(
  { policy }: CachedDefinition,
  opts: MiddlewareOpts,
  { bypass: reason, error }: Bypass,
  { calls, core }: CachedParts,
): Promise<MiddlewareResult> {
  core.emitter.emit('bypass', { path: opts.path, reason, ...(error !== undefined && { error }) });
  const wishes = newWishes();
  const run = calls.begin(opts.getRawInput, wishes);
  const result = await inside(run, undefined, (getRawInput) => opts.next({ getRawInput }));
  calls.of(opts.getRawInput).outcome = { status: 'bypass', policy, noStore: wishes.noStore };
  return result;
}

/** What is known of a call before its input is read, or why it goes without the cache. */
function findOut(
  definition: CachedDefinition,
  opts: MiddlewareOpts,
  location: Location,
  parts: CachedParts,
): Found | Bypass {
  if ('bypass' in location) return location;
  const { path, place, around } = location;
  const learned = place === undefined ? definition.learned.get(path) : undefined;
  if (around?.skipped === true || learned === 'skips') return { bypass: 'middleware-behind' };
  const callOpts = { ctx: opts.ctx, input: opts.input, path };
  try {
    if (!parts.isEnabled(callOpts)) return { bypass: 'disabled' };
  } catch (error) {
    return { bypass: 'callback', error };
  }
  const space = place === undefined ? parts.unregistered() : 'q';
  return { opts: callOpts, place, around, learned, codec: parts.codecFor(place), space };
}

function factsOf(
  raw: unknown,
  opts: MiddlewareOpts,
  { place, around, learned, codec, space }: Found,
  request: CallFacts['request'],
): CallFacts {
  // Without a router, nothing is known of a parser behind. Where no input was parsed in spite of a raw one, there is one, or
  // the procedure reads the raw one itself.
  const unparsed = (opts.input === undefined && raw !== undefined) || (place === undefined && learned === 'raw');
  const needsOwn = around !== undefined && (around.parsersBehind || around.strangersBefore > 0);
  return {
    raw,
    seen: opts.input,
    by: around?.parsersBehind === true || unparsed ? 'raw' : 'parsed',
    own: needsOwn && place !== undefined ? () => parseInput(place.procedure, raw) : undefined,
    codecId: codec.id,
    space,
    request,
  };
}

/** A second `cached` in one chain would wait for itself: it only replaces `ttl` and `staleWhileRevalidate`, and adds tags. */
function runSecond(definition: CachedDefinition, opts: MiddlewareOpts, wishes: Wishes): Promise<MiddlewareResult> {
  const { policy } = definition;
  if (definition.hasTtl) wishes.ttl = policy.ttlMs;
  if (definition.hasStale) wishes.staleMs = policy.staleMs;
  if (definition.narrows) wishes.veto = 'middleware-behind';
  try {
    for (const tag of tagsOf(policy, { ctx: opts.ctx, input: opts.input, path: opts.path })) wishes.tags.add(tag);
  } catch {
    wishes.veto = 'callback'; // an answer without its tags could not be invalidated by them
  }
  return opts.next();
}

/** Gives tRPC its result, and leaves for the HTTP layer what it needs to describe the answer. */
function describe(
  record: CallRecord,
  answered: Answer<MiddlewareResult>,
  call: QueryCall,
  opts: MiddlewareOpts,
  isWatched: boolean,
): Awaitable<MiddlewareResult> {
  if ('value' in answered && answered.value instanceof Lent) {
    const { entry, value: lent } = answered;
    const result = isWatched ? lendOut(record, lent, entry, call, opts) : { ...handOn(lent.value), ctx: opts.ctx };
    return conclude(record, answered, call, result, isWatched ? undefined : lent);
  }
  const result = resultOf(answered, opts);
  const entry = result.ok && 'entry' in answered ? answered.entry : undefined;
  return conclude(record, answered, call, result, entry && watched(entry, result.data, call.codec));
}

/** A result for middlewares that may look at it. */
function lendOut(
  record: CallRecord,
  lent: Lent,
  entry: Entry,
  { codec, policy }: QueryCall,
  { ctx }: MiddlewareOpts,
): MiddlewareResult {
  const result: MiddlewareResult = { marker: 'middlewareMarker', ok: true, data: undefined, ctx };
  record.lentOut = { result, loan: new Loan(result, lent, () => outputOf(entry, codec, policy.share)) };
  return result;
}

function conclude(
  record: CallRecord,
  answered: Answer<MiddlewareResult>,
  call: QueryCall,
  result: MiddlewareResult,
  returned: Returned | undefined,
): Awaitable<MiddlewareResult> {
  const entry = result.ok && 'entry' in answered ? answered.entry : undefined;
  // One that calls `next` more than once, and returns an earlier result, returns none of this call.
  if (record.lentOut?.result !== result) delete record.lentOut;
  // A stream is sent by its own link, which takes no headers.
  const tag = entry === undefined || entry.stream === true ? undefined : tagOf(entry);
  const { lentOut } = record;
  const tagged = (made: string | undefined) => {
    const outcome = outcomeOf(answered, call, entry, made, returned);
    record.outcome = outcome;
    if (lentOut !== undefined) lentOut.outcome = outcome;
    return result;
  };
  return isPromise(tag) ? tag.then(tagged) : tagged(tag);
}

function outcomeOf(
  answered: Answer<MiddlewareResult>,
  call: QueryCall,
  entry: Entry | undefined,
  tag: string | undefined,
  returned: Returned | undefined,
): Outcome {
  const coalesced = 'coalesced' in answered && answered.coalesced;
  return {
    status: answered.status,
    policy: call.policy,
    codec: call.codec,
    noStore: call.wantsNoStore(),
    coalesced,
    stored: answered.status === 'miss' && entry !== undefined && !coalesced,
    refused: call.hasRefused(),
    entry,
    tag,
    returned,
  };
}

/** An output that whoever gets it may change; nothing of one that cannot be watched, because the store gave something odd. */
function watched(entry: Entry, value: unknown, codec: Codec): Returned | undefined {
  if (entry.stream === true) return undefined;
  try {
    return { value, isIntact: watch(entry, value, codec) };
  } catch {
    return undefined;
  }
}
