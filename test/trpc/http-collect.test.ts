import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import superjson from 'superjson';
import { describe, expect, test, vi } from 'vitest';
import { type Context, cacheOf, contextOf, deferred, errorOf, listen } from '../support/app.ts';
import { standalone } from '../support/http-adapters.ts';
import { all, pair } from '../support/streams.ts';

describe('a collected stream over a socket', () => {
  const typed = initTRPC.context<Context>().create({ transformer: superjson });

  const serve = async (make: (opts: any, run: number) => AsyncIterable<any>) => {
    const cache = cacheOf();
    let runs = 0;
    const router = typed.router({
      list: typed.procedure
        .use(cache.cached({ ttl: '1m', collect: {} }))
        .query((opts): AsyncIterable<any> => make(opts, ++runs)),
    });
    const served = await standalone.serve(cache.http({ router, createContext: contextOf }));
    const links = { httpBatchStreamLink, httpBatchLink, httpLink };
    const client = (link: keyof typeof links) =>
      createTRPCClient<typeof router>({ links: [links[link]({ url: served.url, transformer: superjson })] });
    return { ...served, client, runs: () => runs, skipped: listen(cache, 'skip'), hits: listen(cache, 'hit') };
  };

  test('comes item by item on a miss, before the next one is made, and again on a hit', async () => {
    const gate = deferred();
    const { client, runs, hits } = await serve(async function* () {
      yield { at: new Date(0) };
      await gate.promise;
      yield { at: new Date(1) };
      return 'end';
    });
    const read = async () => (await client('httpBatchStreamLink').list.query())[Symbol.asyncIterator]();
    const missed = await read();
    expect((await missed.next()).value).toEqual({ at: new Date(0) });
    gate.resolve();
    expect((await missed.next()).value).toEqual({ at: new Date(1) });
    expect(await missed.next()).toEqual({ done: true, value: 'end' });
    const hit = await read();
    expect([await hit.next(), await hit.next(), await hit.next()]).toEqual([
      { done: false, value: { at: new Date(0) } },
      { done: false, value: { at: new Date(1) } },
      { done: true, value: 'end' },
    ]);
    expect([runs(), hits.length]).toEqual([1, 1]);
  });

  test('promises nothing in its headers, and has the same body on a hit', async () => {
    const { fetch, url, runs } = await serve(pair);
    const bodies: string[] = [];
    for (let times = 0; times < 2; times++) {
      const response = await fetch(`${url}/list?batch=1`, { headers: { 'trpc-accept': 'application/jsonl' } });
      bodies.push(await response.text());
      for (const name of ['etag', 'x-cache', 'cache-control', 'age'])
        expect(response.headers.get(name), name).toBeNull();
    }
    expect([bodies[0], runs()]).toEqual([bodies[1], 1]);
  });

  test('is not stored when its client goes away in the middle', async () => {
    const closed: number[] = [];
    const { client, runs, skipped } = await serve(async function* (_, run) {
      try {
        for (let item = 1; run < 3 || item < 3; item++) {
          yield item;
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        closed.push(run);
      }
    });
    for (let times = 1; times <= 2; times++) {
      const control = new AbortController();
      const stream = await client('httpBatchStreamLink').list.query(undefined, { signal: control.signal });
      await errorOf(async () => {
        for await (const item of stream) if (item === 2) control.abort();
        throw new Error('ended');
      });
      await vi.waitFor(() => expect(closed).toHaveLength(times));
    }
    expect(await all(await client('httpBatchStreamLink').list.query())).toEqual([1, 2]);
    expect([runs(), new Set(skipped.map(({ reason }) => reason))]).toEqual([3, new Set(['unfinished'])]);
  });

  test.each(['httpLink', 'httpBatchLink'] as const)(
    'is refused by tRPC over %s, on a hit as on a miss, and nothing is said of the cache',
    async (link) => {
      const { client, fetch, url, runs, hits } = await serve(pair);
      const path = link === 'httpLink' ? `${url}/list` : `${url}/list?batch=1`;
      const ask = async () => {
        const response = await fetch(path);
        const { status, headers } = response;
        const told = ['etag', 'x-cache', 'cache-status', 'cache-control'].map((name) => headers.get(name));
        return { status, told, code: /"httpStatus":(\d+)/.exec(await response.text())?.[1] };
      };
      const missed = await ask();
      expect(missed).toEqual({ status: 415, told: [null, null, null, 'no-store'], code: '415' });
      expect(await errorOf(() => client(link).list.query())).toMatchObject({
        data: { code: 'UNSUPPORTED_MEDIA_TYPE' },
      });
      expect([runs(), hits.length]).toEqual([2, 0]);
      await all(await client('httpBatchStreamLink').list.query());
      expect(await ask()).toEqual(missed);
      expect([runs(), hits.length]).toEqual([3, 1]);
    },
  );
});
