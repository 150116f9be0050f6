import type { AddressInfo } from 'node:net';
import superjson from 'superjson';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { Parts } from './parts.ts';

/** What the library takes for granted of tRPC beside its documented interface, and what rests on that. */
export function testWhatItLeansOn({ server, fetch: adapter, standalone, library, response }: Parts): void {
  const { initTRPC, TRPCError } = server;
  const { fetchRequestHandler } = adapter;
  const { createHTTPServer } = standalone;
  const { createCache } = library;

  async function openShop() {
    const serialize = vi.fn(superjson.serialize);
    const t = initTRPC.context<{ user: string }>().create({
      transformer: { serialize, deserialize: superjson.deserialize },
      isDev: false,
    });
    const cache = createCache({ scope: 'public' });
    let stock = 1;
    const runs: number[] = [];
    const items = t.procedure
      .use(({ ctx, next }) => next({ ctx: { ...ctx, more: true } }))
      .input(z.object({ id: z.coerce.number() }))
      .use(cache.cached({ ttl: '1m', http: { browser: '1m', cdn: '1m' } }));
    const router = t.router({
      item: items.query(({ input }) => {
        runs.push(input.id);
        return { ...input, stock, at: new Date(0) };
      }),
      gone: items.query(() => {
        throw new TRPCError({ code: 'NOT_FOUND', message: 'no such item' });
      }),
      sell: t.procedure
        .input(z.object({ id: z.coerce.number() }))
        .use(cache.invalidates(({ input }) => ({ path: 'item', input })))
        .mutation(() => {
          stock++;
        }),
    });
    const send = async (path: string, input: unknown, init?: RequestInit) => {
      const query =
        init?.method === 'POST'
          ? ''
          : `${path.includes('?') ? '&' : '?'}input=${encodeURIComponent(JSON.stringify(input))}`;
      const req = new Request(`http://shop.test/${path}${query}`, init);
      const response = await fetchRequestHandler({
        endpoint: '/',
        req,
        ...cache.http({ router, createContext: () => ({ user: 'a' }) }),
      });
      const { status, headers } = response;
      return { status, headers, etag: headers.get('etag'), body: await response.text() };
    };
    const get = (path: string, input: unknown, held?: string | null) =>
      send(path, input, { headers: held ? { 'if-none-match': held } : {} });
    return { cache, router, runs, serialize, send, get };
  }

  const one = superjson.serialize({ id: 1 });
  const two = superjson.serialize({ id: '2' });

  test('a query is missed, hit, and 304 for who holds the answer', async () => {
    const { get, runs, serialize } = await openShop();
    const miss = await get('item', one);
    expect([miss.status, miss.headers.get('x-cache')]).toEqual([200, 'MISS']);
    expect(miss.headers.get('cache-control')).toBe('public, max-age=60');
    expect(superjson.deserialize(JSON.parse(miss.body).result.data)).toEqual({ id: 1, stock: 1, at: new Date(0) });
    serialize.mockClear();
    const hit = await get('item', one, '"other"');
    expect([hit.status, hit.headers.get('x-cache'), hit.etag]).toEqual([200, 'HIT', miss.etag]);
    expect(hit.body).toBe(miss.body);
    const held = await get('item', one, miss.etag);
    expect([held.status, held.body, held.etag]).toEqual([304, '', miss.etag]);
    expect(held.headers.get('vary')).toBe(miss.headers.get('vary'));
    expect(serialize).not.toHaveBeenCalled();
    expect(runs).toEqual([1]);
  });

  test('a batch is missed, hit, and 304 for who holds it', async () => {
    const { get, runs, serialize } = await openShop();
    const path = 'item,item?batch=1';
    const miss = await get(path, { 0: one, 1: two });
    expect(JSON.parse(miss.body)).toHaveLength(2);
    serialize.mockClear();
    const hit = await get(path, { 0: one, 1: two }, '"other"');
    expect([hit.status, hit.headers.get('x-cache'), hit.etag]).toEqual([200, 'HIT, HIT', miss.etag]);
    expect(hit.body).toBe(miss.body);
    const held = await get(path, { 0: one, 1: two }, miss.etag);
    expect([held.status, held.body, held.etag]).toEqual([304, '', miss.etag]);
    expect(serialize).not.toHaveBeenCalled();
    expect(runs.toSorted()).toEqual([1, 2]);
  });

  test('a failure is answered in full and stored by nobody, alone and in a batch', async () => {
    const { get } = await openShop();
    const alone = await get('gone', one, '*');
    const batch = await get('item,gone?batch=1', { 0: one, 1: one }, '*');
    expect([alone.status, batch.status]).toEqual([404, 207]);
    for (const { body, etag, headers } of [alone, batch]) {
      expect(body).toContain('no such item');
      expect(etag).toBeNull();
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  test('a mutation makes the answer for its input unusable, and the old tag with it', async () => {
    const { get, send, runs } = await openShop();
    const old = await get('item', one);
    await get('item', two);
    const headers = { 'content-type': 'application/json' };
    const sold = await send('sell', undefined, {
      method: 'POST',
      headers,
      body: JSON.stringify(superjson.serialize({ id: '1' })),
    });
    expect(sold.status).toBe(200);
    const fresh = await get('item', one, old.etag);
    expect(fresh.status).toBe(200);
    expect(superjson.deserialize(JSON.parse(fresh.body).result.data)).toMatchObject({ id: 1, stock: 2 });
    expect((await get('item', two)).headers.get('x-cache')).toBe('HIT');
    expect(runs).toEqual([1, 2, 1]);
  });

  test('the tricks on a response about to be serialized work', async () => {
    expect(response.probe()).toBe(true);
  });

  test('createContext and responseMeta see one info, whose getRawInput is that of the middlewares', async () => {
    const t = initTRPC.create();
    const seen: unknown[] = [];
    const raw: unknown[] = [];
    const procedure = t.procedure
      .use(({ next }) => next({ ctx: { other: true } }))
      .input(z.unknown())
      .use((opts) => {
        seen.push((opts as { getRawInput?: unknown }).getRawInput);
        return opts.next();
      });
    const router = t.router({
      query: procedure.query((opts) => {
        raw.push((opts as { getRawInput?: unknown }).getRawInput);
        return opts.input;
      }),
    });
    const infos: any[] = [];
    const input = encodeURIComponent(JSON.stringify({ 0: { a: 1 }, 1: 'text' }));
    await fetchRequestHandler({
      endpoint: '/',
      req: new Request(`http://shop.test/query,query,query?batch=1&input=${input}`),
      router,
      createContext: ({ info }) => {
        infos.push(info);
        return {};
      },
      responseMeta: ({ info }) => {
        infos.push(info);
        return {};
      },
    });
    expect(infos).toHaveLength(2);
    expect(infos[0]).toBe(infos[1]);
    const calls = infos[0].calls.map((call: { getRawInput: unknown }) => call.getRawInput);
    expect(new Set(calls).size).toBe(3);
    expect(seen).toEqual(calls);
    expect(raw).toEqual(calls);
  });

  test('a procedure keeps its links in order, parsers with their type, the resolver last, and runs what stands there', async () => {
    const t = initTRPC.create();
    const own = vi.fn(({ next }) => next());
    const { first } = t.router({
      first: t.procedure
        .input(z.string())
        .use(own)
        .output(z.string())
        .query(({ input }) => input),
    })._def.procedures;
    const { middlewares } = first._def as unknown as { middlewares: (((opts: any) => unknown) & { _type?: string })[] };
    expect(middlewares.map(({ _type }) => _type)).toEqual(['input', undefined, 'output', undefined]);
    expect(middlewares[1]).toBe(own);
    const replaced = vi.fn(({ next }) => next());
    middlewares[1] = replaced;
    const call = { path: 'first', type: 'query', ctx: {}, input: 'a', getRawInput: async () => 'a', signal: undefined };
    expect(await (first as unknown as (opts: object) => Promise<unknown>)(call)).toBe('a');
    expect([own.mock.calls.length, replaced.mock.calls.length]).toEqual([0, 1]);
  });

  test('a query behind a stale answer runs to its end, though the connection of its request is closed', async () => {
    const t = initTRPC.create();
    const cache = createCache({ scope: 'public' });
    const signals: (AbortSignal | undefined)[] = [];
    let open = () => {};
    const closed = new Promise<void>((resolve) => (open = resolve));
    const router = t.router({
      news: t.procedure
        .use(({ next }) => next({ ctx: { before: 'here' } }))
        .use(cache.cached({ ttl: '1m', staleWhileRevalidate: '1h' }))
        .input(z.object({ id: z.number().default(7) }).default({ id: 7 }))
        .query(async ({ ctx, input, signal }) => {
          signals.push(signal);
          if (signals.length === 2) await closed;
          signal?.throwIfAborted();
          return { ...ctx, ...input, run: signals.length };
        }),
    });
    const filled = new Promise<void>((resolve) => {
      let fills = 0;
      cache.on('fill', () => void (++fills === 2 && resolve()));
    });
    const listening = createHTTPServer(cache.http({ router })).listen(0, '127.0.0.1');
    const node = (listening ?? undefined) as unknown as import('node:http').Server;
    await new Promise((resolve) => node.once('listening', resolve));
    const url = `http://127.0.0.1:${(node.address() as AddressInfo).port}/news`;
    const get = async () => {
      const response = await globalThis.fetch(url, { headers: { connection: 'close' } });
      return [response.headers.get('x-cache'), (await response.json()) as unknown];
    };
    const answer = (run: number) => ({ result: { data: { before: 'here', id: 7, run } } });
    try {
      expect(await get()).toEqual(['MISS', answer(1)]);
      vi.setSystemTime(Date.now() + 75_000);
      expect(await get()).toEqual(['STALE', answer(1)]);
      await expect.poll(() => new Promise((resolve) => node.getConnections((_, count) => resolve(count)))).toBe(0);
      open();
      await filled;
      expect(signals[1]?.aborted).toBe(false);
      expect(await get()).toEqual(['HIT', answer(2)]);
    } finally {
      node.close();
    }
  });
}
