// Docs: docs/freshness.md, docs/keys-and-scopes.md
import { atOnce, type CallOpts, type ResultOpts } from './call-opts.ts';
import { type Bounds, type CollectOptions, resolveCollect } from './collect.ts';
import { type Duration, durationMs } from './duration.ts';
import { CacheError, invalid, rejectUnknown } from './errors.ts';
import { isToken } from './http/token.ts';
import type { ScopeValue } from './key.ts';
import { type HttpLifetimes, type Lifetimes, resolveLifetimes } from './lifetimes.ts';
import { resolveStaleIfError, type StaleIfError, type Tolerance } from './stale-if-error.ts';

/**
 * Who shares an entry: `'public'` is everybody (and allows shared-cache headers); a callback returns the caller's own
 * scope as a string, `null` for all who are not signed in, or `everyone`. Anything else is a bypass.
 */
export type Scope<C, I> = 'public' | ((opts: CallOpts<C, I>) => ScopeValue | undefined);

/** The options of `cached`. */
export interface CachedOptions<C, I> {
  /** How long an answer is fresh, or a function of the output. Required unless `defaults.ttl` is set. */
  readonly ttl?: Duration | ((opts: ResultOpts<C, I>) => Duration);
  /**
   * For how long after `ttl` the old answer is given at once while the procedure runs behind the response (RFC 5861).
   * @default not at all
   */
  readonly staleWhileRevalidate?: Duration;
  /** For how long after `ttl` the old answer is given in place of a failure (RFC 5861). @default not at all */
  readonly staleIfError?: Duration | StaleIfError<C, I>;
  /** Shortens each `ttl` at random by up to this share of it (0 to 1), so that what was filled together does not expire together. @default 0 */
  readonly jitter?: number;
  /**
   * Runs the procedure behind some hits shortly before `ttl` ends, the likelier the slower it is (XFetch: Vattani, Chierichetti,
   * Lowenstein, 2015). A number is its β: above 1 earlier, below later; `true` is 1. @default false
   */
  readonly earlyRevalidation?: boolean | number;
  /** Who shares the answer. @default the cache's `scope` */
  readonly scope?: Scope<C, I>;
  /** Names by which mutations can invalidate this answer, e.g. `author:7`. @default none */
  readonly tags?: readonly string[] | ((opts: CallOpts<C, I>) => readonly string[]);
  /** Replaces the input in the entry's key (never in its epochs). May be async. @default the input itself */
  readonly key?: (opts: CallOpts<C, I>) => string | Promise<string>;
  /** Request headers that the answer depends on; become part of the key and of `Vary`. @default none */
  readonly vary?: readonly string[];
  /** `false` runs the procedure without the cache. @default always true */
  readonly when?: (opts: CallOpts<C, I>) => boolean;
  /** Failures to remember, by tRPC error code, e.g. `{ NOT_FOUND: '5s' }`. @default none */
  readonly errors?: Readonly<Record<string, Duration>>;
  /** Answers whose encoded form is longer are not stored. @default 1_048_576 */
  readonly maxBytes?: number;
  /**
   * Stores answers that are async iterables, too: collected on their way to the caller, replayed on a hit. `{}` is enough; a
   * bound that is no whole number above zero throws a `CacheError`.
   *
   * @default not at all: they pass through
   * @example
   * ```ts
   * import { initTRPC } from '@trpc/server';
   * import { createCache } from 'trpc-cached';
   *
   * const t = initTRPC.create();
   * const { cached } = createCache({ scope: 'public' });
   * t.procedure.use(cached({ ttl: '1h', collect: { maxItems: 500 } })).query(async function* () {
   *   yield 'first';
   * });
   * ```
   */
  readonly collect?: CollectOptions;
  /** Change it when the shape of the output changes; entries of other versions are not read. @default '' */
  readonly version?: string;
  /** `'copy'` gives every caller its own object, `'frozen'` one sealed object for all. @default 'copy' */
  readonly share?: 'copy' | 'frozen';
  /**
   * On this share of hits (0 to 1) the procedure runs once more behind the response, and what it gives is compared to what was
   * served: a `mismatch` event tells what a forgotten invalidation, or too wide a scope, looks like.
   *
   * @default 0
   * @example
   * ```ts
   * import { createCache } from 'trpc-cached';
   *
   * const cache = createCache({ scope: 'public', defaults: { ttl: '1m', verify: 0.01 } });
   * cache.on('mismatch', ({ path, ageMs, keys }) => console.warn(path, ageMs, keys));
   * ```
   */
  readonly verify?: number;
  /** Lifetimes for HTTP caches; `false` sends no header at all. @default revalidate always (`private, no-cache`) */
  readonly http?: HttpLifetimes | false;
}

/** `cached` options once checked: durations in milliseconds, defaults in place. */
export interface Policy extends Tolerance {
  readonly ttlMs: number | ((opts: ResultOpts<any, any>) => Duration);
  /** How long an entry is of use after its `ttl`: while it is revalidated, and in place of a failure. */
  readonly staleMs: number;
  readonly jitter: number;
  /** β of XFetch; 0 never revalidates early. */
  readonly early: number;
  readonly scope: Scope<any, any>;
  readonly tags: readonly string[] | ((opts: CallOpts<any, any>) => readonly string[]);
  readonly key: ((opts: CallOpts<any, any>) => string | Promise<string>) | undefined;
  readonly vary: readonly string[];
  readonly when: ((opts: CallOpts<any, any>) => boolean) | undefined;
  readonly errors: ReadonlyMap<string, number>;
  readonly maxBytes: number;
  readonly collect: Bounds | undefined;
  readonly version: string;
  readonly share: 'copy' | 'frozen';
  /** The share of hits that are verified. */
  readonly verify: number;
  readonly http: Lifetimes | false;
}

/** The options that say how long an answer is of use: those of wrapped functions, too. */
export const lifetimeOptions = ['ttl', 'staleWhileRevalidate', 'staleIfError', 'jitter', 'earlyRevalidation'] as const;

const known = [
  ...lifetimeOptions,
  'scope',
  'tags',
  'key',
  'vary',
  'when',
  'errors',
  'maxBytes',
  'collect',
  'version',
  'share',
  'verify',
  'http',
];

/** The tags of a call. */
export function tagsOf({ tags }: Policy, opts: CallOpts<unknown, unknown>): readonly string[] {
  const given = typeof tags === 'function' ? atOnce(tags(opts), 'tags') : tags;
  checkTexts(given, 'tags');
  return given;
}

/** How long what a call plants has to live: as long as its entry would, if that is known. */
export const plantMs = ({ ttlMs, staleMs, errorMs }: Policy): number =>
  (typeof ttlMs === 'number' ? ttlMs : 3_600_000) + Math.max(staleMs, errorMs);

/** Checks options at definition time; the message names `where`, the option and what to write. */
export function resolvePolicy(
  given: unknown,
  defaults: CachedOptions<any, any>,
  scope: Scope<any, any>,
  where: string,
): Policy {
  const own = asOptions(given, where);
  const options = { ...defaults, ...defined(own) };
  // Not `??`: null is no scope, and must not fall back to a wider one.
  const who = options.scope === undefined ? scope : options.scope;
  const name = (option: string) => `${where}: ${option}`;
  const ttlMs = resolveTtl(options.ttl, where);
  checkScope(who, name('scope'));
  for (const option of ['key', 'when'] as const) checkFunction(options[option], name(option));
  if (typeof options.tags !== 'function') checkTexts(options.tags ?? [], name('tags'));
  checkHeaders(options.vary ?? [], name('vary'));
  const maxBytes = options.maxBytes ?? 1_048_576;
  if (!Number.isInteger(maxBytes) || maxBytes < 1)
    throw invalid(name('maxBytes'), 'a whole number of bytes above zero', maxBytes);
  if (options.version !== undefined && typeof options.version !== 'string')
    throw invalid(name('version'), 'a string', options.version);
  const { jitter = 0, earlyRevalidation: early = false, verify = 0 } = options;
  if (typeof jitter !== 'number' || !(jitter >= 0 && jitter < 1))
    throw invalid(name('jitter'), 'a share of ttl such as 0.1, from 0 to below 1', jitter);
  if (typeof early !== 'boolean' && !(typeof early === 'number' && early > 0 && early < Number.POSITIVE_INFINITY))
    throw invalid(name('earlyRevalidation'), 'true, false or a number above zero', early);
  if (typeof verify !== 'number' || !(verify >= 0 && verify <= 1))
    throw invalid(name('verify'), 'a share of hits such as 0.01, from 0 to 1', verify);
  const stale = options.staleWhileRevalidate;
  const staleMs = stale === undefined ? 0 : durationMs(stale, name('staleWhileRevalidate'));
  const share = options.share ?? 'copy';
  if (share !== 'copy' && share !== 'frozen') throw invalid(name('share'), "'copy' or 'frozen'", share);
  return {
    ttlMs,
    staleMs,
    ...resolveStaleIfError(options.staleIfError, name('staleIfError')),
    jitter,
    early: Number(early),
    scope: who,
    tags: options.tags ?? [],
    key: options.key,
    vary: (options.vary ?? []).map((header) => header.toLowerCase()).sort(),
    when: options.when,
    errors: new Map(
      Object.entries(options.errors ?? {}).map(([code, ttl]) => [code, durationMs(ttl, name(`errors.${code}`))]),
    ),
    maxBytes,
    collect: resolveCollect(options.collect, maxBytes, name('collect')),
    version: options.version ?? '',
    share,
    verify,
    http: resolveLifetimes(
      options.http,
      { ttlMs: typeof ttlMs === 'number' ? ttlMs : undefined, staleMs },
      who === 'public',
      name('http'),
    ),
  };
}

function asOptions(given: unknown, where: string): CachedOptions<any, any> {
  if (given === undefined) return {};
  if (typeof given === 'number' || typeof given === 'string') return { ttl: given as Duration };
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid(where, "a duration such as '1m' or an options object", given);
  rejectUnknown(given, known, where);
  return given;
}

/** Options that are `undefined` are absent: they must not undo a default. */
const defined = (options: object) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

function resolveTtl(ttl: CachedOptions<any, any>['ttl'], where: string): Policy['ttlMs'] {
  if (typeof ttl === 'function') return ttl;
  if (ttl !== undefined) return durationMs(ttl, `${where}: ttl`);
  throw new CacheError(
    'INVALID_OPTION',
    `${where}: ttl is missing. Write ${where}('1m'), or set defaults: { ttl: '1m' } in createCache.`,
  );
}

/** Throws unless `scope` is the literal `'public'` or a callback. */
export function checkScope(scope: unknown, option: string): void {
  if (scope === 'public' || typeof scope === 'function') return;
  throw invalid(
    option,
    "'public' or a callback such as ({ ctx }) => ctx.user?.id ?? null, which says who shares an entry",
    scope,
  );
}

function checkFunction(value: unknown, option: string): void {
  if (value !== undefined && typeof value !== 'function') throw invalid(option, 'a function', value);
}

/** Throws unless a value is an array of non-empty strings. */
export function checkTexts(value: unknown, option: string): void {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '')) return;
  throw invalid(option, 'an array of non-empty strings', value);
}

// `Vary: *` means that no stored answer fits any request: such a query is one without `cached`.
function checkHeaders(value: unknown, option: string): void {
  const isName = (item: unknown) => typeof item === 'string' && item !== '*' && isToken(item);
  if (Array.isArray(value) && value.every(isName)) return;
  throw invalid(option, "an array of header names such as ['accept-language']", value);
}
