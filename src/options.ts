// Docs: docs/stores.md, docs/keys-and-scopes.md
import type { Core } from './call.ts';
import type { CallOpts } from './call-opts.ts';
import type { Transformer } from './codec.ts';
import { type Duration, timerMs } from './duration.ts';
import { CacheError, invalid, rejectUnknown, shown } from './errors.ts';
import { checkGuard, type GuardOptions } from './guard.ts';
import { type HttpOptions, type HttpSettings, resolveHttpOptions } from './http-options.ts';
import { type CachedOptions, checkScope, resolvePolicy, type Scope } from './policy.ts';
import type { Purge } from './purge.ts';
import type { AsyncContext } from './runs.ts';
import type { Store } from './store.ts';
import { memoryStore } from './stores/memory.ts';

/** The options of `createCache`. */
export interface CreateCacheOptions<C> {
  /** Who shares an entry, unless a query says otherwise: `'public'`, or a callback. There is no safe default. */
  readonly scope: Scope<C, any>;
  /**
   * Where entries live. On Workers, where clients are made per request, a function of `{ ctx }`, called at first use.
   * @default memoryStore()
   */
  readonly store?: Store | ((opts: { ctx: C }) => Store);
  /** Keeps applications, and previews of one, apart in a shared database. Required with every store but memoryStore. */
  readonly namespace?: string;
  /** Defaults of every `cached` option; with `defaults.ttl`, `cached()` needs no argument. */
  readonly defaults?: CachedOptions<C, any>;
  /** Change it when the meaning of cached outputs changes. @default '' */
  readonly version?: string;
  /** The transformer that outputs are stored with. @default the registered router's, else superjson */
  readonly transformer?: Transformer | { readonly input: Transformer; readonly output: Transformer };
  /** `false` runs every procedure without the cache. Invalidations are always written. @default true */
  readonly enabled?: boolean | ((opts: CallOpts<C, unknown>) => boolean);
  /** Hashes inputs and scopes in keys also when they are short: for stores that others can read. @default false */
  readonly hashKeys?: boolean;
  /** Keeps work alive after the response: `(promise, { ctx }) => ctx.executionCtx.waitUntil(promise)`. */
  readonly waitUntil?: (promise: Promise<unknown>, opts: { ctx: C }) => void;
  /**
   * Who runs when many processes miss the same entry at once: one of each process, or, with a lease in the store, one of all.
   * @default 'process'
   */
  readonly coalesce?: 'process' | 'store';
  /**
   * An `AsyncLocalStorage` of its own, for precision: with it the cache knows which reads are made inside of a procedure whose
   * answer is stored. Without it, every read that falls into the time of one may be, and is treated so. @default none
   */
  readonly asyncContext?: AsyncContext;
  /**
   * Watches what procedures read whose answers are for everybody: who calls is none of it. `'report'` gives `leak` events,
   * `'throw'` an error, for development and tests.
   * @default not at all
   */
  readonly guard?: GuardOptions;
  /** How long things may take. */
  readonly timeouts?: {
    /** The store, for one query: lookup and, without `waitUntil`, fill together. @default '250ms' */
    readonly read?: Duration;
    /** The store, for one invalidation, and after it the CDN, for its purge. @default '1s' */
    readonly write?: Duration;
    /** Waiting for the fill of an equal call, before running oneself. @default '10s' */
    readonly join?: Duration;
    /** A run behind a response (`staleWhileRevalidate`): then its signal aborts, and another one may begin. @default '30s' */
    readonly revalidate?: Duration;
    /** How long one process may run for all with `coalesce: 'store'`; longer than the slowest query. @default '5s' */
    readonly lease?: Duration;
  };
  /** The request headers of a context, for `vary` where there is no HTTP adapter around. */
  readonly headers?: (opts: { ctx: C }) => Headers | Record<string, string | string[] | undefined> | undefined;
  /** How the cache speaks HTTP. */
  readonly http?: HttpOptions<C>;
  /**
   * Removes from a CDN what an invalidation made unusable, by the tags of `http.cdnTags`: called once the store has confirmed,
   * within `timeouts.write`, and again behind the response where it fails. @default no CDN is told
   */
  readonly purge?: Purge<C>;
}

/** `createCache` options once checked. */
export interface Settings {
  readonly store: Store | ((opts: { ctx: unknown }) => Store);
  readonly namespace: string;
  readonly scope: Scope<any, any>;
  readonly defaults: CachedOptions<any, any>;
  readonly version: string;
  readonly transformer: Transformer | undefined;
  readonly enabled: boolean | ((opts: CallOpts<any, unknown>) => boolean);
  readonly hashKeys: boolean;
  readonly waitUntil: ((promise: Promise<unknown>, opts: { ctx: any }) => void) | undefined;
  readonly coalesce: 'process' | 'store';
  readonly asyncContext: AsyncContext | undefined;
  readonly guard: GuardOptions | undefined;
  readonly timeouts: Core['timeouts'];
  readonly writeMs: number;
  readonly headers: ((opts: { ctx: any }) => unknown) | undefined;
  readonly http: HttpSettings;
  readonly purge: Purge | undefined;
}

const known = [
  'scope',
  'store',
  'namespace',
  'defaults',
  'version',
  'transformer',
  'enabled',
  'hashKeys',
  'waitUntil',
  'coalesce',
  'asyncContext',
  'guard',
  'timeouts',
  'headers',
  'http',
  'purge',
];

/** Checks the options of `createCache`; every message names the option, what was received and what to write. */
export function resolveSettings(options: CreateCacheOptions<any>): Settings {
  if (typeof options !== 'object' || options === null)
    throw invalid('createCache: options', "an object such as { scope: 'public' }", options);
  rejectUnknown(options, known, 'createCache');
  checkScope(options.scope, 'createCache: scope');
  const store = options.store ?? memoryStore();
  if (typeof store !== 'function' && typeof (store as Partial<Store>).lookup !== 'function') {
    throw invalid(
      'createCache: store',
      'a store such as memoryStore() or upstashStore(redis), or a function that returns one',
      store,
    );
  }
  const isLocal = typeof store !== 'function' && store.supports.local;
  if (options.namespace === undefined ? !isLocal : typeof options.namespace !== 'string' || options.namespace === '') {
    throw new CacheError(
      'INVALID_OPTION',
      `createCache: namespace: expected a name such as 'shop-production', received ${shown(options.namespace)}. Databases are shared by apps and previews: without a namespace they would serve each other's entries.`,
    );
  }
  for (const option of ['waitUntil', 'headers', 'purge'] as const) {
    if (options[option] !== undefined && typeof options[option] !== 'function')
      throw invalid(`createCache: ${option}`, 'a function', options[option]);
  }
  const { enabled = true, version = '', hashKeys = false, timeouts = {}, http = {}, transformer } = options;
  if (typeof enabled !== 'boolean' && typeof enabled !== 'function')
    throw invalid('createCache: enabled', 'a boolean or a function', enabled);
  if (typeof version !== 'string') throw invalid('createCache: version', 'a string', version);
  if (typeof hashKeys !== 'boolean') throw invalid('createCache: hashKeys', 'a boolean', hashKeys);
  rejectUnknown(timeouts, ['read', 'write', 'join', 'revalidate', 'lease'], 'createCache: timeouts');
  const { coalesce = 'process' } = options;
  checkCoalesce(coalesce, store);
  checkGuard(options.guard);
  const defaults = options.defaults ?? {};
  // A ttl for the check alone: that a default is wrong shall be known now, not at the first `cached()`.
  resolvePolicy(
    { ...defaults, ttl: defaults.ttl ?? '36500d' },
    {},
    defaults.scope ?? options.scope,
    'createCache: defaults',
  );
  return {
    store,
    namespace: options.namespace ?? 'default',
    scope: options.scope,
    defaults,
    version,
    transformer: outputOf(transformer),
    enabled,
    hashKeys,
    waitUntil: options.waitUntil,
    coalesce,
    asyncContext: contextOf(options.asyncContext),
    guard: options.guard,
    timeouts: {
      readMs: timerMs(timeouts.read ?? '250ms', 'createCache: timeouts.read'),
      joinMs: timerMs(timeouts.join ?? '10s', 'createCache: timeouts.join'),
      revalidateMs: timerMs(timeouts.revalidate ?? '30s', 'createCache: timeouts.revalidate'),
      leaseMs: timerMs(timeouts.lease ?? '5s', 'createCache: timeouts.lease'),
    },
    writeMs: timerMs(timeouts.write ?? '1s', 'createCache: timeouts.write'),
    headers: options.headers,
    http: resolveHttpOptions(http),
    purge: options.purge,
  };
}

function contextOf(context: AsyncContext | undefined): AsyncContext | undefined {
  if (context === undefined || (typeof context?.run === 'function' && typeof context.getStore === 'function'))
    return context;
  throw invalid('createCache: asyncContext', 'an AsyncLocalStorage of its own, new AsyncLocalStorage()', context);
}

function checkCoalesce(coalesce: unknown, store: CreateCacheOptions<unknown>['store']): void {
  if (coalesce !== 'process' && coalesce !== 'store')
    throw invalid('createCache: coalesce', "'process' or 'store'", coalesce);
  if (coalesce === 'store' && typeof store === 'object' && store.lease === undefined) {
    throw new CacheError(
      'INVALID_OPTION',
      `createCache: coalesce: 'store' needs a store that gives leases, and ${store.name} does not. Use redisStore or upstashStore, or remove coalesce.`,
    );
  }
}

function outputOf(transformer: CreateCacheOptions<unknown>['transformer']): Transformer | undefined {
  if (transformer === undefined) return undefined;
  const output = 'output' in transformer ? transformer.output : transformer;
  if (typeof output?.serialize === 'function' && typeof output.deserialize === 'function') return output;
  throw invalid('createCache: transformer', 'an object with serialize and deserialize, such as superjson', transformer);
}
