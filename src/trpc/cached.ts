// Docs: docs/keys-and-scopes.md
import { answer } from '../cache.ts';
import type { Answer, Call, Core } from '../call.ts';
import type { Codec } from '../codec.ts';
import { isStream } from '../collect.ts';
import { type Entry, tagOf, watch } from '../entry.ts';
import type { BypassReason } from '../events.ts';
import { newWishes, type Wishes } from '../fill.ts';
import type { HttpSettings } from '../http-options.ts';
import { type CallOpts, type Policy, tagsOf } from '../policy.ts';
import { runBehind } from './behind.ts';
import type { CallRecord, Calls, Outcome } from './calls.ts';
import type { Surroundings } from './chain.ts';
import type { CachedDefinition } from './definition.ts';
import { demandedBy, notCached } from './demanded.ts';
import { type Bypass, type IdentityParts, type InputFacts, identify } from './identity.ts';
import { runLearning } from './learning.ts';
import { type MiddlewareOpts, type MiddlewareResult, ranOf, resultOf } from './middleware.ts';
import { type Place, parseInput } from './registry.ts';

/** Where a call was found to be: its full path, and what stands around the middleware if a router says so. */
export type Location =
  | { readonly path: string; readonly place?: Place; readonly around?: Surroundings }
  | { readonly bypass: BypassReason };

/** What the middleware needs of its cache. */
export interface CachedParts extends Omit<IdentityParts, 'codecId' | 'space'> {
  readonly core: Core;
  readonly calls: Calls;
  readonly codecFor: (place: Place | undefined) => Codec;
  readonly isEnabled: (opts: CallOpts<unknown, unknown>) => boolean;
  /** Whether the directives of a request count; nothing where those of none do. */
  readonly honours: HttpSettings['honours'];
  /** The key space of procedures that no router tells apart: of this cache alone, so that others never meet them. */
  readonly unregistered: () => string;
}

// Failures that say something about the caller who led the flight, not about the procedure.
const ownFailures = new Set([
  'CLIENT_CLOSED_REQUEST',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'PAYMENT_REQUIRED',
  'TOO_MANY_REQUESTS',
]);

/** The middleware behind `cached(…)`: decides whether and under which key, lets the core answer, gives tRPC its result. */
export async function runCached(
  definition: CachedDefinition,
  opts: MiddlewareOpts,
  location: Location,
  parts: CachedParts,
): Promise<MiddlewareResult> {
  if (opts.type !== 'query') return opts.next();
  const record = parts.calls.of(opts.getRawInput);
  if (record.cached !== undefined) return runSecond(definition, opts, record.cached.wishes);

  const wishes = newWishes();
  const found = await locate(definition, opts, location, record, parts);
  if ('bypass' in found) {
    const { bypass: reason, error } = found;
    parts.core.emitter.emit('bypass', { path: opts.path, reason, ...(error !== undefined && { error }) });
    const result = await inside(record, wishes, undefined, () => opts.next());
    record.outcome = { status: 'bypass', policy: definition.policy, noStore: wishes.noStore };
    return result;
  }

  const { policy } = definition;
  const demanded = demandedBy(record.request, found.opts, parts.honours);
  const run = (place: Place | undefined, given: MiddlewareOpts, own: CallRecord, wants: Wishes) =>
    inside(own, wants, policy, () =>
      place === undefined ? runLearning(definition, given, own, wants, parts.calls) : given.next(),
    );
  const call: Call<MiddlewareResult> = {
    wanted: record.request?.exact === true ? { ...found.wanted, exact: true } : found.wanted,
    policy,
    codec: found.codec,
    share: policy.share,
    wishes,
    opts: found.opts,
    tagEpoch: parts.names.tag,
    ...demanded?.asked,
    signal: opts.signal,
    run: async () => {
      if (demanded?.demand.noStore === true) wishes.noStore = true;
      if (demanded?.demand.onlyIfCached === true) return ranOf({ ok: false, error: notCached() });
      return ranOf(await run(found.place, opts, record, wishes));
    },
    behind(signal) {
      // A call of its own: what it wishes for is not the wish of the call that was answered.
      const getRawInput = () => opts.getRawInput();
      const own = parts.calls.of(getRawInput);
      const wants = newWishes();
      const { place } = found;
      const next: MiddlewareOpts['next'] = (changed) =>
        place === undefined ? opts.next({ getRawInput, ...changed }) : runBehind(place, given);
      const given: MiddlewareOpts = { ...opts, getRawInput, signal, next };
      return { ...call, signal, wishes: wants, run: async () => ranOf(await run(place, given, own, wants)) };
    },
    isOwnFailure: (ran) =>
      opts.signal?.aborted === true ||
      demanded?.demand.onlyIfCached === true ||
      (!ran.ok && ownFailures.has(ran.failure.code)),
  };
  const answered = await answer(call, parts.core);
  const result = resultOf(answered, opts);
  await note(record, answered, result, call, demanded?.hasRefused() === true);
  return result;
}

/** Runs what stands behind `cached`, which may talk to it through the record meanwhile. */
async function inside(
  record: CallRecord,
  wishes: Wishes,
  policy: Policy | undefined,
  next: () => Promise<MiddlewareResult>,
): Promise<MiddlewareResult> {
  record.cached = { wishes };
  let result: MiddlewareResult | undefined;
  try {
    return (result = await next());
  } finally {
    // What produces a stream that is collected has only begun, and may say something of it until it ends.
    if (policy?.collect === undefined || !isStream(result?.data)) delete record.cached;
  }
}

interface Found {
  readonly opts: CallOpts<unknown, unknown>;
  readonly wanted: Call<unknown>['wanted'];
  readonly codec: Codec;
  readonly place: Place | undefined;
}

/** The key and epochs of a call, or why it goes without the cache. */
async function locate(
  definition: CachedDefinition,
  opts: MiddlewareOpts,
  location: Location,
  record: CallRecord,
  parts: CachedParts,
): Promise<Found | Bypass> {
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
  let input: InputFacts;
  try {
    const raw = await opts.getRawInput();
    // Without a router, nothing is known of a parser behind; no parsed input in spite of a raw one looks like one.
    const unparsed = place === undefined && (learned === 'raw' || (opts.input === undefined && raw !== undefined));
    const needsOwn = around !== undefined && (around.parsersBehind || around.strangersBefore > 0);
    input = {
      raw,
      seen: opts.input,
      by: around?.parsersBehind === true || unparsed ? 'raw' : 'parsed',
      own: needsOwn && place !== undefined ? () => parseInput(place.procedure, raw) : undefined,
    };
  } catch (error) {
    return { bypass: 'input', error }; // the procedure's own parser says the same to the caller
  }
  const codec = parts.codecFor(place);
  const space = place === undefined ? parts.unregistered() : 'q';
  const identityParts = { ...parts, codecId: codec.id, space };
  const identity = await identify(definition.policy, callOpts, input, record.request, identityParts);
  return 'bypass' in identity ? identity : { opts: callOpts, wanted: identity.wanted, codec, place };
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

/** Leaves for the HTTP layer what it needs to describe the answer. */
async function note(
  record: CallRecord,
  answered: Answer<MiddlewareResult>,
  result: MiddlewareResult,
  { policy, codec, wishes }: Call<MiddlewareResult>,
  refused: boolean,
): Promise<void> {
  if (record.request === undefined) return;
  const { status } = answered;
  const entry = result.ok && 'entry' in answered ? answered.entry : undefined;
  // A stream is sent by its own link, which takes no headers.
  const described = entry !== undefined && entry.stream !== true && (await describe(entry, result.data, codec));
  const coalesced = 'coalesced' in answered && answered.coalesced;
  const stored = status === 'miss' && entry !== undefined && !coalesced;
  record.outcome = { status, policy, codec, noStore: wishes.noStore, coalesced, stored, refused, ...described };
}

/** What the HTTP layer may say of an output; nothing of one that cannot be watched, because the store gave something odd. */
async function describe(entry: Entry, value: unknown, codec: Codec): Promise<Partial<Outcome>> {
  try {
    return { entry, value, tag: await tagOf(entry), isIntact: watch(entry, value, codec) };
  } catch {
    return {};
  }
}
