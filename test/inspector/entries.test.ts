import { initTRPC } from '@trpc/server';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import {
  type CreateCacheOptions,
  type EntriesOptions,
  everyone,
  type ListedEntry,
  memoryStore,
  type Store,
  tieredStore,
} from '../../src/index.ts';
import { upstashStore } from '../../src/stores/upstash.ts';
import { useRedis } from '../stores/redis-harness.ts';
import { ann, bob, type Context, cacheOf, errorOf, perUser } from '../support/app.ts';
import { startGateway } from '../support/gateway.ts';
import { redisAvailable } from '../support/redis.ts';
import { faultyStore } from '../support/stores.ts';
import { upstashClient } from '../support/upstash.ts';

const t = initTRPC.context<Context>().create();
let apps = 0;

const appOn = (store: Store, options: Partial<CreateCacheOptions<Context>> = {}) => {
  const namespace = options.namespace ?? `shop[${++apps}]*`;
  const cache = cacheOf({ store, timeouts: { read: '10s', write: '10s' }, ...options, namespace });
  const { cached } = cache;
  const router = cache.register(
    t.router({
      post: t.router({
        byId: t.procedure
          .input(z.number())
          .use(cached({ ttl: '1m', tags: ({ input }) => [`post:${input}`] }))
          .query(({ input }) => 'x'.repeat(input)),
        'ünlike paths': t.procedure.use(cached('1m')).query(() => 'odd'),
      }),
      postman: t.procedure.use(cached('1m')).query(() => 'no post'),
      mine: t.procedure
        .use(cached({ ttl: '1m', scope: perUser, tags: ({ ctx }) => [`user:${ctx.user?.id}`, 'mine'] }))
        .query(({ ctx }) => ctx.user?.id),
    }),
  );
  const top = cache.wrap('topSellers', async (region: string) => region, { ttl: '1m' });
  /** Every entry, page by page. */
  const all = async (given: EntriesOptions = {}) => {
    const entries: ListedEntry[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await cache.entries({ ...given, ...(cursor !== undefined && { cursor }) });
      entries.push(...page.entries);
      cursor = page.cursor;
      expect(++pages).toBeLessThan(500);
    } while (cursor !== undefined);
    return { entries, pages };
  };
  return { cache, top, all, as: (ctx: Context) => router.createCaller(ctx) };
};

const pathsOf = (entries: readonly ListedEntry[]) => entries.map(({ path }) => path).sort();

const behave = (storeOf: () => Promise<Store>) => {
  it('shows each entry once, over many pages, and none of another namespace', async () => {
    const store = await storeOf();
    const { all, as } = appOn(store);
    const other = appOn(store);
    const ids = Array.from({ length: 30 }, (_, id) => id);
    await Promise.all(ids.map((id) => as({}).post.byId(id)));
    await other.as({}).post.byId(1);
    const { entries, pages } = await all({ limit: 7 });
    expect(new Set(entries.map(({ key }) => key)).size).toBe(30);
    expect(entries.map(({ bytes }) => bytes).sort((a, b) => a - b)).toEqual(ids.map((id) => id + 2));
    expect(pages).toBeGreaterThan(1);
  });

  it('shows those of a pattern, with what may be shown of them', async () => {
    const { all, as, top } = appOn(await storeOf());
    const before = Date.now();
    await as({}).post.byId(1);
    await as({}).post['ünlike paths']();
    await as({}).postman();
    await as(ann).mine();
    await as(bob).mine();
    await as({}).mine();
    await top('eu');
    const { entries } = await all();
    expect(pathsOf(entries)).toEqual([
      ...['mine', 'mine', 'mine', 'post.byId', 'post.ünlike paths', 'postman', 'topSellers'],
    ]);
    expect(pathsOf((await all({ match: 'post.*' })).entries)).toEqual(['post.byId', 'post.ünlike paths']);
    expect(pathsOf((await all({ match: 'post.ünlike paths' })).entries)).toEqual(['post.ünlike paths']);
    expect(pathsOf((await all({ match: '*.byId' })).entries)).toEqual(['post.byId']);
    const byId = entries.find(({ path }) => path === 'post.byId');
    expect(byId).toMatchObject({
      ...{ kind: 'query', state: 'fresh', tags: ['post:1'], scope: { kind: 'everyone' }, bytes: 3 },
      key: expect.stringMatching(/^[^:]+:q:::\w+:post\.byId:#[\w-]{43}$/),
    });
    expect(byId?.storedAt).toBeGreaterThanOrEqual(before);
    expect(byId?.ageMs).toBeLessThan(60_000);
    expect((byId?.ageMs ?? 0) + (byId?.ttlLeftMs ?? 0)).toBe(60_000);
    expect(entries.find(({ path }) => path === 'topSellers')).toMatchObject({ kind: 'wrapped', bytes: 4 });
    const mine = entries.filter(({ path }) => path === 'mine');
    expect(mine.map(({ scope }) => scope?.kind).sort()).toEqual(['private', 'private', 'signed-out']);
    expect(new Set(mine.map(({ scope }) => scope?.id)).size).toBe(3);
    for (const { scope, tags } of mine) {
      if (scope?.kind === 'private')
        expect(tags).toEqual([expect.stringMatching(/^user:#.{8}$/), expect.stringMatching(/^#.{8}$/)]);
    }
    expect(JSON.stringify(mine)).not.toMatch(/ann|bob/);
    expect(JSON.parse(JSON.stringify(entries))).toEqual(entries);
  });

  it('says which were invalidated, and plants nothing by looking', async () => {
    const { cache, all, as } = appOn(await storeOf());
    await as({}).post.byId(1);
    await as({}).post.byId(2);
    await as(ann).mine();
    await cache.invalidate({ tag: 'post:1' }, { scope: 'ann' });
    const stateOf = async (tag: string) => (await all()).entries.find(({ tags }) => tags.includes(tag))?.state;
    expect([await stateOf('post:1'), await stateOf('post:2')]).toEqual(['invalidated', 'fresh']);
    expect((await all({ match: 'mine' })).entries.map(({ state }) => state)).toEqual(['invalidated']);
    await cache.invalidate({ scope: everyone });
    expect(await stateOf('post:2')).toBe('invalidated');
  });
};

describe('the entries of a store in memory', () => {
  behave(async () => memoryStore());

  it('can be listed while others come and go', async () => {
    const { cache, as } = appOn(memoryStore());
    for (let id = 0; id < 10; id++) await as({}).post.byId(id);
    const first = await cache.entries({ limit: 5 });
    for (let id = 0; id < 10; id += 2) await as({}).post.byId(id); // used: the order of use is another one now
    const second = await cache.entries({ limit: 5, cursor: first.cursor as string });
    expect(new Set([...first.entries, ...second.entries].map(({ key }) => key)).size).toBe(10);
    expect(second.cursor).toBeUndefined();
  });

  it('tells a stale one from an expired one', async () => {
    vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] });
    const cache = cacheOf();
    const wrapped = ['stale', 'expired'].map((name) =>
      cache.wrap(name, async () => 1, {
        ttl: '1m',
        ...(name === 'stale' && { staleWhileRevalidate: '1m' }),
        staleIfError: '1h',
      }),
    );
    for (const one of wrapped) await one();
    vi.setSystemTime(1_090_000);
    const { entries } = await cache.entries();
    expect(
      entries.map(({ path, state, ttlLeftMs, staleLeftMs, errorLeftMs }) => ({
        path,
        state,
        ttlLeftMs,
        staleLeftMs,
        errorLeftMs,
      })),
    ).toEqual([
      { path: 'stale', state: 'stale', ttlLeftMs: -30_000, staleLeftMs: 30_000, errorLeftMs: 3_570_000 },
      { path: 'expired', state: 'expired', ttlLeftMs: -30_000, staleLeftMs: 0, errorLeftMs: 3_570_000 },
    ]);
    vi.useRealTimers();
  });

  it.each([
    [null, 'entries: options'],
    [{ match: '.byId' }, 'match'],
    [{ match: 'po*' }, 'match'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 1_001 }, 'limit'],
    [{ cursor: 'x' }, 'cursor'],
    [{ pattern: 'post.*' }, 'pattern'],
  ])('refuses %j', async (options, named) => {
    const error = await errorOf(() => cacheOf().entries(options as EntriesOptions));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(named) });
  });

  it('needs a store that can list', async () => {
    const cache = cacheOf({ store: faultyStore().store, namespace: 'n' });
    expect(await errorOf(() => cache.entries())).toMatchObject({
      code: 'STORE',
      message: expect.stringContaining('redisStore'),
    });
  });
});

describe.skipIf(!redisAvailable)('the entries of a Redis', () => {
  const redis = useRedis();

  describe.each(['ioredis', 'redis'] as const)('by %s', (kind) => {
    behave(async () => (await redis.open(kind)).store);
  });

  describe('behind a tier', () => {
    behave(async () => tieredStore(memoryStore(), (await redis.open('ioredis')).store));
  });

  describe('over HTTP', () => {
    behave(async () => {
      const gateway = await startGateway({ redisPort: redis.server.port });
      onTestFinished(() => gateway.close());
      return upstashStore(upstashClient(gateway));
    });
  });

  it.each(['ioredis', 'redis'] as const)('are explained by %s in one script that plants nothing', async (kind) => {
    const { store, command } = await redis.open(kind);
    const { cache, as } = appOn(store);
    const absent = await cache.explain('post.byId', 1);
    expect(absent).toMatchObject({ outcome: 'miss', reason: 'absent', tags: ['post:1'] });
    expect(new Set(absent.epochs.map(({ state }) => state))).toEqual(new Set(['missing']));
    expect(Number(await command('DBSIZE'))).toBe(0);
    await as({}).post.byId(1);
    expect(await cache.explain('post.byId', 1)).toMatchObject({ outcome: 'hit', entry: { bytes: 3 } });
    await cache.invalidate({ tag: 'post:1' });
    expect(await cache.explain('post.byId', 1)).toMatchObject({
      reason: 'invalidated',
      why: expect.stringMatching(/^Invalidated since it was stored .* ago: tag post:1\.$/),
    });
    await as({}).post.byId(1);
    await cache.clear();
    expect(await cache.explain('post.byId', 1)).toMatchObject({
      reason: 'invalidated',
      why: expect.stringMatching(/: \*\.$/),
    });
  });

  it('are listed without KEYS, and without reading a body', async () => {
    const { store, command } = await redis.open('ioredis');
    const { cache, as } = appOn(store);
    await as({}).post.byId(200_000);
    await command('CONFIG', 'RESETSTAT');
    expect((await cache.entries()).entries).toMatchObject([{ path: 'post.byId', bytes: 200_002 }]);
    const counted = String(await command('INFO', 'commandstats'));
    const asked = Array.from(counted.matchAll(/cmdstat_(\w+)/g), ([, name]) => name).sort();
    expect(asked.filter((name) => name !== 'info' && name !== 'config')).toEqual(
      expect.arrayContaining(['evalsha', 'getrange', 'mget', 'scan', 'strlen']),
    );
    expect(asked).not.toContain('keys');
    expect(asked).not.toContain('get');
    expect(asked).not.toContain('set');
  });

  it('are told from keys of others, of any type and with any text', async () => {
    const { store, command } = await redis.open('redis');
    const { cache, as } = appOn(store, { namespace: 'odd' });
    await as({}).post.byId(1);
    await command('SET', 'odd:q:text', 'not a frame');
    await command('SET', 'odd:q:frame', '~{"k":"odd:q:other","e":[],"i":[],"s":1,"f":2}\nx');
    await command('SET', 'odd:q:cut', '~{"k":');
    await command('SET', 'odd:q:names', '~{"k":"odd:q:names","e":[7,{}],"i":[],"s":1,"f":2}\nx');
    await command('RPUSH', 'odd:q:list', 'one');
    await command('SET', 'odder:q:text', '~x\n');
    expect((await cache.entries()).entries).toMatchObject([{ path: 'post.byId' }]);
  });
});
