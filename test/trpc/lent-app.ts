import { type AnyTRPCRouter, initTRPC } from '@trpc/server';
import { type FetchHandlerRequestOptions, fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { createCache, memoryStore, type Store } from 'trpc-cached';
import type { Entry } from '../../src/entry.ts';
import { readEntry, writeEntry } from '../../src/frame.ts';

/** A store of texts, as remote ones are: what is read was never seen by this process. A map that is given holds the texts. */
export function textStore(texts = new Map<string, string>()): Store {
  const memory = memoryStore();
  return {
    ...memory,
    name: 'texts',
    supports: { local: false },
    async fill(request) {
      texts.set(request.entry.key, writeEntry(request.entry));
      return memory.fill(request);
    },
    async lookup(request) {
      const answer = await memory.lookup(request);
      return { ...answer, entry: answer.entry && (readEntry(texts.get(answer.entry.key)) as Entry) };
    },
  };
}

export const rows = () => [
  { id: 1, at: new Date(0), secret: 's1' },
  { id: 2, at: new Date(1), secret: 's2' },
];

/** What tRPC's fetch adapter makes of such options. */
export const handlerOf =
  <Router extends AnyTRPCRouter>(options: Omit<FetchHandlerRequestOptions<Router>, 'endpoint' | 'req'>) =>
  (req: Request): Promise<Response> =>
    fetchRequestHandler<Router>({ endpoint: '/trpc', req, ...options } as FetchHandlerRequestOptions<Router>);

/** What a middleware gets of those inside it. */
export type Result = { ok: boolean; data: any; ctx: unknown; marker: unknown };

/** A query behind a middleware that changes results, uncached and cached, over HTTP and through the wrapper. */
export function app(
  output: () => any,
  change: (result: Result) => unknown,
  store: Store | undefined,
  transformed: boolean,
) {
  const t = transformed ? initTRPC.create({ transformer: superjson }) : initTRPC.create();
  const cache = createCache({ scope: 'public', namespace: 'lent', ...(store && { store }) });
  const make = (cached: boolean) => {
    const outer = t.procedure.use(async ({ next }) => change((await next()) as unknown as Result) as never);
    const built = cached ? outer.use(cache.cached('1h')) : outer;
    return t.router({ q: built.query(output) });
  };
  const send = (handler: (req: Request) => Promise<Response>, headers = {}) =>
    handler(new Request('http://localhost/trpc/q', { headers }));
  const http = handlerOf(cache.http({ router: make(true) }));
  return { send, handlers: { bare: handlerOf({ router: make(false) }), http, wrapped: cache.fetch(http) } };
}
