import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson, { SuperJSON } from 'superjson';
import { createCache, memoryStore, type Store } from 'trpc-cached';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { Entry } from '../../src/entry.ts';
import { readEntry, writeEntry } from '../../src/frame.ts';

/** A store of texts, as remote ones are: what is read was never seen by this process. */
function textStore(): Store {
  const memory = memoryStore();
  const texts = new Map<string, string>();
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

const rows = () => [
  { id: 1, at: new Date(0), secret: 's1' },
  { id: 2, at: new Date(1), secret: 's2' },
];
const outputs: [string, () => any][] = [
  ['a list', rows],
  ['an object of lists', () => ({ rows: rows(), next: undefined, total: 2, owner: { secret: 's' } })],
];
const secretsOf = (output: any): any[] => [...(Array.isArray(output) ? output : [...output.rows, output.owner])];

type Result = { ok: boolean; data: any; ctx: unknown; marker: unknown };
const strip = (output: any) => {
  for (const one of secretsOf(output)) delete one.secret;
  return output;
};
const withoutSecrets = (output: any): any =>
  superjson.deserialize(superjson.serialize(strip(superjson.deserialize(superjson.serialize(output)))));

/** Does something, and hands the result on. */
const after = (act: (result: Result) => unknown) => async (result: Result) => {
  await act(result);
  return result;
};

/** What a middleware may do with the result of those inside it. Whatever it is, a hit must be answered as a run is. */
const middlewares: [string, (result: Result) => unknown][] = [
  ['hands it on', (result) => result],
  ['looks whether it is ok', (result) => (result.ok ? result : result)],
  ['reads all of the output', after((result) => JSON.stringify(result.data))],
  ['measures the output with superjson', after((result) => superjson.stringify(result.data))],
  ['clones the output', after((result) => structuredClone(result.data))],
  ['strips the output in place', after((result) => strip(result.data))],
  ['strips the output in place, into a result of its own', (result) => ({ ok: true, data: strip(result.data) })],
  ['strips a copy, spread', (result) => ({ ...result, data: withoutSecrets(result.data) })],
  ['strips a clone', (result) => ({ ...result, data: strip(structuredClone(result.data)) })],
  [
    'sets another output',
    after((result) => {
      result.data = withoutSecrets(result.data);
    }),
  ],
  [
    'sets another output without a look',
    after((result) => {
      result.data = [{ other: true }];
    }),
  ],
  ['spreads the result', (result) => ({ ...result })],
  ['takes it apart', ({ ok, data, ctx, marker }) => ({ ok, data, ctx, marker })],
  ['assigns it to another', (result) => Object.assign({}, result)],
  ['freezes the output', after((result) => Object.freeze(result.data))],
  ['freezes the result', (result) => Object.freeze(result)],
  ['sorts the output', after((result) => Array.isArray(result.data) && result.data.reverse())],
  [
    'hides a toJSON in the output',
    after((result) => Object.defineProperty(result.data, 'toJSON', { value: () => 'hidden' })),
  ],
  [
    'defines the output anew',
    (result) => Object.defineProperty(result, 'data', { value: withoutSecrets(result.data) }),
  ],
  ['keeps the output and changes it later', after((result) => queueMicrotask(() => strip(result.data)))],
  ['hands on a result that inherits from it', (result) => Object.assign(Object.create(result), { ok: true })],
  ['awaits the output', after((result) => Promise.resolve(result.data))],
  ['deletes the output', after((result) => delete (result as Partial<Result>).data)],
];

const stores: [string, () => Store | undefined][] = [
  ['memory', () => undefined],
  ['texts', textStore],
];

function app(output: () => any, change: (result: Result) => unknown, store: Store | undefined, transformed: boolean) {
  const t = transformed ? initTRPC.create({ transformer: superjson }) : initTRPC.create();
  const cache = createCache({ scope: 'public', namespace: 'lent', ...(store && { store }) });
  const make = (cached: boolean) => {
    const outer = t.procedure.use(async ({ next }) => change((await next()) as unknown as Result) as never);
    const built = cached ? outer.use(cache.cached('1h')) : outer;
    return t.router({ q: built.query(output) });
  };
  const send = (handler: (req: Request) => Promise<Response>, headers = {}) =>
    handler(new Request('http://localhost/trpc/q', { headers }));
  const options = cache.http({ router: make(true) });
  const bare = { router: make(false) };
  const handlers = {
    bare: (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...bare }),
    http: (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options }),
  };
  const wrapped = cache.fetch(handlers.http);
  return { cache, send, handlers: { ...handlers, wrapped } };
}

describe.each(stores)('store of %s', (_store, makeStore) => {
  describe.each([
    ['superjson', true],
    ['no transformer', false],
  ])('%s', (_codec, transformed) => {
    describe.each(outputs)('%s', (_output, output) => {
      test.each(middlewares)(
        'a middleware around `cached` that %s gets for a hit what it gets for a run',
        async (_, change) => {
          const { send, handlers } = app(output, change, makeStore(), transformed);
          const plain = await send(handlers.bare);
          const [status, body] = [plain.status, await plain.text()];
          for (const handler of [handlers.http, handlers.wrapped, handlers.http, handlers.wrapped]) {
            const reply = await send(handler);
            expect([reply.status, await reply.text()]).toEqual([status, body]);
            const etag = reply.headers.get('etag');
            if (etag === null) continue;
            // A 304 stands for the very body that has the tag.
            const again = await send(handler, { 'if-none-match': etag });
            if (again.status !== 304) expect([again.status, await again.text()]).toEqual([status, body]);
          }
        },
      );

      test('where nobody looks at the output of a hit, it is not decoded', async () => {
        const transformer = new SuperJSON();
        const deserialize = vi.spyOn(transformer, 'deserialize');
        const t = initTRPC.create({ transformer });
        const store = makeStore();
        const cache = createCache({ scope: 'public', namespace: 'lent', ...(store && { store }) });
        const auth = t.middleware(({ next }) => next({ ctx: { user: 1 } }));
        const router = t.router({
          q: t.procedure.use(auth).input(z.undefined()).use(cache.cached('1h')).query(output),
        });
        const options = cache.http({ router });
        const handler = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
        const wrapped = cache.fetch(handler);
        const request = (headers = {}) => new Request('http://localhost/trpc/q', { headers });
        const miss = await handler(request());
        const body = await miss.text();
        deserialize.mockClear();
        const parse = vi.spyOn(JSON, 'parse').mockName('JSON.parse');
        expect(await (await wrapped(request())).text()).toBe(body);
        expect(parse.mock.calls.some(([text]) => String(text).includes('secret'))).toBe(false);
        parse.mockRestore();
        expect(await (await handler(request())).text()).toBe(body);
        expect((await handler(request({ 'if-none-match': miss.headers.get('etag') }))).status).toBe(304);
        expect(deserialize.mock.calls.filter(([value]) => value !== undefined)).toEqual([]);
      });
    });
  });
});

describe('others who may look', () => {
  const t = initTRPC.create({ transformer: superjson });
  const request = () => new Request('http://localhost/trpc/q');
  const bodies = async (handler: (req: Request) => Promise<Response>) => {
    const all: string[] = [];
    for (let read = 0; read < 3; read++) all.push(await (await handler(request())).text());
    return all;
  };
  const { query } = { query: () => ({ rows: rows(), total: 2 }) };
  const expected = JSON.stringify({ result: { data: superjson.serialize(query()) } });

  test('a responseMeta in place of ours sends the output itself', async () => {
    const cache = createCache({ scope: 'public' });
    const options = cache.http({ router: t.router({ q: t.procedure.use(cache.cached('1h')).query(query) }) });
    const handler = (req: Request) =>
      fetchRequestHandler({ endpoint: '/trpc', req, ...options, responseMeta: () => ({}) });
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
      const handler = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options, responseMeta: meta });
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
    const handler = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
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
    const handler = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
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
      const handler = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
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
    const handler = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
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
    const handler = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
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
    const handler = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
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
    const handler = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
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
    const handler = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
    expect(await bodies(handler)).toEqual([expected, expected, expected]);
    expect(widened).not.toHaveBeenCalled();
  });

  test('a body that was damaged in its store is no answer: the procedure runs', async () => {
    const { store, damage } = damaged();
    const cache = createCache({ scope: 'public', namespace: 'lent', store });
    const run = vi.fn(query);
    const options = cache.http({ router: t.router({ q: t.procedure.use(cache.cached('1h')).query(run) }) });
    const handler = (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
    for (const send of [handler, cache.fetch(handler)]) {
      await send(request());
      for (const [from, to] of [
        ['"Date"', '"Dat3"'],
        ['"total":2', '"total"}2'],
      ] as const) {
        damage(from, to);
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

/** A store of texts that can be damaged. */
function damaged() {
  const memory = memoryStore();
  const texts = new Map<string, string>();
  const store: Store = {
    ...textStore(),
    fill(request) {
      texts.set(request.entry.key, writeEntry(request.entry));
      return memory.fill(request);
    },
    async lookup(request) {
      const answer = await memory.lookup(request);
      return { ...answer, entry: answer.entry && (readEntry(texts.get(answer.entry.key)) as Entry) };
    },
    advance: memory.advance,
  };
  const damage = (from: string, to: string) => {
    for (const [key, text] of texts) texts.set(key, text.replace(from, to));
  };
  return { store, damage };
}
