import { createServer, type RequestListener, type Server } from 'node:http';
import type { Cache } from 'trpc-cached';
import { expectHit, expectMiss } from 'trpc-cached/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { servedAt, serveOn } from '../support/http-sockets.ts';
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts';
import { read } from './pages.ts';
import { type Api, type App, type Call, loadFrom, missHit304, outcomesOf, post, sent } from './recipe-app.ts';
import { filesOf, installed, recipes, runnable, writeRecipes } from './recipes.ts';

const { folder, remove } = writeRecipes('run');
afterAll(remove);

const load = <M>(path: string, from = folder): Promise<M> => loadFrom(from, path);
const routerOf = async (name: string) => (await load<{ appRouter: App }>(`${name}/router.ts`)).appRouter;
const outcomes = async (name: string, run: () => unknown) =>
  outcomesOf((await load<{ cache: Cache<object> }>(`${name}/router.ts`)).cache, run);

describe('recipes', () => {
  it('have at most 80 lines, and every block of code is a file of the app', () => {
    for (const name of recipes) {
      const text = read(`docs/recipes/${name}.md`);
      expect(text.trimEnd().split('\n').length, name).toBeLessThanOrEqual(80);
      expect(filesOf(name).length, name).toBe(Array.from(text.matchAll(/^```tsx?$/gm)).length);
      expect(filesOf(name).length, name).toBeGreaterThan(0);
    }
  });

  it('are run by a test each', () => {
    const source = read('test/docs/recipes.test.ts');
    const named = Array.from(source.matchAll(/^\s+it(?:\.\w+\(.*?\))?\('([\w-]+): /gm), ([, name]) => name);
    expect(named.sort()).toEqual([...recipes].sort());
    expect(installed ? runnable : recipes).toEqual(recipes);
  });

  it('express: misses, hits and 304 over a socket, a mutation, a webhook', async () => {
    const { app } = await load<{ app: RequestListener }>('express/server.ts');
    const api = await serveOn(createServer(app), '/trpc');
    await missHit304(api, `author?${sent(1)}`, () => api.send('rename', post({ id: 1, name: 'Ada Lovelace' })));
    const again = () => api.send(`author?${sent(1)}`);
    expect((await again()).headers.get('x-cache')).toBe('HIT');
    expect((await fetch(api.url.replace('/trpc', '/webhooks/author/1'), { method: 'POST' })).status).toBe(204);
    expect((await again()).headers.get('x-cache')).toBe('MISS');
  });

  it('fastify: misses, hits and 304 over a socket, a mutation', async () => {
    interface FastifyApp {
      listen: (where: object) => Promise<string>;
      close: () => Promise<void>;
      server: Server;
    }
    const { app } = await load<{ app: FastifyApp }>('fastify/server.ts');
    onTestFinished(() => {
      app.server.closeAllConnections();
      return app.close();
    });
    const api = servedAt(`${await app.listen({ port: 0, host: '127.0.0.1' })}/trpc`);
    await missHit304(api, `author?${sent(1)}`, () => api.send('rename', post({ id: 1, name: 'Ada Lovelace' })));
  });

  it('from-fastapi: answers as `@cache` did, with a lifetime for browsers', async () => {
    const { server } = await load<{ server: Server }>('from-fastapi/main.ts');
    const api = await serveOn(server, '');
    const query = `post?${sent({ id: 1 })}`;
    expect((await api.send(query)).headers.get('cache-control')).toMatch(/^private, max-age=(60|59)$/);
    await api.send('rename', post({ id: 1, title: 'Hi' }));
    await missHit304(api, query, () => api.send('rename', post({ id: 1, title: 'Good morning' })));
  });

  it('per-user-lists: a write empties the list of the user it is about, and no other', async () => {
    const app = await routerOf('per-user-lists');
    const [ann, bob] = ['ann', 'bob'].map((userId) => app.createCaller({ userId }).todo!) as [Api['todo'], Api['todo']];
    const lists = async () => [await ann!.list!(), await bob!.list!(), await bob!.count!()];
    const before = await lists();
    expect(before).toEqual([[], [], 0]);
    await ann!.add!('Buy tea');
    expect(await lists()).toEqual([[{ owner: 'ann', text: 'Buy tea' }], [], 0]);
    await ann!.assign!({ to: 'bob', text: 'Drink it' });
    expect(await lists()).toEqual([[{ owner: 'ann', text: 'Buy tea' }], [{ owner: 'bob', text: 'Drink it' }], 1]);
  });

  it('pagination: an edit empties the pages that show the post, an addition all of them', async () => {
    const posts = (await routerOf('pagination')).createCaller({}).post!;
    const pages = () =>
      outcomes('pagination', async () => {
        for (const cursor of [null, 4, 2]) await posts.list!({ cursor });
      });
    expect(await pages()).toBe('miss miss miss');
    expect(await pages()).toBe('hit hit hit');
    await posts.edit!({ id: 3, title: 'Edited' });
    expect(await pages()).toBe('hit miss hit');
    await posts.add!('Post 6');
    expect(await pages()).toBe('miss miss miss');
    expect(await posts.list!({})).toMatchObject({ items: [{ id: 6 }, { id: 5 }], nextCursor: 5 });
  });

  it('auth: who may not, gets an error and never what is stored; the audit finds nothing', async () => {
    const module = await load<{ appRouter: App; auditFindings: () => Promise<unknown[]> }>('auth/router.ts');
    const as = (user: object | null) => module.appRouter.createCaller({ user });
    const [root, ann] = [as({ id: 'root', role: 'admin' }), as({ id: 'ann', role: 'member' })];
    expect(await root.revenue!()).toEqual({ eur: 7 });
    await expect(ann.revenue!()).rejects.toThrow('FORBIDDEN');
    await expect(as({ id: 'root', role: 'member' }).revenue!()).rejects.toThrow('FORBIDDEN');
    expect([await root.me!(), await ann.me!()]).toEqual([{ id: 'root' }, { id: 'ann' }]);
    await expect(as(null).rules!()).rejects.toThrow('UNAUTHORIZED');
    expect([await ann.rules!(), await as(null).welcome!()]).toEqual(['Be kind.', 'Hello']);
    await root.book!(3);
    expect(await as({ id: 'other', role: 'admin' }).revenue!()).toEqual({ eur: 10 });
    expect(await module.auditFindings()).toEqual([]);
  });

  it('multi-tenant: tenants share nothing, and one can be dropped', async () => {
    const app = await routerOf('multi-tenant');
    const of = (tenantId: string | null, userId = 'ann') => app.createCaller({ tenantId, userId });
    expect(await of('a').products!()).toEqual([]);
    await of('b').addProduct!('Tea');
    expect([await of('a').products!(), await of('b').products!()]).toEqual([[], ['Tea']]);
    await expect(of(null).products!()).rejects.toThrow('UNAUTHORIZED');
    expect([await of('a').basket!(), await of('a', 'bob').basket!()]).toEqual(['of ann at a', 'of bob at a']);
    const { dropTenant } = await load<{ dropTenant: (id: string) => Promise<unknown> }>('multi-tenant/router.ts');
    await dropTenant('a');
    expect(await outcomes('multi-tenant', () => of('a').products!())).toBe('miss');
    expect(await outcomes('multi-tenant', () => of('b').products!())).toBe('hit');
  });

  it.skipIf(!installed)('react-query: refetches what the mutation concerns, and nothing else', async () => {
    const { server } = await load<{ server: Server }>('react-query/server.ts');
    const asked: string[] = [];
    const { url } = await serveOn(server, '', (req) => asked.push(decodeURIComponent(req.url ?? '')));
    const clients = await load<{ makeClients: (url: string) => any }>('react-query/client.ts');
    const { queryClient, trpc } = clients.makeClients(url);
    onTestFinished(() => queryClient.clear());
    const { QueryObserver } = await import('@tanstack/query-core');
    const options = [1, 2].map((id) => trpc.author.byId.queryOptions({ id }));
    // As mounted components would.
    const leave = [...options, trpc.author.list.queryOptions()].map((one) =>
      new QueryObserver(queryClient, one).subscribe(() => {}),
    );
    onTestFinished(() => {
      for (const stop of leave) stop();
    });
    const shown = () => options.map(({ queryKey }) => queryClient.getQueryData(queryKey));
    await vi.waitFor(() => expect(shown()).toEqual(['Ada', 'Grace']));
    asked.length = 0;
    await trpc.author.rename.mutationOptions().mutationFn({ id: 1, name: 'Ada Lovelace' });
    await vi.waitFor(() => expect(shown()).toEqual(['Ada Lovelace', 'Grace']));
    await vi.waitFor(() => expect(queryClient.isFetching()).toBe(0));
    expect(asked[0]).toMatch(/^\/author\.rename\?/);
    expect(asked.slice(1).join()).toMatch(/^\/author\.byId,author\.list\?batch=1&input=\{"0":\{"id":1\}\}$/);
    const { Author } = await load<{ Author: unknown }>('react-query/rename.tsx');
    expect(Author).toBeTypeOf('function');
  });

  it.skipIf(!installed)('next: pages and the route handler share entries, also from two module graphs', async () => {
    const { arrive } = await import('./stand-ins/next/headers.ts');
    const { finished } = await import('./stand-ins/next/after.ts');
    const other = writeRecipes('run-again', ['next']);
    onTestFinished(other.remove);
    interface Route {
      GET: (req: Request) => Promise<Response>;
      POST: (req: Request) => Promise<Response>;
    }
    const { GET, POST } = await load<Route>('next/app/api/trpc/[trpc]/route.ts');
    const { default: Page } = await load<{ default: () => Promise<object> }>('next/app/posts/page.tsx', other.folder);
    arrive({ 'x-user': 'ann' });
    const page = async () => JSON.stringify(await Page());
    const get = (headers: Record<string, string> = {}) =>
      GET(new Request('http://app.test/api/trpc/posts', { headers }));
    const shared = globalThis as { recipeReads?: number };

    expect(await page()).toContain('Hello');
    expect(shared.recipeReads).toBe(1);
    const hit = await get();
    expect([hit.status, hit.headers.get('x-cache'), shared.recipeReads]).toEqual([200, 'HIT', 1]);
    const headers = { 'if-none-match': hit.headers.get('etag') ?? '' };
    expect((await get(headers)).status).toBe(304);
    const added = await POST(new Request('http://app.test/api/trpc/addPost', post('Second')));
    expect(added.status).toBe(200);
    expect(await page()).toContain('Second');
    expect([(await get(headers)).status, shared.recipeReads]).toEqual([200, 2]);

    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect((await get()).headers.get('x-cache')).toBe('STALE');
    expect([await finished(), shared.recipeReads]).toEqual([1, 3]);
  });
});

describe.skipIf(!redisAvailable)('recipes on a real Redis', () => {
  let redis: RedisServer;
  let gateway: Gateway;

  beforeAll(async () => {
    redis = await startRedis();
    gateway = await startGateway({ redisPort: redis.port });
    vi.stubEnv('UPSTASH_REDIS_REST_URL', gateway.url);
    vi.stubEnv('UPSTASH_REDIS_REST_TOKEN', gateway.token);
    vi.stubEnv('REDIS_URL', `redis://127.0.0.1:${redis.port}`);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await gateway.close();
    await redis.stop();
  });

  it('t3: the route handler and callers share entries, of each user', async () => {
    interface Trpc {
      createTRPCContext: (opts: { headers: Headers }) => Promise<object>;
      timed: { count: number };
    }
    const { createTRPCContext, timed } = await load<Trpc>('t3/src/server/api/trpc.ts');
    const { signIn } = await load<{ signIn: (id?: string) => void }>('t3/src/server/auth.ts');
    const { reads } = await load<{ reads: { count: number } }>('t3/src/server/db.ts');
    const { createCaller } = await load<{ createCaller: (make: () => unknown) => Api }>('t3/src/server/api/root.ts');
    const { GET } = await load<{ GET: (req: Request) => Promise<Response> }>('t3/src/app/api/trpc/[trpc]/route.ts');
    const { getLatest, create } = createCaller(() => createTRPCContext({ headers: new Headers() })).post!;
    const get = (path: string, headers = {}) => GET(new Request(`http://app.test/api/trpc/${path}`, { headers }));

    await expect(getLatest!()).rejects.toThrow('UNAUTHORIZED');
    signIn('bob');
    expect(await getLatest!()).toBe(null);
    signIn('ann');
    await create!({ name: 'First' });
    const latest = { name: 'First', by: 'ann', createdAt: new Date(0) };
    expect([await getLatest!(), await getLatest!()]).toEqual([latest, latest]);
    expect(reads.count).toBe(2);
    const before = timed.count;
    const hit = await get('post.getLatest');
    expect([hit.status, hit.headers.get('x-cache'), reads.count, timed.count]).toEqual([200, 'HIT', 2, before + 1]);
    expect((await get('post.getLatest', { 'if-none-match': hit.headers.get('etag') })).status).toBe(304);
    await create!({ name: 'Second' });
    expect(await (await get('post.getLatest')).text()).toContain('Second');
    signIn('bob');
    expect([await getLatest!(), reads.count]).toEqual([null, 3]);
  });

  it('workers: one request for a hit, work behind the response, an invalidation', async () => {
    interface Execution {
      waitUntil: (work: Promise<unknown>) => void;
    }
    type Fetch = (req: Request, env: object, execution: Execution) => Promise<Response>;
    const { default: worker } = await load<{ default: { fetch: Fetch } }>('workers/src/worker.ts');
    const send = async (path: string, init?: RequestInit) => {
      const behind: Promise<unknown>[] = [];
      const env = { UPSTASH_URL: gateway.url, UPSTASH_TOKEN: gateway.token };
      const request = new Request(`http://shop.test/trpc/${path}`, init);
      const response = await worker.fetch(request, env, { waitUntil: (work) => void behind.push(work) });
      const seen = { status: response.status, cache: response.headers.get('x-cache'), body: await response.text() };
      await Promise.all(behind);
      return { ...seen, etag: response.headers.get('etag') ?? '', behind: behind.length };
    };
    const price = (headers = {}) => send(`price?${sent('tea')}`, { headers });
    const miss = await price();
    expect([miss.cache, miss.body]).toEqual(['MISS', '{"result":{"data":{"price":3}}}']);
    expect(miss.behind).toBeGreaterThan(0);
    const [, before] = [gateway.reset(), gateway.count()];
    const hit = await price();
    expect([hit.cache, hit.body, gateway.count() - before]).toEqual(['HIT', miss.body, 1]);
    expect((await price({ 'if-none-match': hit.etag })).status).toBe(304);
    await send('setPrice', post({ name: 'tea', price: 4 }));
    expect((await price({ 'if-none-match': hit.etag })).body).toContain('"price":4');
    const basket = async (user: string) => (await send('basket', { headers: { 'x-user': user } })).body;
    expect([await basket('ann'), await basket('bob')].map((body) => JSON.parse(body).result.data.of)).toEqual([
      'ann',
      'bob',
    ]);
  });

  it('from-redis: dates stay dates, and a rename reaches queries and wrapped functions', async () => {
    interface Module {
      appRouter: App;
      cache: Cache<object>;
      loadPost: Call;
      redis: { quit: () => Promise<unknown> };
    }
    const app = await load<Module>('from-redis/router.ts');
    onTestFinished(async () => {
      await app.cache.close();
      await app.redis.quit();
    });
    const caller = app.appRouter.createCaller({});
    const hello = { title: 'Hello', at: new Date(0) };
    for (const expected of [expectMiss, expectHit]) {
      expect(await expected(app.cache, () => caller.byId!(7))).toEqual(hello);
      expect(await expected(app.cache, () => app.loadPost(7))).toEqual(hello);
    }
    await caller.rename!({ id: 7, title: 'Good morning' });
    expect(await expectMiss(app.cache, () => caller.byId!(7))).toEqual({ ...hello, title: 'Good morning' });
    expect(await expectMiss(app.cache, () => app.loadPost(7))).toEqual({ ...hello, title: 'Good morning' });
  });
});
