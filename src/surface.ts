// Docs: README.md
import type { AnyTRPCRouter, TRPCError } from '@trpc/server';
import type { Control } from './control.ts';
import type { Duration } from './duration.ts';
import type { EntriesOptions, EntriesPage } from './entries.ts';
import type { CacheEvents, Listener } from './events.ts';
import type { Explanation } from './explanation.ts';
import type { InvalidateOptions, InvalidateResult } from './invalidate.ts';
import type { CachedOptions } from './policy.ts';
import type { CacheStatus } from './status.ts';
import type { Target, TargetFn } from './targets.ts';
import type { AuditFinding } from './trpc/audit/finding.ts';
import type { AuditOptions } from './trpc/audit/options.ts';
import type { EntryTarget, Peeked } from './trpc/direct.ts';
import type { ExplainOptions } from './trpc/explain.ts';
import type { FetchHandler, FetchOptions } from './trpc/fetch.ts';
import type { InvalidatesOptions, InvalidatesTrailing } from './trpc/invalidates.ts';
import type { TypedCache } from './trpc/typed.ts';
import type { WrapOptions, Wrapped } from './wrap.ts';

export type { PathsOf, TypedCache, TypedTarget } from './trpc/typed.ts';

/** The context type, given itself or as the function that makes it, as in `initTRPC.context<…>()`. */
export type ContextOf<T> = T extends (...args: any[]) => infer R
  ? Awaited<R> extends object
    ? Awaited<R>
    : object
  : T;

/** A middleware for `procedure.use(…)`; it changes neither context nor output. */
export type CacheMiddleware<C, I> = <R>(opts: {
  ctx: C;
  input: I;
  path: string;
  getRawInput: () => Promise<unknown>;
  next: () => Promise<R>;
}) => Promise<R>;

/** The input that callbacks of `cached` and `invalidates` see. Before any `.input()` there is none: tRPC's type is a brand then. */
export type InputOf<I> = I extends { __brand: 'unsetMarker' } ? undefined : I;

type HttpMeta = (opts: {
  data: any[];
  ctx?: any;
  paths?: readonly string[] | undefined;
  info?: any;
  type: 'query' | 'mutation' | 'subscription' | 'unknown';
  errors: TRPCError[];
  eagerGeneration: boolean;
}) => { status?: number; headers?: Headers | Record<string, string | string[] | undefined> };

/** What `cache.http` takes: the options that an adapter takes anyway. */
export interface HttpInput<R extends AnyTRPCRouter> {
  /** The whole router; it is registered. */
  router: R;
  /** What makes the context of a request. @default an empty context */
  createContext?: (opts: any) => any;
  /** What adds to a response; it sees the output of hits, too. @default nothing */
  responseMeta?: (opts: any) => any;
}

/** A cache. Its members are function properties: destructure them as you like. */
export interface Cache<Ctx> {
  /**
   * A middleware that answers a query from the cache. Place it after auth and after `.input()`.
   *
   * @throws CacheError at definition for a wrong option.
   * @example
   * ```ts
   * import { initTRPC } from '@trpc/server';
   * import { createCache } from 'trpc-cached';
   *
   * const t = initTRPC.create();
   * const { cached } = createCache({ scope: 'public' });
   * t.procedure.use(cached('1m')).query(() => 'expensive');
   * ```
   */
  readonly cached: <C, I>(options?: Duration | CachedOptions<C & Ctx, InputOf<I>>) => CacheMiddleware<C & Ctx, I>;
  /**
   * A middleware that makes what a mutation changed unusable everywhere, when what is inside it has succeeded and before the
   * response.
   *
   * @throws CacheError at definition for something that is not a target.
   * @example
   * ```ts
   * import { initTRPC } from '@trpc/server';
   * import { createCache } from 'trpc-cached';
   *
   * const t = initTRPC.create();
   * const { invalidates } = createCache({ scope: 'public' });
   * t.procedure.use(invalidates('post.*', { tag: 'feed' })).mutation(() => 'saved');
   * ```
   */
  readonly invalidates: <C, I>(
    first: Target | TargetFn<C, InputOf<I>> | InvalidatesOptions<C, InputOf<I>>,
    ...more: (Target | TargetFn<C, InputOf<I>> | InvalidatesTrailing)[]
  ) => CacheMiddleware<C, I>;
  /**
   * A middleware for in front of one that commits late (a transaction): what `invalidates` inside it collects is written when
   * everything inside has finished.
   */
  readonly settle: CacheMiddleware<any, any>;
  /**
   * Makes a router known: which procedure a path means, how inputs are parsed, what patterns match. Returns the same router.
   *
   * @throws CacheError `UNKNOWN_PATH` for a static pattern that matches no procedure, `ROUTER_CONFLICT` for a second, different router without `mount`.
   */
  readonly register: <R extends AnyTRPCRouter>(router: R, options?: { mount?: string }) => R;
  /**
   * The options of any tRPC adapter with ETag, 304 and cache headers: spread it into the adapter. Registers the router.
   *
   * @example
   * ```ts
   * import { initTRPC } from '@trpc/server';
   * import { createHTTPServer } from '@trpc/server/adapters/standalone';
   * import { createCache } from 'trpc-cached';
   *
   * const t = initTRPC.create();
   * const cache = createCache({ scope: 'public' });
   * const router = t.router({ now: t.procedure.use(cache.cached('1m')).query(() => Date.now()) });
   * createHTTPServer({ ...cache.http({ router }) });
   * ```
   */
  readonly http: <R extends AnyTRPCRouter, O extends HttpInput<R>>(
    options: O & { router: R },
  ) => O & {
    router: R;
    createContext: O extends { createContext: infer Make extends (opts: any) => any } ? Make : (opts: any) => object;
    responseMeta: HttpMeta;
  };
  /**
   * A fetch handler around yours, for edge functions: stored answers go into the body without being parsed and written again,
   * a 304 has no headers of a body, cookies that are set late take lifetimes away, and HEAD can be answered.
   *
   * @throws CacheError `INVALID_OPTION` for something that is no handler.
   * @example
   * ```ts
   * import { initTRPC } from '@trpc/server';
   * import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
   * import { createCache } from 'trpc-cached';
   *
   * const t = initTRPC.create();
   * const cache = createCache({ scope: 'public' });
   * const router = t.router({ now: t.procedure.use(cache.cached('1m')).query(() => Date.now()) });
   * const options = cache.http({ router });
   * export default {
   *   fetch: cache.fetch((req) => fetchRequestHandler({ endpoint: '/trpc', req, ...options }), { head: true }),
   * };
   * ```
   */
  readonly fetch: <Rest extends readonly unknown[], Answer extends Response | undefined = Response>(
    handler: FetchHandler<Rest, Answer>,
    options?: FetchOptions,
  ) => (request: Request, ...rest: Rest) => Promise<Response | Extract<Answer, undefined>>;
  /** Talks to the cached call that runs this code; takes the resolver's whole argument. Outside of one it does nothing. */
  readonly control: (opts: object) => Control;
  /**
   * Makes targets unusable everywhere, from webhooks and cron jobs. Resolves when the store confirmed every write. Options
   * come last: `invalidate('post.*', { mode: 'expire' })`.
   *
   * @throws CacheError `NOT_ACKNOWLEDGED` (rejects) when the store did not confirm; the write is kept and retried.
   */
  readonly invalidate: (...targets: readonly [Target, ...(Target | InvalidateOptions)[]]) => Promise<InvalidateResult>;
  /** The same cache with the paths, inputs and outputs of a router: `cache.for<AppRouter>().invalidate('post.byId')`. */
  readonly for: <Router extends AnyTRPCRouter>() => TypedCache<Router>;
  /** Shows a fresh entry without running anything. Needs a registered router. */
  readonly peek: (target: EntryTarget) => Promise<Peeked | undefined>;
  /** Renews an entry: invalidates it, looks up, runs `fn`, fills. Needs a registered router. */
  readonly refresh: <R>(target: EntryTarget, fn: () => R | Promise<R>) => Promise<R>;
  /**
   * Says what a call would meet now, and why: the key, the epochs it depends on, what is stored. Runs no procedure and changes
   * nothing. `input` is as a client sends it, `ctx` as `cached` would see it. Needs a registered router.
   *
   * @throws CacheError `UNKNOWN_PATH` (rejects) for a path that no registered router has.
   * @example
   * ```ts
   * import { initTRPC } from '@trpc/server';
   * import { createCache } from 'trpc-cached';
   *
   * const t = initTRPC.create();
   * const cache = createCache({ scope: 'public' });
   * cache.register(t.router({ now: t.procedure.use(cache.cached('1m')).query(() => Date.now()) }));
   * const { outcome, why } = await cache.explain('now');
   * ```
   */
  readonly explain: (path: string, input?: unknown, ctx?: Ctx, options?: ExplainOptions) => Promise<Explanation>;
  /**
   * Lists the entries of the namespace, page by page, without their outputs. What a page asks of a server is bounded;
   * `memoryStore` goes through all its entries for each page.
   *
   * @throws CacheError `STORE` (rejects) when the store cannot list, `INVALID_OPTION` for a wrong option.
   */
  readonly entries: (options?: EntriesOptions) => Promise<EntriesPage>;
  /** How the cache stands: its store, the breaker, what waits, its procedures. Asks nobody. */
  readonly status: () => CacheStatus;
  /**
   * Caches a plain function under a name of its own.
   *
   * @throws CacheError `INVALID_OPTION` when the name is taken or an option is wrong.
   * @example
   * ```ts
   * import { createCache } from 'trpc-cached';
   *
   * const cache = createCache({ scope: 'public' });
   * const top = cache.wrap('topSellers', async (region: string) => [region], { ttl: '5m' });
   * await top('eu');
   * await top.invalidate('eu');
   * ```
   */
  readonly wrap: <Args extends readonly unknown[], R>(
    name: string,
    fn: (...args: Args) => R | Promise<R>,
    options?: WrapOptions<Args>,
  ) => Wrapped<Args, R>;
  /** Makes everything of the namespace unusable. */
  readonly clear: () => Promise<InvalidateResult>;
  /** Listens to what the cache does; returns the function that stops listening. Nothing is ever printed. */
  readonly on: <Name extends keyof CacheEvents>(name: Name, listener: Listener<Name>) => () => void;
  /**
   * Marks a middleware that a hit may skip: it neither guards nor changes anything that callers see. Never auth. Use what it
   * returns: of several that are piped together, that is a copy, and the parts stay as they are elsewhere.
   */
  readonly pure: <M extends object>(middleware: M) => M;
  /**
   * Mistakes that can be seen from the routers, lazy ones loaded; without routers, from all that are registered. For tests and
   * CI. A finding that is none is named in the options, which come last.
   *
   * @throws CacheError `INVALID_OPTION` (rejects) for something that is no router, or when there is none.
   * @example
   * ```ts
   * import { initTRPC } from '@trpc/server';
   * import { createCache } from 'trpc-cached';
   *
   * const t = initTRPC.create();
   * const cache = createCache({ scope: 'public' });
   * const router = cache.register(t.router({ now: t.procedure.use(cache.cached('1m')).query(() => Date.now()) }));
   * await cache.audit(router, { ignore: [{ rule: 'mutation-without-invalidates', path: 'auth.*' }] });
   * ```
   */
  readonly audit: (
    ...given: readonly AnyTRPCRouter[] | readonly [...routers: AnyTRPCRouter[], options: AuditOptions]
  ) => Promise<AuditFinding[]>;
  /**
   * Tries once more to write what is still waiting, stops retrying, and ends what the store opened itself (a subscription).
   * Clients are the user's and stay open.
   */
  readonly close: () => Promise<void>;
}
