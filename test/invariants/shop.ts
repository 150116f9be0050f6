import { initTRPC, TRPCError } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { digest } from '../../src/digest.ts';
import { type CachedOptions, type CreateCacheOptions, createCache } from '../../src/index.ts';
import type { Bug } from './bugs.ts';
import type { Config, Own } from './steps.ts';

/** What the author of a query promises, as the invariants have to know it. Seconds. */
export interface Spec {
  readonly isPublic: boolean;
  /** `false`: the library is not in it. */
  readonly isCached?: false;
  readonly ttl: number;
  readonly swr?: number;
  readonly sie?: number;
  readonly http?: CachedOptions<Context, unknown>['http'];
  readonly vary?: readonly string[];
  readonly signedIn?: true;
  readonly noStore?: true;
  /** Callers of this language go without the cache. */
  readonly skips?: 'fr';
}

const all = { isPublic: true, ttl: 60 } as const;
const own = { isPublic: false, ttl: 60 } as const;
const minute = { browser: 60, cdn: 60 } as const;

/** The queries of the shop; only what is not public depends on the user. */
export const queries = {
  def: own,
  priv: { ...own, http: { browser: 60 } },
  mine: { ...own, swr: 30, http: { browser: 60, staleWhileRevalidate: 30 } },
  pub: { ...all, http: minute },
  long: { ...all, ttl: 300, http: { browser: 300, cdn: 300 } },
  swr: { ...all, swr: 30, http: { ...minute, staleWhileRevalidate: 30 } },
  tide: { ...all, swr: 30, http: { cdn: 60, staleWhileRevalidate: 20 } },
  ebb: { ...all, swr: 30, http: { browser: 60, cdn: 30, staleWhileRevalidate: 30 } },
  sie: { ...all, sie: 30, http: minute },
  cdn: { ...all, ttl: 300, http: { cdn: 300 } },
  fixed: { ...all, http: { browser: 60, immutable: true } },
  lang: { ...all, http: minute, vary: ['Accept-Language'] },
  gate: { ...all, http: minute, signedIn: true },
  some: { ...all, http: minute, skips: 'fr' },
  fleeting: { ...all, http: minute, noStore: true },
  bare: { ...own, http: false },
  raw: { ...own, isCached: false, ttl: 0 },
} satisfies Record<string, Spec>;

export type QueryName = keyof typeof queries;
export const queryNames = Object.keys(queries) as QueryName[];
export const specOf = (name: QueryName): Spec => queries[name];

interface Context {
  readonly user: string | null;
  readonly language: string;
  readonly own: Own;
}

/** One run of a resolver. */
export interface Run {
  readonly name: QueryName;
  readonly user: string | null;
  readonly language: string;
  readonly at: number;
  /** Its place in the order of all that happens. */
  readonly order: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** A server, and the truth about it: what ran when for whom, and what was invalidated when. */
export interface Shop {
  readonly runs: readonly Run[];
  readonly data: Partial<Record<QueryName, number | 'fails' | 'missing'>>;
  readonly removed: () => number;
  readonly expired: () => number;
  /** Answers, and ends what the answer left behind. */
  readonly send: (request: Request) => Promise<Reply>;
  readonly invalidate: () => Promise<void>;
}

/** A shop with nothing stored yet. */
export function openShop({ typed, numbered, wrapped, cdnTags, ...http }: Config, bug?: Bug): Shop {
  const t = initTRPC.context<Context>().create({ isDev: false, ...(typed && { transformer: superjson }) });
  const waiting: Promise<unknown>[] = [];
  const cache = createCache<Context>({
    scope: ({ ctx }) => ctx.user,
    waitUntil: (promise) => void waiting.push(promise),
    http: { ...http, ...(cdnTags !== undefined && { cdnTags }) },
    ...(bug?.options as Partial<CreateCacheOptions<Context>>),
  });
  const runs: Run[] = [];
  const data: Shop['data'] = {};
  let [order, removed, expired] = [0, -1, -1];

  const resolve =
    (name: QueryName) =>
    (opts: { ctx: Context }): unknown => {
      const { isPublic, vary, swr, noStore } = specOf(name);
      const { user, language } = opts.ctx;
      const version = data[name] ?? 0;
      if (version === 'fails') throw new Error('the database is gone');
      if (version === 'missing') throw new TRPCError({ code: 'NOT_FOUND' });
      runs.push({ name, user, language, at: Date.now(), order: order++ });
      if (noStore) cache.control(opts).noStore();
      return {
        name,
        version,
        ...(!isPublic && { for: user }),
        ...(vary !== undefined && { language }),
        // Where a run behind the response follows, the latest run is not always the one that is served.
        ...((numbered || swr !== undefined) && { run: runs.length - 1 }),
      };
    };
  const signedIn = t.middleware(({ ctx, next }) => {
    if (ctx.user === null) throw new TRPCError({ code: 'UNAUTHORIZED' });
    return next();
  });
  const build = (name: QueryName) => {
    const { isPublic, isCached, ttl, swr, sie, http: lifetimes, vary, signedIn: asks, skips } = specOf(name);
    const cached = cache.cached({
      ttl: ttl === 0 ? 1 : ttl,
      ...(swr !== undefined && { staleWhileRevalidate: swr }),
      ...(sie !== undefined && { staleIfError: sie }),
      ...(isPublic && { scope: 'public' as const }),
      ...(lifetimes !== undefined && { http: lifetimes }),
      ...(vary !== undefined && { vary }),
      ...(skips !== undefined && { when: ({ ctx }) => ctx.language !== skips }),
    });
    const base = asks ? t.procedure.use(signedIn) : t.procedure;
    return (isCached === false ? base : base.use(cached)).query(resolve(name));
  };
  const router = t.router({
    ...Object.fromEntries(queryNames.map((name) => [name, build(name)])),
    drop: t.procedure.use(cache.invalidates('*')).mutation(() => 'dropped'),
    touch: t.procedure.use(cache.invalidates({ targets: '*', mode: 'expire' })).mutation(() => 'touched'),
    fail: t.procedure.use(cache.invalidates('*')).mutation(() => {
      throw new TRPCError({ code: 'CONFLICT' });
    }),
  });

  const hooks = cache.http({
    router,
    createContext: ({ req, resHeaders, info }: { req: Request; resHeaders: Headers; info?: any }): Context => {
      const added = ownOf(req);
      if (added.cookie === 'context') resHeaders.append('set-cookie', 'seen=1');
      if (added.fails) throw new Error('no session today');
      return { user: userOf(req, info), language: req.headers.get('accept-language') ?? 'en', own: added };
    },
    responseMeta: ({ ctx, data: items }: { ctx?: Context | undefined; data: unknown[] }) =>
      ctx === undefined ? {} : metaOf(ctx.own, items),
  });
  const handle = (req: Request) =>
    fetchRequestHandler({ ...hooks, endpoint: '/trpc', req, allowMethodOverride: true } as never);
  const withLateCookie = async (request: Request) => {
    const response = await handle(request);
    if (ownOf(request).cookie === 'late') response.headers.append('set-cookie', 'seen=3');
    return response;
  };
  const answer = wrapped ? cache.fetch(withLateCookie, { head: true }) : handle;
  const settle = async () => {
    while (waiting.length > 0) await Promise.allSettled(waiting.splice(0));
  };

  return {
    runs,
    data,
    removed: () => removed,
    expired: () => expired,
    async send(request) {
      const response = await (bug?.around?.(request, answer) ?? answer(request));
      const body = await response.text();
      await settle();
      const name = new URL(request.url).pathname.slice('/trpc/'.length);
      if (request.method === 'POST' && response.status < 300) {
        if (name === 'drop') removed = order++;
        if (name === 'touch') expired = order++;
      }
      return { status: response.status, headers: response.headers, body };
    },
    async invalidate() {
      await cache.invalidate('*');
      await settle();
      removed = order++;
    },
  };
}

const ownOf = (request: Request): Own => JSON.parse(request.headers.get('x-own') ?? '{}') as Own;

function userOf(request: Request, info: any): string | null {
  const cookie = /(?:^|; )user=(\w+)/.exec(request.headers.get('cookie') ?? '')?.[1];
  return cookie ?? request.headers.get('authorization')?.split(' ')[1] ?? info?.connectionParams?.token ?? null;
}

function metaOf({ form, cookie, cacheControl, cdnCacheControl, etag, status }: Own, items: unknown[]) {
  const headers: Record<string, string> = {
    'access-control-allow-origin': 'https://shop.test',
    'x-request-id': 'r1',
    vary: 'Origin',
    ...(cookie === 'meta' && { 'set-cookie': 'seen=2' }),
    ...(cacheControl !== undefined && { 'cache-control': cacheControl }),
    ...(cdnCacheControl !== undefined && { 'cdn-cache-control': cdnCacheControl }),
    ...(etag && { etag: `"own-${digest(JSON.stringify(items)).slice(0, 12)}"` }),
  };
  return { ...(status !== undefined && { status }), headers: form === 'Headers' ? new Headers(headers) : headers };
}
