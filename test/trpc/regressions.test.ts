import { initTRPC, lazy } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { memoryStore, type Store } from '../../src/index.ts';
import { ann, cacheOf, counter, listen, perUser, t } from '../support/app.ts';

describe('a target reaches what only another process has', () => {
  const deployments = () => {
    const store = memoryStore();
    const [here, there] = [cacheOf({ store, scope: perUser }), cacheOf({ store, scope: perUser })];
    const query = () => t.procedure.use(there.cached('1h')).query(counter());
    const other = there.register(t.router({ draft: t.router({ list: query(), preview: query() }) }));
    const saveWith = (target: Parameters<typeof here.invalidates>[0]) => {
      const draft = t.router({
        list: t.procedure.use(here.cached('1h')).query(counter()),
        save: t.procedure.use(here.invalidates(target)).mutation(() => 'saved'),
      });
      return here.register(t.router({ draft })).createCaller(ann).draft;
    };
    return { other: other.createCaller(ann).draft, saveWith };
  };

  test.each([
    ['one user’s subtree, in a rolling deploy', { path: 'draft.*', scope: 'ann' }],
    ['an external subtree of one user', { path: 'draft.*', scope: 'ann', external: true }],
    ['an external inner star', { path: '*.preview', external: true }],
    ['an external subtree with an input', { path: 'draft.*', input: undefined, external: true }],
  ])('%s', async (_, target) => {
    const { other, saveWith } = deployments();
    expect(await other.preview()).toBe(1);
    await saveWith(target).save();
    expect(await other.preview()).toBe(2);
  });
});

describe('a mounted mutation', () => {
  test('reaches a lazy router of its own that this process has not loaded', async () => {
    const store = memoryStore();
    const process = () => {
      const cache = cacheOf({ store });
      const list = t.procedure.use(cache.cached('1h')).query(counter());
      const save = t.procedure.use(cache.invalidates('post.list')).mutation(() => 'saved');
      const router = t.router({ save, post: lazy(async () => t.router({ list })) });
      return cache.register(router, { mount: 'v2' }).createCaller({});
    };
    const [one, two] = [process(), process()];
    expect(await one.post.list()).toBe(1);
    await two.save();
    expect(await one.post.list()).toBe(2);
  });

  test('reaches what it calls external, and its own procedure of that path no more than it says', async () => {
    const store = memoryStore();
    const elsewhere = cacheOf({ store });
    const other = elsewhere
      .register(t.router({ post: t.router({ list: t.procedure.use(elsewhere.cached('1h')).query(counter()) }) }))
      .createCaller({});
    const cache = cacheOf({ store });
    const post = t.router({
      list: t.procedure.use(cache.cached('1h')).query(counter()),
      save: t.procedure.use(cache.invalidates({ path: 'post.list', external: true })).mutation(() => 'saved'),
    });
    const v2 = cache.register(t.router({ post }), { mount: 'v2' }).createCaller({});
    expect(await other.post.list()).toBe(1);
    await v2.post.save();
    expect(await other.post.list()).toBe(2);
  });

  test('of a router that an edited one replaced still reaches its mount', async () => {
    const cache = cacheOf();
    const save = () => t.procedure.use(cache.invalidates('list')).mutation(() => 'saved');
    const list = () => t.procedure.use(cache.cached('1h')).query(counter());
    const before = cache.register(t.router({ list: list(), save: save() }), { mount: 'v2' }).createCaller({});
    const after = cache
      .register(t.router({ list: list(), save: save(), more: list() }), { mount: 'v2' })
      .createCaller({});
    expect(await after.list()).toBe(1);
    await before.save();
    expect(await after.list()).toBe(2);
  });
});

describe('unregistered procedures (law 3)', () => {
  test('never meet a registered one of their path, also when they were called first', async () => {
    const cache = cacheOf();
    const named = (name: string) => t.procedure.use(cache.cached('1h')).query(() => name);
    const user = t.router({ me: named('user') });
    expect(await user.createCaller({}).me()).toBe('user');
    const root = cache.register(t.router({ user, me: named('root') }));
    expect(await root.createCaller({}).me()).toBe('root');
  });

  test('never meet those of another process on one store', async () => {
    const store = memoryStore();
    const process = (name: string) => {
      const cache = cacheOf({ store });
      return t.router({ byId: t.procedure.use(cache.cached('1h')).query(() => name) }).createCaller({});
    };
    expect([await process('secret').byId(), await process('post').byId()]).toEqual(['secret', 'post']);
  });
});

describe('a responseMeta that is put around ours', () => {
  test('and strips the output in place keeps it off the wire, and spoils nobody else’s', async () => {
    const cache = cacheOf();
    const query = t.procedure.use(cache.cached('1h')).query(() => ({ a: 1, secret: 'xyzzy' }));
    const router = t.router({ query });
    const hooks = cache.http({ router });
    const get = async () => {
      const response = await fetchRequestHandler({
        endpoint: '/trpc',
        req: new Request('http://localhost/trpc/query'),
        ...hooks,
        responseMeta(opts) {
          delete (opts.data[0] as { result: { data: { secret?: string } } }).result.data.secret;
          return hooks.responseMeta(opts as never) as never;
        },
      });
      return response.text();
    };
    for (const _ of [1, 2, 3]) expect(await get()).not.toContain('xyzzy');
    expect(await router.createCaller({}).query()).toEqual({ a: 1, secret: 'xyzzy' });
  });
});

test('what a transformer loses passes through uncached (law 2)', async () => {
  const lossy = initTRPC.create({ transformer: { serialize: JSON.stringify, deserialize: JSON.parse } });
  const cache = cacheOf();
  const values = [{ d: new Date(0) }, new Map([[1, 2]]), { a: Number.NaN }, { a: undefined }, -0];
  const skips = listen(cache, 'skip');
  const query = lossy.procedure
    .input(z.number())
    .use(cache.cached('1h'))
    .query(({ input }) => values[input]);
  const caller = cache.register(lossy.router({ query })).createCaller({});
  for (const [index, value] of values.entries()) {
    expect(await caller.query(index)).toStrictEqual(value);
    expect(await caller.query(index)).toStrictEqual(value);
  }
  expect(skips).toHaveLength(2 * values.length);
});

test('a stored body that decodes to something odd fails no query (law 4)', async () => {
  const memory = memoryStore();
  const store: Store = {
    ...memory,
    supports: { local: false },
    async lookup(request) {
      const answer = await memory.lookup(request);
      const odd = { json: 'never', meta: { values: ['Date'] } };
      return { ...answer, entry: answer.entry && { ...answer.entry, body: { text: JSON.stringify(odd), plain: '1' } } };
    },
  };
  const cache = cacheOf({ store, namespace: 'n' });
  const router = t.router({ query: t.procedure.use(cache.cached('1h')).query(() => 1) });
  for (const _ of [1, 2]) {
    const req = new Request('http://localhost/trpc/query');
    const response = await fetchRequestHandler({ endpoint: '/trpc', req, ...cache.http({ router }) });
    expect(response.status).toBe(200);
  }
});

test('a part of a registered router, registered too, takes nothing away from the whole', async () => {
  const cache = cacheOf();
  const query = () => t.procedure.use(cache.cached('1h')).query(counter());
  const [a, b] = [query(), query()];
  const whole = cache.register(t.router({ a, b })).createCaller({});
  cache.register(t.router({ a }));
  expect([await whole.b(), await whole.b()]).toEqual([1, 1]);
});
