import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { createCache, memoryStore, type Store } from 'trpc-cached';
import { z } from 'zod';

/** What a site of a benchmark is made of. */
export interface SiteOptions {
  /** What its procedures answer with, at once and without any work. */
  readonly value: unknown;
  /** @default superjson */
  readonly transformer?: 'superjson' | 'none';
  /** @default memoryStore() */
  readonly store?: Store;
  readonly share?: 'copy' | 'frozen';
}

/** What callers of a site call. Those with `cached` in their names are the same procedures behind the cache. */
export interface Caller {
  plain(): Promise<unknown>;
  cached(): Promise<unknown>;
  plainById(input: { id: number }): Promise<unknown>;
  cachedById(input: { id: number }): Promise<unknown>;
  plainBehindAuth(): Promise<unknown>;
  cachedBehindAuth(): Promise<unknown>;
}

export type Path = keyof Caller;

const patient = { read: '30s', write: '30s' } as const;
let namespaces = 0;

/** A router with each procedure twice, with the cache and without, and the ways to call them. */
export function siteOf({ value, transformer = 'superjson', store = memoryStore(), share = 'copy' }: SiteOptions) {
  // Cast, or every procedure had the types of both.
  const t = initTRPC.create(transformer === 'superjson' ? { transformer: superjson } : {}) as ReturnType<
    typeof initTRPC.create
  >;
  const namespace = `bench-${process.pid}-${namespaces++}`;
  const cache = createCache({ scope: 'public', store, namespace, timeouts: patient, defaults: { share, ttl: '1h' } });
  let runs = 0;
  const run = () => {
    runs += 1;
    return value;
  };
  const byId = t.procedure.input(z.object({ id: z.number() }));
  const behindAuth = t.procedure.use(({ next }) => next({ ctx: { user: { id: 'ann' } } }));
  const router = cache.register(
    t.router({
      plain: t.procedure.query(() => value),
      cached: t.procedure.use(cache.cached()).query(run),
      plainById: byId.query(() => value),
      cachedById: byId.use(cache.cached()).query(run),
      plainBehindAuth: behindAuth.query(() => value),
      cachedBehindAuth: behindAuth.use(cache.cached({ scope: ({ ctx }) => ctx.user.id })).query(run),
    }),
  );
  const options = cache.http({ router, createContext: () => ({}) });
  const handler = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
  return {
    cache,
    router,
    options,
    caller: router.createCaller({}) as unknown as Caller,
    handler,
    /** The same with the fetch wrapper around it. */
    wrapped: cache.fetch(handler),
    /** How often a procedure behind the cache ran. */
    runs: () => runs,
  };
}

export type Site = ReturnType<typeof siteOf>;

export type Handler = (request: Request) => Response | Promise<Response>;

/** A request for a path, made anew each time as a server does. */
export const requestFor = (path: string, etag?: string): Request =>
  new Request(
    `http://bench.test/trpc/${path}`,
    etag === undefined ? undefined : { headers: { 'if-none-match': etag } },
  );

/** Sends a request and reads the body, whatever it is. */
export const exchange = async (handler: Handler, path: string, etag?: string): Promise<ArrayBuffer> =>
  (await handler(requestFor(path, etag))).arrayBuffer();

/** Throws unless a path is answered from the cache: figures of a hit that is none would be wrong. */
export async function etagOfHit(handler: Handler, path: string): Promise<string> {
  await exchange(handler, path);
  const response = await handler(requestFor(path));
  await response.arrayBuffer();
  const etag = response.headers.get('etag');
  const status = response.headers.get('x-cache');
  if (etag === null || !/^HIT(, HIT)*$/.test(status ?? ''))
    throw new Error(`${path}: expected a hit with a tag, received x-cache ${status} and etag ${etag}`);
  const again = await handler(requestFor(path, etag));
  if (again.status !== 304) throw new Error(`${path}: expected a 304, received ${again.status}`);
  return etag;
}

/** Throws unless the procedures behind the cache ran so often: every other call was a hit. */
export function expectRuns(site: Pick<Site, 'runs'>, expected: number): void {
  if (site.runs() !== expected)
    throw new Error(
      `expected ${expected} runs behind the cache, and there were ${site.runs()}: not all calls were hits`,
    );
}
