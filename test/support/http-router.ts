import type { IncomingMessage, ServerResponse } from 'node:http';
import { initTRPC, TRPCError } from '@trpc/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import superjson from 'superjson';
import { z } from 'zod';
import { type CachedOptions, type CreateCacheOptions, createCache } from '../../src/index.ts';
import type { LambdaEvent } from './http-lambda.ts';

/** What adapters give to `createContext`, as far as tests read it. */
export interface ContextOpts {
  req?: Request | IncomingMessage | FastifyRequest;
  /** AWS Lambda's, in place of `req`. */
  event?: LambdaEvent;
  res?: ServerResponse | FastifyReply;
  resHeaders?: Headers;
}

/** The user of a request, and the response headers as its adapter offers them. */
export interface Context {
  user: string | null;
  language: string;
  res: ServerResponse | FastifyReply | undefined;
  resHeaders: Headers | undefined;
}

/** The headers of a request, whatever the adapter. */
export const requestHeaders = ({ req, event }: Pick<ContextOpts, 'req' | 'event'>): Headers =>
  new Headers(((req ?? event)?.headers ?? {}) as Record<string, string>);

/** A context whose user is what the request says in `x-user`. */
export function createContext(opts: ContextOpts): Context {
  const headers = requestHeaders(opts);
  const { res, resHeaders } = opts;
  return { user: headers.get('x-user'), language: headers.get('accept-language') ?? 'en', res, resHeaders };
}

/** How a shop differs from the usual one. */
export interface ShopOptions extends Omit<CreateCacheOptions<Context>, 'scope'> {
  /** `false` gives the same router as plain tRPC serves it: no middleware of the library is in it. */
  readonly library?: boolean;
  /** Whether the router has superjson as transformer. */
  readonly typed?: boolean;
}

/** Queries whose answers have a window behind their lifetime, or are fixed. */
const aging = ['swr', 'tide', 'ebb', 'sie', 'fixed'];

const minute = { browser: '1m', cdn: '1m' } as const;
const fiveMinutes = { browser: '5m', cdn: '5m' } as const;

/**
 * The router of http-cases section 5. `data` is what the queries answer, one member each, which may be a promise; `runs` counts
 * how often each resolver ran.
 */
export function createShop({ library = true, typed = false, ...options }: ShopOptions = {}) {
  const t = initTRPC.context<Context>().create({ isDev: false, ...(typed && { transformer: superjson }) });
  const cache = createCache<Context>({ scope: ({ ctx }) => ctx.user, ...options });
  const skip = () => (opts: { next: () => unknown }) => opts.next();
  const cached = library ? cache.cached : (skip as unknown as typeof cache.cached);
  const invalidates = library ? cache.invalidates : (skip as unknown as typeof cache.invalidates);

  const runs: Record<string, number> = {};
  const data: Record<string, unknown> = {};
  for (const name of ['def', 'pub', 'long', 'cdn', 'lang', 'auth', 'raw', 'bare', 'fleeting', 'first', ...aging])
    data[name] = { name, stock: 1 };
  const count = (name: string) => {
    runs[name] = (runs[name] ?? 0) + 1;
  };
  const resolve = (name: string) => async () => {
    count(name);
    return await data[name];
  };
  /** Fails while its data is an error. */
  const resolveOrFail = (name: string) => async () => {
    const value = await resolve(name)();
    if (value instanceof Error) throw value;
    return value;
  };
  const fail = (name: string, error: Error) => () => {
    count(name);
    throw error;
  };
  const signedIn = t.procedure.use(({ ctx, next }) => {
    if (ctx.user === null) throw new TRPCError({ code: 'UNAUTHORIZED' });
    return next();
  });
  const open = t.procedure;
  const pub = cached({ ttl: '1m', scope: 'public', http: minute });
  const window = (http: CachedOptions<any, any>['http']) =>
    cached({ ttl: '1m', staleWhileRevalidate: '30s', scope: 'public', http: http as never });

  const router = t.router({
    def: open.use(cached('1m')).query(resolve('def')),
    pub: open.use(pub).query(resolve('pub')),
    long: open.use(cached({ ttl: '5m', scope: 'public', http: fiveMinutes })).query(resolve('long')),
    cdn: open.use(cached({ ttl: '5m', scope: 'public', http: { cdn: '5m' } })).query(resolveOrFail('cdn')),
    swr: open.use(window({ ...minute, staleWhileRevalidate: '30s' })).query(resolve('swr')),
    tide: open.use(window({ cdn: '1m', staleWhileRevalidate: '30s' })).query(resolve('tide')),
    ebb: open.use(window({ browser: '1m', cdn: '30s', staleWhileRevalidate: '30s' })).query(resolve('ebb')),
    sie: open
      .use(cached({ ttl: '1m', staleIfError: '30s', scope: 'public', http: minute }))
      .query(resolveOrFail('sie')),
    fixed: open
      .use(cached({ ttl: '1m', scope: 'public', http: { browser: '1m', immutable: true } }))
      .query(resolve('fixed')),
    lang: open.use(cached({ ttl: '1m', scope: 'public', http: minute, vary: ['Accept-Language'] })).query(({ ctx }) => {
      count('lang');
      return { language: ctx.language };
    }),
    priv: open.use(cached({ ttl: '1m', http: { browser: '1m' } })).query(({ ctx }) => {
      count('priv');
      return { user: ctx.user };
    }),
    auth: signedIn.use(pub).query(resolve('auth')),
    fleeting: open.use(pub).query((opts) => {
      cache.control(opts).noStore();
      return resolve('fleeting')();
    }),
    bare: open.use(cached({ ttl: '1m', http: false })).query(resolve('bare')),
    raw: open.query(resolve('raw')),
    err: open.use(pub).query(fail('err', new TRPCError({ code: 'NOT_FOUND', message: 'no such thing' }))),
    bug: open.use(pub).query(fail('bug', new Error('the database is gone'))),
    byId: open
      .input(z.object({ id: z.number() }))
      .use(pub)
      .query(({ input }) => {
        count('byId');
        return { id: input.id };
      }),
    m: open.use(invalidates('*')).mutation(resolve('m')),
    sub: open.subscription(async function* () {
      yield await data.first;
      yield await data.second;
    }),
  });
  return { cache, router, runs, data, library };
}

export type Shop = ReturnType<typeof createShop>;
