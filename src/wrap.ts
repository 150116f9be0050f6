// Docs: docs/how-it-works.md#plain-functions
import type { LRUCache } from 'lru-cache';
import { answer } from './cache.ts';
import type { Answer, Call, Core } from './call.ts';
import { atOnce, type CallOpts } from './call-opts.ts';
import type { Codec } from './codec.ts';
import { isPromise } from './deadline.ts';
import { type EpochNames, epochsOf } from './epochs.ts';
import { CacheError, invalid, rejectUnknown, shown } from './errors.ts';
import { newWishes, type Ran } from './fill.ts';
import type { Advance, InvalidateResult } from './invalidate.ts';
import { canonical, entryKey, everyone, isScope, type ScopeValue, scopeText, UncanonicalError } from './key.ts';
import { type Wanted, wantedOf } from './lookup.ts';
import { createLru } from './lru.ts';
import { type CachedOptions, lifetimeOptions, type Policy, plantMs, resolvePolicy, tagsOf } from './policy.ts';

/** The options of `cache.wrap`: those of `cached` that make sense without a procedure. */
export interface WrapOptions<Args extends readonly unknown[]>
  extends Pick<
    CachedOptions<any, any>,
    'maxBytes' | 'version' | 'share' | 'staleWhileRevalidate' | 'staleIfError' | 'jitter' | 'earlyRevalidation'
  > {
  /** How long a result is fresh, or a function of it. Required unless `defaults.ttl` is set. */
  readonly ttl?: CachedOptions<any, any>['ttl'];
  /** Who shares a result: the returned string is a private scope. @default everybody */
  readonly scope?: (...args: Args) => string;
  /** Tags by which a result can be invalidated. @default none */
  readonly tags?: readonly string[] | ((...args: Args) => readonly string[]);
}

const known = [...lifetimeOptions, 'scope', 'tags', 'maxBytes', 'version', 'share'];

/** A function whose results are cached. */
export interface Wrapped<Args extends readonly unknown[], R> {
  (...args: Args): Promise<R>;
  /** Invalidates the result for these arguments, in every scope; without arguments, all results of this function. */
  readonly invalidate: (...args: Args | []) => Promise<InvalidateResult>;
}

/** What `wrap` needs of its cache. */
export interface WrapParts {
  readonly core: Core;
  readonly names: EpochNames;
  readonly namespace: string;
  readonly version: string;
  readonly hashKeys: boolean;
  readonly defaults: CachedOptions<any, any>;
  readonly codec: () => Codec;
  readonly isEnabled: (path: string) => boolean;
  readonly advance: Advance;
}

/** `cache.wrap`: every function needs a name of its own, under which nobody else's results are read. */
export function createWrap(parts: WrapParts) {
  const taken = new Set<string>();
  return <Args extends readonly unknown[], R>(
    name: string,
    fn: (...args: Args) => R | Promise<R>,
    options: WrapOptions<Args> = {},
  ): Wrapped<Args, R> => {
    if (typeof name !== 'string' || name === '') throw invalid('wrap', 'a name', name);
    if (typeof fn !== 'function') throw invalid('wrap', 'a function', fn);
    if (taken.has(name)) {
      throw new CacheError(
        'INVALID_OPTION',
        `wrap: ${shown(name)} is taken: two functions would read each other's results. Give each its own name.`,
      );
    }
    rejectUnknown(options, known, 'wrap');
    const { scope, tags = [], ...rest } = options;
    if (scope !== undefined && typeof scope !== 'function') {
      throw new CacheError(
        'INVALID_OPTION',
        `wrap: scope: expected a function such as (user) => user.id, received ${shown(scope)}. Leave it out for everybody.`,
      );
    }
    const toTags = typeof tags === 'function' ? ({ input }: CallOpts<unknown, Args>) => tags(...input) : tags;
    const { collect: _, ...defaults } = parts.defaults;
    const own = { scope: 'public', tags: toTags, http: false, verify: 0 } as const;
    const policy = resolvePolicy(rest, { ...defaults, ...own }, 'public', 'wrap');
    taken.add(name);
    return wrapFunction(name, fn, policy, scope, parts);
  };
}

const mostKnown = 500;
const longestKnown = 1_024; // characters

/** A function whose results are cached under its name and arguments, by the same story as a query. */
function wrapFunction<Args extends readonly unknown[], R>(
  name: string,
  fn: (...args: Args) => R | Promise<R>,
  policy: Policy,
  scopeOf: WrapOptions<Args>['scope'],
  parts: WrapParts,
): Wrapped<Args, R> {
  const { core, names } = parts;
  const runName = `wrap ${name}`; // a procedure may have this name, too
  // What was made for arguments like these.
  let known: LRUCache<string, Wanted> | undefined;
  const wantedFor = (scope: ScopeValue, input: string, tags: readonly string[], codecId: string): Wanted => {
    const text = `${codecId}\n${scopeText(scope)}\n${input}\n${tags.length === 0 ? '' : canonical(tags)}`;
    known ??= createLru(mostKnown);
    const before = known.get(text);
    if (before !== undefined) return before;
    const key = entryKey(
      {
        namespace: parts.namespace,
        kind: 'w',
        versions: [parts.version, policy.version],
        codec: codecId,
        path: name,
        scope: scopeText(scope),
        input,
        vary: [],
      },
      parts.hashKeys,
    );
    const epochs = epochsOf(names, { kind: 'w', path: name, scope, inputs: [input], tags });
    const wanted = wantedOf({ key, epochs, optional: [], guard: names.guard, keepMs: plantMs(policy) });
    if (text.length <= longestKnown) known.set(text, wanted);
    return wanted;
  };
  const callOf = (args: Args, run: () => Promise<R>): Call<unknown> => {
    const scope = scopeOf === undefined ? everyone : atOnce(scopeOf(...args), 'scope');
    if (!isScope(scope)) throw new TypeError('scope: expected a non-empty string');
    const opts = { ctx: undefined, input: args, path: name };
    const codec = parts.codec();
    const call: Call<unknown> = {
      wanted: wantedFor(scope, textOf(args), tagsOf(policy, opts), codec.id),
      runName,
      policy,
      codec,
      wishes: newWishes(),
      opts,
      tagEpoch: names.tag,
      run: () => settle(run),
      behind: () => ({ ...call, wishes: newWishes() }),
      isOwnFailure: () => false,
    };
    return call;
  };

  const wrapped = async (...args: Args): Promise<R> => {
    const run = async () => fn(...args);
    let call: Call<unknown> | undefined;
    try {
      if (parts.isEnabled(name)) call = callOf(args, run);
      else core.emitter.emit('bypass', { path: name, reason: 'disabled' });
    } catch (error) {
      const reason = error instanceof UncanonicalError ? 'input' : 'callback';
      core.emitter.emit('bypass', { path: name, reason, error });
    }
    if (call === undefined) return run();
    const answering = answer(call, core);
    return conclude<R>(isPromise(answering) ? await answering : answering);
  };
  const invalidate = (...args: Args | []) =>
    parts.advance(name, args.length === 0 ? [names.procedure('w', name)] : [names.input('w', name, textOf(args))]);
  return Object.assign(wrapped, { invalidate });
}

/** The text of arguments: as in an input, `undefined` is the same as absent, so those at the end do not count. */
function textOf(args: readonly unknown[]): string {
  return canonical(args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1));
}

/** The end of a plain function as the story knows it. */
export async function settle(run: () => Promise<unknown>): Promise<Ran<unknown>> {
  try {
    return { ok: true, data: await run(), result: undefined };
  } catch (error) {
    return { ok: false, failure: { code: codeOf(error), message: '', plain: false, error }, result: { error } };
  }
}

/** A function may throw what a procedure would: an error of tRPC says whose fault it is, by whichever copy of tRPC. */
function codeOf(error: unknown): string {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  return name === 'TRPCError' && typeof code === 'string' ? code : '';
}

/** What the caller of a plain function gets of its answer: the output, or what the function threw. */
export function conclude<R>(answered: Answer<unknown>): R {
  if ('failed' in answered) throw (answered.failed as { error: unknown }).error;
  if (!('ran' in answered)) return answered.value as R;
  if (!answered.ran.ok) throw answered.ran.failure.error;
  return ('sealed' in answered && answered.sealed ? answered.sealed.value : answered.ran.data) as R;
}
