import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { z } from 'zod';
import { createCache, type FetchOptions } from '../../src/index.ts';
import { faultyStore } from '../support/stores.ts';

// Made in the test: the clock of the tests has a Date of its own.
const rowsOf = () => [
  { id: 1, at: new Date(0), tags: new Set(['a', '"quoted"\n']) },
  { id: 2, text: '\u2028 trpc-cached:1:0' },
];

/** The same API with the wrapper around it and without. */
export const open = (
  {
    options = {},
    around = (handle: (req: Request) => Promise<Response>) => handle,
    transformer = superjson as typeof superjson | undefined,
    remote = false,
  } = {} as {
    options?: FetchOptions;
    around?: (handle: (req: Request) => Promise<Response>) => (req: Request) => Promise<Response>;
    transformer?: typeof superjson | undefined;
    remote?: boolean;
  },
) => {
  const t = initTRPC.create({ isDev: false, ...(transformer && { transformer }) });
  const cache = createCache({
    scope: 'public',
    ...(remote && { store: faultyStore().store, namespace: 'test' }),
  });
  let runs = 0;
  const cached = cache.cached({ ttl: '1m', http: { browser: '1m', cdn: '1m' } });
  const router = t.router({
    rows: t.procedure.use(cached).query(() => {
      runs += 1;
      return transformer ? rowsOf() : JSON.parse(JSON.stringify(rowsOf()));
    }),
    byId: t.procedure
      .input(z.object({ id: z.number() }))
      .use(cached)
      .query(({ input }) => input),
    nothing: t.procedure.use(cached).query(() => undefined),
    no: t.procedure.use(cached).query(() => null),
    raw: t.procedure.query(() => 'raw'),
    fails: t.procedure.use(cached).query(() => {
      throw new Error('no');
    }),
    write: t.procedure.use(cache.invalidates('rows')).mutation(() => 'written'),
  });
  const served = cache.http({ router });
  const plain = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...served });
  const wrapped = cache.fetch(around(plain), options);
  const request = (path: string, init?: RequestInit) => new Request(`http://shop.test/trpc/${path}`, init);
  return {
    cache,
    runs: () => runs,
    wrapped: (path: string, init?: RequestInit) => wrapped(request(path, init)),
    plain: (path: string, init?: RequestInit) => plain(request(path, init)),
    handler: wrapped,
  };
};
