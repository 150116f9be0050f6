import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink, type TRPCLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import superjson from 'superjson';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { conditionalFetch } from '../../src/client/index.ts';
import { createCache } from '../../src/index.ts';
import { counted, serveRouter } from './origin.ts';

/** A catalog with a transformer behind a socket. */
async function openCatalog() {
  const t = initTRPC.create({ transformer: superjson });
  const cache = createCache({ scope: 'public' });
  const stock = new Map([[1, 5]]);
  let runs = 0;
  const router = t.router({
    item: t.procedure
      .input(z.object({ id: z.number() }))
      .use(cache.cached('1m'))
      .query(({ input }) => {
        runs++;
        return { id: input.id, stock: stock.get(input.id) ?? 0, since: new Date(0) };
      }),
    raw: t.procedure.query(() => ({ raw: true })),
    secret: t.procedure.use(cache.cached('1m')).query((opts) => {
      cache.control(opts).noStore();
      return 'only once';
    }),
    sell: t.procedure
      .input(z.object({ id: z.number() }))
      .use(cache.invalidates(({ input }) => ({ path: 'item', input })))
      .mutation(({ input }) => void stock.set(input.id, (stock.get(input.id) ?? 0) - 1)),
  });
  const origin = await serveRouter(cache.http({ router, createContext: () => ({}) }));
  return { ...origin, router, runs: () => runs };
}

type Router = Awaited<ReturnType<typeof openCatalog>>['router'];

const links: [string, (options: { url: string; fetch: ReturnType<typeof conditionalFetch> }) => TRPCLink<Router>][] = [
  ['httpLink', (options) => httpLink({ ...options, transformer: superjson })],
  ['httpBatchLink', (options) => httpBatchLink({ ...options, transformer: superjson })],
];

describe.each(links)('a client with %s and conditionalFetch', (_, link) => {
  const open = async () => {
    const catalog = await openCatalog();
    const statuses: number[] = [];
    const seen: unknown[] = [];
    const keeping = conditionalFetch({ fetch: counted(statuses) });
    const watched: typeof keeping = Object.assign(
      async (...args: Parameters<typeof keeping>) => {
        const response = await keeping(...args);
        seen.push(response.status);
        return response;
      },
      { clear: keeping.clear },
    );
    const client = createTRPCClient<Router>({ links: [link({ url: catalog.url, fetch: watched })] });
    return { ...catalog, statuses, seen, keeping, client };
  };

  test('is answered 304 the second time, sees a 200 and gets equal data, types included', async () => {
    const { client, statuses, seen, runs } = await open();
    const first = await client.item.query({ id: 1 });
    const second = await client.item.query({ id: 1 });
    expect(first).toEqual({ id: 1, stock: 5, since: new Date(0) });
    expect(second).toStrictEqual(first);
    expect(second).not.toBe(first);
    expect([statuses, seen, runs()]).toEqual([[200, 304], [200, 200], 1]);
  });

  test('gets the new data after a mutation, and keeps that', async () => {
    const { client, statuses } = await open();
    await client.item.query({ id: 1 });
    await client.sell.mutate({ id: 1 });
    expect((await client.item.query({ id: 1 })).stock).toBe(4);
    expect((await client.item.query({ id: 1 })).stock).toBe(4);
    expect(statuses).toEqual([200, 200, 200, 304]);
  });

  test('keeps one copy for each input', async () => {
    const { client, statuses } = await open();
    for (const id of [1, 2, 1, 2]) expect((await client.item.query({ id })).id).toBe(id);
    expect(statuses).toEqual([200, 200, 304, 304]);
  });

  test('asks without a condition where there is no ETag, or after no-store', async () => {
    const { client, seen, url: _url, ...catalog } = await open();
    for (let i = 0; i < 2; i++) {
      expect(await client.raw.query()).toEqual({ raw: true });
      expect(await client.secret.query()).toBe('only once');
    }
    expect(seen).toEqual([200, 200, 200, 200]);
    expect(catalog.statuses).toEqual([200, 200, 200, 200]);
  });

  test('forgets everything on clear', async () => {
    const { client, keeping, statuses } = await open();
    await client.item.query({ id: 1 });
    keeping.clear();
    await client.item.query({ id: 1 });
    expect(statuses).toEqual([200, 200]);
  });

  test('asks twice for two equal queries at once, and both get the data', async () => {
    const { client, url, statuses } = await open();
    const other = createTRPCClient<Router>({ links: [link({ url, fetch: conditionalFetch() })] });
    const all = await Promise.all([1, 2, 3].map(() => client.item.query({ id: 1 })));
    expect(new Set(all.map(({ stock }) => stock))).toEqual(new Set([5]));
    const before = statuses.length;
    const again = await Promise.all([client, client, other].map((one) => one.item.query({ id: 1 })));
    expect(again).toEqual([all[0], all[0], all[0]]);
    // A batch of two is another URL than one of three.
    expect(statuses.slice(before).every((status) => status === 304 || status === 200)).toBe(true);
  });
});

test('a streamed batch passes through as it comes', async () => {
  const { url } = await openCatalog();
  let response: Response | undefined;
  const sending = conditionalFetch({ fetch: async (...args) => (response = await fetch(...args)) });
  let given: Response | undefined;
  const keeping = Object.assign(async (...args: Parameters<typeof sending>) => (given = await sending(...args)), {
    clear: sending.clear,
  });
  const client = createTRPCClient<Router>({
    links: [httpBatchStreamLink({ url, fetch: keeping, transformer: superjson })],
  });
  const asked = await Promise.all([client.item.query({ id: 1 }), client.raw.query()]);
  expect(asked).toEqual([{ id: 1, stock: 5, since: new Date(0) }, { raw: true }]);
  expect(given).toBe(response);
});
