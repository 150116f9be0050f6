import { initTRPC } from '@trpc/server';
import superjson from 'superjson';
import { createCache } from 'trpc-cached';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Adapter, adapters, type Served } from '../support/http-adapters.ts';
import { etagOf, expectNotModified, expectUndescribed, isSharedStorable } from '../support/http-checks.ts';

const at = new Date('2026-01-01T00:00:00.000Z');
const user = () => ({ name: 'Ada', secret: 'xyzzy', at });

/** A router in which something around `cached` decides what is sent. */
function createRouter() {
  const t = initTRPC.create({ transformer: superjson, isDev: false });
  const cache = createCache({ scope: 'public' });
  const runs: Record<string, number> = {};
  const run = (name: string) => () => {
    runs[name] = (runs[name] ?? 0) + 1;
    return user();
  };
  const pub = cache.cached({ ttl: '1m', http: { browser: '1m', cdn: '1m' } });
  const shown = z.object({ name: z.string(), at: z.date() });
  const mapped = t.procedure.use(async ({ next }) => {
    const result = await next();
    if (!result.ok) return result;
    const { secret: _, ...data } = result.data as ReturnType<typeof user>;
    return { ...result, data };
  });
  const router = t.router({
    output: t.procedure.output(shown).use(pub).query(run('output')),
    mapped: mapped.use(pub).query(run('mapped')),
    inside: t.procedure.use(pub).output(shown).query(run('inside')),
    failing: t.procedure
      .output(z.object({ missing: z.string() }) as unknown as typeof shown)
      .use(pub)
      .query(run('failing')),
  });
  return { t, cache, router, runs };
}

const serve = (adapter: Adapter, { cache, router }: ReturnType<typeof createRouter>): Promise<Served> =>
  adapter.serve(cache.http({ router, createContext: () => ({}) }));

const dataOf = (body: string): unknown => superjson.deserialize((JSON.parse(body) as any).result.data);

describe.each(adapters)('what stands around cached over $name', (adapter) => {
  test.each(['output', 'mapped'])('%s: a stripped field is never sent, with neither tag nor lifetime', async (path) => {
    const shop = createRouter();
    const { send } = await serve(adapter, shop);
    for (let round = 0; round < 2; round++) {
      const reply = await send(path, { headers: { 'if-none-match': '*' } });
      expect(reply.status).toBe(200);
      expect(dataOf(reply.body)).toEqual({ name: 'Ada', at });
      expect(reply.body).not.toContain('xyzzy');
      expectUndescribed(reply);
    }
    expect(shop.runs[path]).toBe(1);
  });

  test.each(['output', 'mapped'])('%s: a stripped field is not sent in a batch either', async (path) => {
    const { send } = await serve(adapter, createRouter());
    for (let round = 0; round < 2; round++) {
      const reply = await send(`inside,${path}?batch=1`, { headers: { 'if-none-match': '*' } });
      expect(reply.status).toBe(200);
      expect(reply.body).not.toContain('xyzzy');
      expectUndescribed(reply);
    }
  });

  test('an output parser behind cached is part of what is cached: tag, lifetime, and no stripped field', async () => {
    const shop = createRouter();
    const { send } = await serve(adapter, shop);
    const miss = await send('inside');
    const hit = await send('inside');
    expect(hit.body).toBe(miss.body);
    expect(dataOf(hit.body)).toEqual({ name: 'Ada', at });
    expect(isSharedStorable(hit)).toBe(true);
    expectNotModified(await send('inside', { headers: { 'if-none-match': etagOf(miss) } }), etagOf(miss));
    expect(shop.runs.inside).toBe(1);
  });

  test('an output parser around cached that refuses is a failure, missed and hit', async () => {
    const { send } = await serve(adapter, createRouter());
    for (let round = 0; round < 2; round++) {
      const reply = await send('failing', { headers: { 'if-none-match': '*' } });
      expect(reply.status).toBe(500);
      expect(reply.headers.get('cache-control')).toBe('no-store');
      expect(reply.headers.get('etag')).toBeNull();
    }
  });
});

/** One query that gives a Date, on a router and in a cache whose transformers are as given. */
function createTyped(given: { router?: typeof superjson; cache?: typeof superjson }) {
  const t = initTRPC.create({ isDev: false, ...(given.router && { transformer: given.router }) });
  const cache = createCache({ scope: 'public', ...(given.cache && { transformer: given.cache }) });
  let runs = 0;
  const router = t.router({
    when: t.procedure.use(cache.cached({ ttl: '1m', http: { browser: '1m' } })).query(() => {
      runs++;
      return { at, map: new Map([['a', 1]]) };
    }),
  });
  return { t, cache, router, runs: () => runs };
}

const tagged = {
  serialize: (value: unknown) => ({ tagged: superjson.serialize(value) }),
  deserialize: (value: { tagged: never }) => superjson.deserialize(value.tagged),
} as unknown as typeof superjson;

describe.each(adapters)('transformers over $name', (adapter) => {
  const open = async (given: Parameters<typeof createTyped>[0]) => {
    const shop = createTyped(given);
    const served = await adapter.serve(shop.cache.http({ router: shop.router, createContext: () => ({}) }));
    const plain = await adapter.serve({ router: shop.router });
    return { ...shop, ...served, plain };
  };

  test.each([
    ['its own transformer', { router: superjson, cache: tagged }],
    ['no transformer', { cache: superjson }],
    ['another object that does the same', { router: { ...tagged } as typeof superjson, cache: tagged }],
  ])('a router with %s, which is not that of the cache, sends plain bodies without tag', async (_, given) => {
    const shop = await open(given);
    const expected = await shop.plain.send('when');
    for (let round = 0; round < 2; round++) {
      const reply = await shop.send('when', { headers: { 'if-none-match': '*' } });
      expect(reply.status).toBe(200);
      expect(reply.body).toBe(expected.body);
      expectUndescribed(reply);
    }
    expect(shop.runs()).toBe(1);
  });

  test.each([
    ['the transformer of the router', { router: tagged }],
    ['a transformer given to both', { router: tagged, cache: tagged }],
  ])('%s is what bodies and tags are made with', async (_, given) => {
    const shop = await open(given);
    const [miss, hit] = [await shop.send('when'), await shop.send('when')];
    expect(miss.body).toContain('tagged');
    expect(hit.body).toBe(miss.body);
    expectNotModified(await shop.send('when', { headers: { 'if-none-match': etagOf(miss) } }), etagOf(miss));
  });

  test('without a transformer callers get the types of the resolver, and the wire its plain JSON with a tag', async () => {
    const shop = await open({});
    const caller = shop.t.createCallerFactory(shop.router)({});
    const [miss, hit] = [await caller.when(), await caller.when()];
    expect(hit).toEqual(miss);
    expect(hit).toEqual({ at, map: new Map([['a', 1]]) });
    const reply = await shop.send('when');
    expect(reply.body).toBe('{"result":{"data":{"at":"2026-01-01T00:00:00.000Z","map":{}}}}');
    expectNotModified(await shop.send('when', { headers: { 'if-none-match': etagOf(reply) } }), etagOf(reply));
    expect(shop.runs()).toBe(1);
  });
});
