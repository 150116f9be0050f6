import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { createCache } from 'trpc-cached';
import { describe, expect, test } from 'vitest';

/** A router of one cached query, with a transformer that counts. */
function counted() {
  const counts = { serialize: 0, deserialize: 0 };
  const transformer = {
    serialize: (value: unknown) => {
      counts.serialize += 1;
      return superjson.serialize(value);
    },
    deserialize: (value: never) => {
      counts.deserialize += 1;
      return superjson.deserialize(value);
    },
  };
  const t = initTRPC.create({ transformer });
  const cache = createCache({ scope: 'public' });
  const router = cache.register(
    t.router({ rows: t.procedure.use(cache.cached('1h')).query(() => [{ at: new Date(0) }]) }),
  );
  return { counts, cache, router };
}

describe('what a hit costs on the memory store', () => {
  test('however often an entry is read by callers, its text is decoded once', async () => {
    const { counts, router } = counted();
    const caller = router.createCaller({});
    await caller.rows();
    const { serialize, deserialize } = counts; // of a transformer that is not superjson itself, what is stored was compared
    for (let read = 0; read < 10; read++) expect(await caller.rows()).toEqual([{ at: new Date(0) }]);
    expect(counts).toEqual({ serialize, deserialize: deserialize + 1 });
  });

  test('over HTTP, the transformer works for the miss and never again for hits and 304s', async () => {
    const { counts, cache, router } = counted();
    const get = (etag = '') =>
      fetchRequestHandler({
        endpoint: '/trpc',
        req: new Request('http://localhost/trpc/rows', { headers: { 'if-none-match': etag } }),
        ...cache.http({ router }),
      });
    const miss = await get();
    const body = await miss.text();
    const { serialize } = counts;
    for (let read = 0; read < 5; read++) expect(await (await get()).text()).toBe(body);
    expect((await get(miss.headers.get('etag') ?? '')).status).toBe(304);
    expect(counts.serialize).toBe(serialize);
  });
});
