import {
  createTRPCClient,
  createWSClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  type TRPCLink,
  wsLink,
} from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import superjson from 'superjson';
import { createCache } from 'trpc-cached';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { adapters, type Served } from '../support/http-adapters.ts';

/** A router with a transformer, as most have one. */
function createCatalog() {
  const t = initTRPC.create({ transformer: superjson });
  const cache = createCache({ scope: 'public' });
  const hits: string[] = [];
  cache.on('hit', ({ path }) => hits.push(path));
  const runs: number[] = [];
  const router = t.router({
    item: t.procedure
      .input(z.object({ id: z.number(), since: z.date().optional() }))
      .use(cache.cached({ ttl: '1m', http: { browser: '1m' } }))
      .query(({ input }) => {
        runs.push(input.id);
        return { ...input, at: new Date(input.id), sold: new Map([['today', BigInt(input.id)]]), none: undefined };
      }),
    nothing: t.procedure.use(cache.cached('1m')).query(() => undefined),
    rename: t.procedure.use(cache.invalidates('item')).mutation(() => 'renamed'),
  });
  return { cache, router, hits, runs };
}

type Router = ReturnType<typeof createCatalog>['router'];

const links: [string, (served: Served) => TRPCLink<Router>][] = [
  ['httpLink', ({ url, fetch }) => httpLink({ url, fetch: fetch as never, transformer: superjson })],
  [
    'httpLink by POST',
    ({ url, fetch }) => httpLink({ url, fetch: fetch as never, transformer: superjson, methodOverride: 'POST' }),
  ],
  ['httpBatchLink', ({ url, fetch }) => httpBatchLink({ url, fetch: fetch as never, transformer: superjson })],
  [
    'httpBatchStreamLink',
    ({ url, fetch }) => httpBatchStreamLink({ url, fetch: fetch as never, transformer: superjson }),
  ],
];

const item = (id: number) => ({ id, at: new Date(id), sold: new Map([['today', BigInt(id)]]), none: undefined });

/** Asks twice for the same things and in between once for others; what a client gets may not depend on the cache. */
async function expectEqualAnswers(
  client: ReturnType<typeof createTRPCClient<Router>>,
  { hits, runs }: ReturnType<typeof createCatalog>,
) {
  const ask = () => Promise.all([1, 2, 1].map((id) => client.item.query({ id })));
  const [missed, hit] = [await ask(), await ask()];
  expect(missed).toEqual([item(1), item(2), item(1)]);
  expect(hit).toStrictEqual(missed);
  const since = new Date(5);
  expect(await client.item.query({ id: 3, since })).toEqual({ ...item(3), since });
  expect([await client.nothing.query(), await client.nothing.query()]).toEqual([undefined, undefined]);
  expect(runs.toSorted()).toEqual([1, 2, 3]);
  expect(hits).toContain('item');
  expect(await client.rename.mutate()).toBe('renamed');
  expect(await client.item.query({ id: 1 })).toEqual(item(1));
  expect(runs.toSorted()).toEqual([1, 1, 2, 3]);
}

describe.each(adapters)('the clients of tRPC over $name', (adapter) => {
  test.each(links)('%s gets equal data from a miss and from a hit', async (_, link) => {
    const catalog = createCatalog();
    const { router, cache } = catalog;
    const served = await adapter.serve(cache.http({ router, createContext: () => ({}), allowMethodOverride: true }));
    await expectEqualAnswers(createTRPCClient<Router>({ links: [link(served)] }), catalog);
  });
});

describe('WebSocket', () => {
  /** Serves a catalog over WebSocket with the given options of the adapter. */
  async function open(options: (catalog: ReturnType<typeof createCatalog>) => object) {
    const catalog = createCatalog();
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    applyWSSHandler({ wss: server, router: catalog.router, ...options(catalog) });
    const { port } = server.address() as { port: number };
    const ws = createWSClient({ url: `ws://127.0.0.1:${port}`, WebSocket: WebSocket as never });
    onTestFinished(async () => {
      await ws.close();
      server.close();
    });
    return { catalog, client: createTRPCClient<Router>({ links: [wsLink({ client: ws, transformer: superjson })] }) };
  }

  test('a registered router is cached', async () => {
    const { client, catalog } = await open(({ cache, router }) => ({ router: cache.register(router) }));
    await expectEqualAnswers(client, catalog);
  });

  test('the options of cache.http are cached just so', async () => {
    const { client, catalog } = await open(({ cache, router }) => cache.http({ router, createContext: () => ({}) }));
    await expectEqualAnswers(client, catalog);
  });

  test('what HTTP alone has does no harm: no headers to vary by, nowhere to set a cookie, no status', async () => {
    const t = initTRPC.context<{ user: string }>().create();
    const cache = createCache<{ user: string }>({
      scope: ({ ctx }) => ctx.user,
      http: { readYourWrites: '10s' },
    });
    const bypasses: unknown[] = [];
    cache.on('bypass', ({ path, reason }) => bypasses.push({ path, reason }));
    let runs = 0;
    const router = t.router({
      mine: t.procedure.use(cache.cached('1m')).query(({ ctx }) => ({ user: ctx.user, run: ++runs })),
      varied: t.procedure.use(cache.cached({ ttl: '1m', vary: ['Accept-Language'] })).query(() => ++runs),
      failing: t.procedure.use(cache.cached('1m')).query(() => {
        throw new Error('the database is gone');
      }),
      rename: t.procedure.use(cache.invalidates('mine')).mutation(() => 'renamed'),
      ticks: t.procedure.subscription(async function* () {
        yield 1;
        yield 2;
      }),
    });
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise((resolve) => server.once('listening', resolve));
    const createContext = ({ req }: { req: { url?: string | undefined } }) => ({ user: (req.url ?? '').slice(2, 5) });
    applyWSSHandler({ wss: server, ...cache.http({ router, createContext }) });
    const { port } = server.address() as { port: number };
    const connect = (user: string) => {
      const ws = createWSClient({ url: `ws://127.0.0.1:${port}/?${user}`, WebSocket: WebSocket as never });
      onTestFinished(() => ws.close());
      return createTRPCClient<typeof router>({ links: [wsLink({ client: ws })] });
    };
    onTestFinished(() => void server.close());
    const [ann, bob] = [connect('ann'), connect('bob')];
    for (let round = 0; round < 2; round++) {
      expect(await ann.mine.query()).toEqual({ user: 'ann', run: 1 });
      expect(await bob.mine.query()).toEqual({ user: 'bob', run: 2 });
    }
    expect([await ann.varied.query(), await ann.varied.query()]).toEqual([3, 4]);
    expect(bypasses).toEqual([1, 2].map(() => ({ path: 'varied', reason: 'vary' })));
    await expect(ann.failing.query()).rejects.toThrow('the database is gone');
    expect(await ann.rename.mutate()).toBe('renamed');
    expect(await ann.mine.query()).toEqual({ user: 'ann', run: 5 });
    const seen = await new Promise<unknown[]>((resolve, reject) => {
      const ticks: unknown[] = [];
      ann.ticks.subscribe(undefined, {
        onData: (tick) => ticks.push(tick),
        onComplete: () => resolve(ticks),
        onError: reject,
      });
    });
    expect(seen).toEqual([1, 2]);
  });
});
