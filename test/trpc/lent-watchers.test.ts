import { initTRPC } from '@trpc/server';
import superjson from 'superjson';
import { createCache } from 'trpc-cached';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { handlerOf, rows, textStore } from './lent-app.ts';

describe('others who may look', () => {
  const t = initTRPC.create({ transformer: superjson });
  const request = () => new Request('http://localhost/trpc/q');
  const bodies = async (handler: (req: Request) => Promise<Response>) => {
    const all: string[] = [];
    for (let read = 0; read < 3; read++) all.push(await (await handler(request())).text());
    return all;
  };
  const query = () => ({ rows: rows(), total: 2 });
  const expected = JSON.stringify({ result: { data: superjson.serialize(query()) } });

  test('a responseMeta in place of ours sends the output itself', async () => {
    const cache = createCache({ scope: 'public' });
    const options = cache.http({ router: t.router({ q: t.procedure.use(cache.cached('1h')).query(query) }) });
    const handler = handlerOf({ ...options, responseMeta: () => ({}) });
    expect(await bodies(handler)).toEqual([expected, expected, expected]);
    expect(await bodies(cache.fetch(handler))).toEqual([expected, expected, expected]);
  });

  test.each(['before', 'after'])(
    'a responseMeta around ours that strips the output %s it, strips hits too',
    async (when) => {
      const cache = createCache({ scope: 'public' });
      const options = cache.http({ router: t.router({ q: t.procedure.use(cache.cached('1h')).query(query) }) });
      const meta = (opts: any) => {
        const stripAll = () => opts.data[0].result.data?.rows.map((row: { secret?: string }) => delete row.secret);
        if (when === 'before') stripAll();
        const ours = (options.responseMeta as (opts: unknown) => object)(opts);
        if (when === 'after') stripAll();
        return ours;
      };
      const handler = handlerOf({ ...options, responseMeta: meta });
      if (when === 'before') for (const body of await bodies(handler)) expect(body).not.toContain('secret');
      // After ours there is nothing left to strip: the stored form is on its way, and a look finds no output.
      else expect(await bodies(handler)).toEqual([expected, expected, expected]);
    },
  );

  test('a responseMeta of the user is shown the output of a hit', async () => {
    const cache = createCache({ scope: 'public' });
    const seen: unknown[] = [];
    const options = cache.http({
      router: t.router({ q: t.procedure.use(cache.cached('1h')).query(query) }),
      responseMeta: ({ data }) => {
        seen.push(superjson.deserialize(superjson.serialize(data[0].result.data)));
        return {};
      },
    });
    const handler = handlerOf(options);
    expect(await bodies(handler)).toEqual([expected, expected, expected]);
    expect(seen).toEqual([query(), query(), query()]);
  });

  test('a parser of outputs in front of `cached` parses hits too', async () => {
    const cache = createCache({ scope: 'public' });
    const parsed = z.object({ total: z.number() });
    const options = cache.http({
      router: t.router({
        q: t.procedure
          .output(parsed)
          .use(cache.cached('1h'))
          .query(query as never),
      }),
    });
    const handler = handlerOf(options);
    const stripped = JSON.stringify({ result: { data: superjson.serialize({ total: 2 }) } });
    expect(await bodies(handler)).toEqual([stripped, stripped, stripped]);
  });

  test('two caches on one procedure find their own middlewares, whichever registers first', async () => {
    for (const first of [0, 1]) {
      const caches = [createCache({ scope: 'public' }), createCache({ scope: 'public' })] as const;
      const hits = caches.map((cache) => {
        const paths: string[] = [];
        cache.on('hit', ({ path }) => paths.push(path));
        return paths;
      });
      const guard = t.middleware(({ next }) => next());
      const chain = t.procedure.use(guard).use(caches[0].cached('1h')).use(guard).use(caches[1].cached('2h'));
      const router = t.router({ q: chain.query(query) });
      caches[first]!.register(router);
      const options = caches[1 - first]!.http({ router });
      const handler = handlerOf(options);
      expect(await bodies(handler)).toEqual([expected, expected, expected]);
      expect(hits[1]).toHaveLength(2); // the outer one has a middleware behind it that a hit would skip
    }
  });

  test('one that runs what is inside it twice, for two readers, answers each with what is his', async () => {
    const cache = createCache<{ of: string }>({ scope: ({ ctx }) => ctx.of });
    const open = initTRPC.context<{ of: string }>().create({ transformer: superjson });
    const first = open.middleware(async ({ next }) => {
      const [mine] = await Promise.all([next({ ctx: { of: 'ann' } }), next({ ctx: { of: 'bob' } })]);
      return mine;
    });
    const router = open.router({
      q: open.procedure
        .use(first)
        .use(cache.cached('1h'))
        .query(({ ctx }) => [ctx.of]),
    });
    const options = cache.http({ router, createContext: () => ({ of: 'nobody' }) });
    const handler = handlerOf(options);
    for (const send of [handler, cache.fetch(handler)]) {
      await router.createCaller({ of: 'x' }).q();
      for (let read = 0; read < 3; read++) {
        const body = await (await send(request())).text();
        expect(body).toContain('ann');
        expect(body).not.toContain('bob');
        await cache.invalidate({ scope: 'bob' });
      }
    }
  });

  test('of two large hits, whose tags are made at different times, the one that is returned is sent', async () => {
    const cache = createCache<{ of: string }>({ scope: ({ ctx }) => ctx.of });
    const open = initTRPC.context<{ of: string }>().create({ transformer: superjson });
    let readers = ['ann', 'bob'];
    const last = open.middleware(async ({ next }) => {
      const results = await Promise.all(readers.map((of) => next({ ctx: { of } })));
      return results.at(-1) as (typeof results)[0];
    });
    const query = open.procedure.use(last).use(cache.cached('1h'));
    const router = open.router({ q: query.query(({ ctx }) => Array.from({ length: 5_000 }, () => ctx.of)) });
    const options = cache.http({ router, createContext: () => ({ of: 'nobody' }) });
    const handler = handlerOf(options);
    await router.createCaller({ of: 'x' }).q(); // fills both, and makes no tags
    readers = ['bob'];
    await (await handler(request())).text(); // makes the tag of one of them
    readers = ['ann', 'bob'];
    const body = await (await handler(request())).text();
    expect([body.includes('ann'), body.includes('bob')]).toEqual([false, true]);
  });

  test.each([undefined, superjson])('an output of nothing is JSON through the wrapper', async (transformer) => {
    const open = transformer ? initTRPC.create({ transformer }) : initTRPC.create();
    const cache = createCache({ scope: 'public' });
    const options = cache.http({
      router: open.router({ q: open.procedure.use(cache.cached('1h')).query(() => undefined) }),
    });
    const handler = handlerOf(options);
    const all = await bodies(cache.fetch(handler));
    expect(new Set(all).size).toBe(1);
    for (const body of all) expect(() => JSON.parse(body)).not.toThrow();
  });

  test('who looks later on, or clones what a responseMeta is shown, finds the output', async () => {
    const cache = createCache({ scope: 'public' });
    const seen: unknown[] = [];
    const late = t.middleware(async ({ next }) => {
      const result = await next();
      setTimeout(() => seen.push(structuredClone((result as { data?: unknown }).data)));
      return result;
    });
    const options = cache.http({
      router: t.router({ q: t.procedure.use(late).use(cache.cached('1h')).query(query) }),
      responseMeta: ({ data }) => {
        seen.push(structuredClone(data[0].result.data));
        return {};
      },
    });
    const handler = handlerOf(options);
    expect(await bodies(handler)).toEqual([expected, expected, expected]);
    await vi.waitFor(() => expect(seen).toHaveLength(6));
    expect(seen).toEqual(Array.from({ length: 6 }, query));
  });

  test('targets in front of a cached query see outputs as middlewares do', async () => {
    const cache = createCache({ scope: 'public' });
    const widened = vi.fn();
    cache.on('widen', widened);
    const clones = cache.invalidates(({ output }) => void structuredClone(output));
    const options = cache.http({
      router: t.router({ q: t.procedure.use(clones).use(cache.cached('1h')).query(query) }),
    });
    const handler = handlerOf(options);
    expect(await bodies(handler)).toEqual([expected, expected, expected]);
    expect(widened).not.toHaveBeenCalled();
  });

  test('a body that was damaged in its store is no answer: the procedure runs', async () => {
    const texts = new Map<string, string>();
    const cache = createCache({ scope: 'public', namespace: 'lent', store: textStore(texts) });
    const run = vi.fn(query);
    const options = cache.http({ router: t.router({ q: t.procedure.use(cache.cached('1h')).query(run) }) });
    const handler = handlerOf(options);
    for (const send of [handler, cache.fetch(handler)]) {
      await send(request());
      for (const [from, to] of [
        ['"Date"', '"Dat3"'],
        ['"total":2', '"total"}2'],
      ] as const) {
        for (const [key, text] of texts) texts.set(key, text.replace(from, to));
        run.mockClear();
        expect(await (await send(request())).text()).toBe(expected);
        expect(run).toHaveBeenCalledTimes(1);
      }
    }
  });

  test('without a parser, what a middleware reads of the raw input tells calls apart', async () => {
    const cache = createCache({ scope: 'public' });
    const reads = t.middleware(async ({ next, getRawInput }) => next({ ctx: { raw: await getRawInput() } }));
    const router = cache.register(
      t.router({
        q: t.procedure
          .use(reads)
          .use(cache.cached('1h'))
          .query(({ ctx }) => ctx.raw),
      }),
    );
    const caller = router.createCaller({}) as unknown as { q: (input: unknown) => Promise<unknown> };
    expect([await caller.q({ id: 1 }), await caller.q({ id: 2 }), await caller.q({ id: 1 })]).toEqual([
      { id: 1 },
      { id: 2 },
      { id: 1 },
    ]);
  });
});
