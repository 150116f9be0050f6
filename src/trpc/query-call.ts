// Docs: docs/how-it-works.md
import type { Call, Core } from '../call.ts';
import type { CallOpts } from '../call-opts.ts';
import type { Codec } from '../codec.ts';
import { isStream } from '../collect.ts';
import type { Entry } from '../entry.ts';
import type { EpochNames } from '../epochs.ts';
import { newWishes, type Ran, type Wishes } from '../fill.ts';
import type { Guard } from '../guard.ts';
import type { HttpSettings } from '../http-options.ts';
import type { ScopeValue } from '../key.ts';
import { type Wanted, wantedOf } from '../lookup.ts';
import type { Policy } from '../policy.ts';
import { runBehind } from './behind.ts';
import type { CallRecord, Calls, GetRawInput, Inside } from './calls.ts';
import type { Surroundings } from './chain.ts';
import type { CachedDefinition } from './definition.ts';
import { type Demanded, demandedBy, notCached } from './demanded.ts';
import type { Identity } from './identity.ts';
import { runLearning } from './learning.ts';
import { type MiddlewareOpts, type MiddlewareResult, ranOf } from './middleware.ts';
import type { Place } from './registry.ts';

/** What is known of a call before its input is read. */
export interface Found {
  readonly opts: CallOpts<unknown, unknown>;
  readonly place: Place | undefined;
  readonly around: Surroundings | undefined;
  /** What was learned of the procedure, where no router holds it. */
  readonly learned: 'parsed' | 'raw' | 'skips' | undefined;
  readonly codec: Codec;
  /** The key space of its entry. */
  readonly space: string;
}

/** What calls of queries need of their cache. */
export interface QueryParts {
  readonly core: Core;
  readonly calls: Calls;
  readonly names: EpochNames;
  /** Whether responses are made with this codec. */
  readonly speaks: (place: Place | undefined, codec: Codec) => boolean;
  /** Watches what is read by procedures whose answers are for everybody. */
  readonly guard: Guard | undefined;
  /** Whether the directives of a request count; nothing where those of none do. */
  readonly honours: HttpSettings['honours'];
}

// Failures that say something about the caller who led the flight, not about the procedure.
const ownFailures = new Set([
  'CLIENT_CLOSED_REQUEST',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'PAYMENT_REQUIRED',
  'TOO_MANY_REQUESTS',
]);

/** A call of a cached query: a class, because a hit needs none of what its methods would close over. */
export class QueryCall implements Call<MiddlewareResult> {
  readonly wanted: Wanted;
  readonly runName: string;
  readonly policy: Policy;
  readonly codec: Codec;
  readonly opts: CallOpts<unknown, unknown>;
  readonly tagEpoch: (tag: string) => string;
  readonly signal: AbortSignal | undefined;
  readonly accepts: ((entry: Entry, now: number) => boolean) | undefined;
  readonly maxStaleMs: number | undefined;
  readonly lends: boolean;
  readonly showsCtx: boolean;
  readonly #definition: CachedDefinition;
  readonly #given: MiddlewareOpts;
  readonly #found: Found;
  readonly #scope: ScopeValue;
  readonly #demanded: Demanded | undefined;
  readonly #parts: QueryParts;
  #wishes: Wishes | undefined;

  constructor(
    definition: CachedDefinition,
    given: MiddlewareOpts,
    found: Found,
    { wanted, scope }: Identity,
    record: CallRecord | undefined,
    parts: QueryParts,
  ) {
    const request = record?.request;
    this.#definition = definition;
    this.#given = given;
    this.#found = found;
    this.#scope = scope;
    this.#parts = parts;
    this.#demanded = demandedBy(request, found.opts, parts.honours);
    this.wanted = request?.exact === true ? wantedOf({ ...wanted, exact: true }) : wanted;
    this.runName = found.opts.path;
    this.policy = definition.policy;
    this.codec = found.codec;
    this.opts = found.opts;
    this.tagEpoch = parts.names.tag;
    this.signal = given.signal;
    this.accepts = this.#demanded?.asked.accepts;
    const isSeen = found.around === undefined || (found.around.watcher !== undefined && record?.isGated !== true);
    this.lends =
      request?.lends === true && !isSeen && this.policy.http !== false && parts.speaks(found.place, this.codec);
    this.showsCtx = found.place !== undefined;
    this.maxStaleMs = this.#demanded?.asked.maxStaleMs;
  }

  get wishes(): Wishes {
    return (this.#wishes ??= newWishes());
  }

  async run(): Promise<Ran<MiddlewareResult>> {
    const demand = this.#demanded?.demand;
    if (demand?.noStore === true) this.wishes.veto = 'no-store';
    if (demand?.onlyIfCached === true) {
      this.wishes.veto = 'error'; // nothing ran: it is the failure of this request alone
      return ranOf({ ok: false, error: notCached() });
    }
    return this.#runAs(this.#given, this.wishes);
  }

  behind(signal: AbortSignal, face?: unknown): Call<MiddlewareResult> {
    // A call of its own: what it wishes for is not the wish of the call that was answered.
    const wishes = newWishes();
    const { place } = this.#found;
    // tRPC's own `next` knows one context alone.
    const ctx = place === undefined || face === undefined ? this.#given.ctx : face;
    const getRawInput = () => this.#given.getRawInput();
    const next: MiddlewareOpts['next'] = (changed) =>
      place === undefined
        ? this.#given.next({ getRawInput, ...changed })
        : runBehind(place, { ...given, getRawInput, ...changed });
    const given: MiddlewareOpts = { ...this.#given, ctx, getRawInput, signal, next };
    return {
      ...this,
      lends: false,
      signal,
      wishes,
      run: () => this.#runAs(given, wishes),
      behind: (later, other) => this.behind(later, other),
      isOwnFailure: (ran) => this.isOwnFailure(ran),
    };
  }

  isOwnFailure(ran: Ran<MiddlewareResult>): boolean {
    if (this.#given.signal?.aborted === true || this.#demanded?.demand.onlyIfCached === true) return true;
    return !ran.ok && ownFailures.has(ran.failure.code);
  }

  /** Whether the code inside asked for its answer not to be kept; a hit ran none. */
  wantsNoStore(): boolean {
    return this.#wishes?.noStore === true || this.#wishes?.veto === 'no-store';
  }

  /** Whether something stored was not what the request wanted. */
  hasRefused(): boolean {
    return this.#demanded?.hasRefused() === true;
  }

  async #runAs(given: MiddlewareOpts, wishes: Wishes): Promise<Ran<MiddlewareResult>> {
    const { calls, guard } = this.#parts;
    const { place, opts } = this.#found;
    const { policy } = this;
    const watched = place && guard?.watch({ policy, path: opts.path, ctx: given.ctx, scope: this.#scope, wishes });
    const run = (getRawInput: GetRawInput) => {
      if (place === undefined) return runLearning(this.#definition, { ...given, getRawInput }, wishes, calls);
      if (watched === undefined) return given.next({ getRawInput });
      // tRPC's own `next` would copy the context.
      const behind = runBehind(place, { ...given, getRawInput, ctx: watched.ctx });
      return behind.then((result) => ({ ...result, ctx: given.ctx }));
    };
    return ranOf(await inside(calls.begin(given.getRawInput, wishes), policy, run));
  }
}

/** Runs what stands behind `cached`, which may talk to it meanwhile. */
export async function inside(
  { getRawInput, end }: Inside,
  policy: Policy | undefined,
  next: (getRawInput: GetRawInput) => Promise<MiddlewareResult>,
): Promise<MiddlewareResult> {
  let result: MiddlewareResult | undefined;
  try {
    return (result = await next(getRawInput));
  } finally {
    // What produces a stream that is collected has only begun, and may say something of it until it ends.
    if (policy?.collect === undefined || !isStream(result?.data)) end();
  }
}
