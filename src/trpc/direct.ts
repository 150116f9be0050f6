// Docs: docs/invalidation.md#refresh-and-peek
import { renew } from '../cache.ts';
import type { Call, Core } from '../call.ts';
import type { CallOpts } from '../call-opts.ts';
import type { Codec } from '../codec.ts';
import { isStream } from '../collect.ts';
import { outputOf } from '../entry.ts';
import { CacheError, shown } from '../errors.ts';
import type { BypassReason } from '../events.ts';
import { newWishes } from '../fill.ts';
import type { Invalidate } from '../invalidate.ts';
import { everyone, type ScopeValue } from '../key.ts';
import { lookUp, type Wanted, wantedOf } from '../lookup.ts';
import type { Policy } from '../policy.ts';
import { ReadAhead } from '../read-ahead.ts';
import { conclude, settle } from '../wrap.ts';
import { type CallFacts, type IdentityParts, identify, reader } from './identity.ts';
import { handOn, type MiddlewareResult } from './middleware.ts';
import { type ProcedureLike, parseInput } from './registry.ts';

/** One entry, named as a client would call for it. */
export interface EntryTarget<Path extends string = string, Input = unknown> {
  /** The path of a registered query. */
  readonly path: Path;
  /** The input as a client sends it. */
  readonly input?: Input;
  /** Whose entry. @default everyone, on a query whose scope is the literal 'public'; required on others */
  readonly scope?: ScopeValue;
  /** The context for callbacks of `cached` (`key`, `tags`) that read one. @default undefined */
  readonly ctx?: unknown;
  /** Request headers, for a query that declares `vary`. @default none */
  readonly headers?: Headers | Record<string, string>;
}

/** An entry as `peek` shows it. */
export interface Peeked<Output = unknown> {
  /** The caller's own copy. */
  readonly output: Output;
  /** When the procedure had finished, in milliseconds of the wall clock. */
  readonly storedAt: number;
  /** When it stops being fresh, in milliseconds of the wall clock. */
  readonly freshUntil: number;
}

/** A cached query, found by its path. */
export interface CachedQuery {
  readonly policy: Policy;
  readonly codec: Codec;
  readonly procedure: ProcedureLike;
  /** Where `cached` stands in the chain. */
  readonly index: number;
  readonly parsersBehind: boolean;
  /** Whether a hit would skip a middleware behind it. */
  readonly skipped: boolean;
}

/** What direct access needs of its cache. */
export interface DirectParts extends Omit<IdentityParts, 'known'> {
  readonly core: Core;
  readonly invalidate: Invalidate;
  readonly isEnabled: (opts: CallOpts<unknown, unknown>) => boolean;
  /** The first `cached` of the procedure registered at a path, and where it stands. */
  readonly cachedAt: (path: string) => CachedQuery | undefined;
}

// What a caller has to add where an entry cannot be named without it.
const missing: Partial<Record<BypassReason, string>> = {
  callback: 'a callback of cached failed. Give it the context it reads: { path, input, ctx }.',
  vary: 'the answer varies with request headers. Say which ones: { path, input, headers }.',
  input: 'the input has no canonical text. Write it as a client sends it.',
};

interface Named extends CachedQuery {
  readonly wanted: Wanted;
  readonly opts: { readonly ctx: unknown; readonly input: unknown; readonly path: string };
}

/** The key and epochs of an entry that is named from outside of a call. */
async function nameOf(target: EntryTarget, operation: string, parts: DirectParts): Promise<Named> {
  const found = parts.cachedAt(target.path);
  if (found === undefined) {
    throw new CacheError(
      'UNKNOWN_PATH',
      `${operation}: ${shown(target.path)} is not a cached query of a registered router. Register the router with cache.register, and check the path.`,
    );
  }
  const { policy, procedure, index } = found;
  const scope = target.scope === undefined && policy.scope === 'public' ? everyone : target.scope;
  if (scope === undefined)
    throw new CacheError(
      'INVALID_TARGET',
      `${operation}: ${target.path} is private: say whose entry is meant, { path, input, scope: 'user-7' }.`,
    );
  const seen = await parseInput(procedure, target.input, index);
  const opts = { ctx: target.ctx, input: seen, path: target.path };
  const facts = factsOf(found, target.input, seen, target.headers);
  const asked = { ...policy, when: undefined, scope: () => scope };
  const named = await identify(asked, opts, facts, { ...parts, known: undefined });
  if ('bypass' in named)
    throw new CacheError('INVALID_TARGET', `${operation}: ${target.path}: ${missing[named.bypass] ?? named.bypass}`, {
      cause: named.error,
    });
  return { ...found, wanted: named.wanted, opts };
}

/** A call that nobody makes: the query is named from outside, with an input as a client sends it. */
export const factsOf = (
  { procedure, codec, parsersBehind }: CachedQuery,
  raw: unknown,
  seen: unknown,
  headers: EntryTarget['headers'],
): CallFacts => ({
  raw,
  seen,
  own: () => parseInput(procedure, raw),
  by: parsersBehind || (seen === undefined && raw !== undefined) ? 'raw' : 'parsed',
  codecId: codec.id,
  space: 'q',
  request: headers && { method: 'GET', header: reader(headers) ?? (() => null), exact: false },
});

/** Shows a fresh entry without running anything and without counting as a hit. */
export async function peek(target: EntryTarget, parts: DirectParts): Promise<Peeked | undefined> {
  const { wanted, policy, codec, opts } = await nameOf(target, 'peek', parts);
  if (!parts.isEnabled(opts)) return undefined;
  const { core } = parts;
  const found = await lookUp(wanted, core.storeFor(opts.ctx), core.lookups);
  const entry = found?.entry;
  if (entry === undefined || entry.failure !== undefined) return undefined;
  return { output: outputOf(entry, codec, policy.share), storedAt: entry.storedAt, freshUntil: entry.freshUntil };
}

/**
 * Renews an entry: invalidates it, looks up, runs `fn`, fills. There is no way to set a value: between computing and
 * setting it, somebody may have changed what it was computed from.
 */
export async function refresh<R>(target: EntryTarget, fn: () => R | Promise<R>, parts: DirectParts): Promise<R> {
  const named = await nameOf(target, 'refresh', parts);
  const { wanted, policy, codec, opts } = named;
  const scoped = target.scope === undefined ? {} : { scope: target.scope };
  await parts.invalidate([{ path: target.path, input: target.input, ...scoped }]);
  const parsed = async () => parseOutput(named, await fn());
  if (!parts.isEnabled(opts)) return (await parsed()) as R;
  // Nobody else may ever read what a stream gives: it is read here.
  const made = async () => {
    const output = await parsed();
    return policy.collect !== undefined && isStream(output) ? new ReadAhead(output) : output;
  };
  const call: Call<unknown> = {
    wanted: wantedOf({ ...wanted, exact: true }),
    runName: opts.path,
    policy: { ...policy, verify: 0 }, // what `fn` does, it does once
    codec,
    wishes: newWishes(),
    opts,
    tagEpoch: parts.names.tag,
    run: () => settle(made),
    behind: () => ({ ...call, wishes: newWishes() }),
    isOwnFailure: () => false,
  };
  const answered = await renew(call, parts.core);
  const output = conclude<R | ReadAhead>(answered);
  if (!(output instanceof ReadAhead)) return output;
  const stored = 'entry' in answered ? answered.entry : undefined;
  try {
    if (stored !== undefined) return outputOf(stored, codec, policy.share) as R;
  } catch {
    // A codec that cannot read what it wrote.
  }
  return output.again() as R;
}

/** An output as the parsers behind `cached` hand it on: what they strip is not for the store. */
async function parseOutput({ procedure, index }: CachedQuery, output: unknown): Promise<unknown> {
  let result = handOn(output);
  for (const middleware of procedure._def.middlewares.slice(index + 1).reverse()) {
    if (middleware._type !== 'output') continue;
    const before = result;
    const parse = middleware as unknown as (opts: object) => Promise<MiddlewareResult>;
    result = await parse({ next: async () => before });
    if (!result.ok) throw result.error;
  }
  return result.data;
}
