import { lazy } from '@trpc/server';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Explanation, everyone, memoryStore } from '../../src/index.ts';
import { ann, bob, errorOf, t } from '../support/app.ts';
import { appOf } from './explain-app.ts';

const stateOf = ({ epochs }: Explanation, target: string) => epochs.find((epoch) => epoch.target === target)?.state;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date', 'setTimeout', 'clearTimeout', 'performance'] });
  return () => vi.useRealTimers();
});

describe('an explanation', () => {
  it('of what nobody asked for yet is a miss, and leaves the store as it was', async () => {
    const store = memoryStore();
    const fill = vi.spyOn(store, 'fill');
    const advance = vi.spyOn(store, 'advance');
    const { cache, run } = appOf({ store });
    const told = await cache.explain('post.byId', { id: 1 });
    expect(told).toMatchObject({ outcome: 'miss', reason: 'absent', path: 'post.byId', tags: ['feed'] });
    expect(told.epochs.map(({ state }) => state)).toEqual(told.epochs.map(() => 'missing'));
    expect(told.epochs.map(({ target }) => target)).toEqual(
      expect.arrayContaining([
        '*',
        'post.*',
        'post.byId',
        'post.byId (input)',
        'tag feed',
        'scope',
        'post.byId (scope)',
      ]),
    );
    // Planted epochs would be there the second time.
    expect(await cache.explain('post.byId', { id: 1 })).toEqual(told);
    expect(run).not.toHaveBeenCalled();
    expect(fill).not.toHaveBeenCalled();
    expect(advance).not.toHaveBeenCalled();
  });

  it('follows an entry from its fill over its stale window to its end', async () => {
    const { cache, as } = appOf();
    await as({}).byId({ id: 1 });
    vi.advanceTimersByTime(20_000);
    expect(await cache.explain('post.byId', { id: 1 })).toMatchObject({
      outcome: 'hit',
      reason: 'fresh',
      why: 'Stored 20 s ago, fresh for another 40 s.',
      entry: { storedAt: 1_000_000, ageMs: 20_000, ttlLeftMs: 40_000, staleLeftMs: 30_000, errorLeftMs: 0, bytes: 1 },
    });
    expect(await cache.explain('post.byId', { id: 2 })).toMatchObject({ outcome: 'miss', reason: 'absent' });
    vi.advanceTimersByTime(50_000);
    expect(await cache.explain('post.byId', { id: 1 })).toMatchObject({
      outcome: 'stale',
      reason: 'revalidating',
      why: 'Expired 10 s ago: given for another 20 s, while the procedure runs behind the response.',
    });
  });

  it.each([
    ['post.*', 'post.*'],
    ['post.byId', 'post.byId'],
    [{ path: 'post.byId', input: { id: 1 } }, 'post.byId (input)'],
    [{ tag: 'feed' }, 'tag feed'],
    [{ scope: everyone }, 'scope'],
  ] as const)('says that %j made the entry unusable', async (target, label) => {
    const { cache, as } = appOf();
    await as({}).byId({ id: 1 });
    await cache.invalidate(target as never);
    const told = await cache.explain('post.byId', { id: 1 });
    expect(told).toMatchObject({ outcome: 'miss', reason: 'invalidated' });
    expect(told.why).toContain(label);
    expect(stateOf(told, label)).toBe('invalidated');
    expect(told.epochs.filter(({ state }) => state !== 'unchanged')).toEqual([{ target: label, state: 'invalidated' }]);
  });

  it('says that an invalidation expired the entry, and that it is given all the same', async () => {
    const { cache, as } = appOf();
    await as({}).byId({ id: 1 });
    await cache.invalidate('post.byId', { mode: 'expire' });
    const told = await cache.explain('post.byId', { id: 1 });
    expect(told).toMatchObject({ outcome: 'stale', reason: 'revalidating' });
    expect(told.why).toMatch(/^Expired by an invalidation \(post\.byId\): given for another/);
  });

  it('agrees with the call that follows it', async () => {
    const { cache, as, run } = appOf();
    const outcomes: string[] = [];
    for (const name of ['hit', 'miss', 'stale', 'bypass'] as const) cache.on(name, () => outcomes.push(name));
    const meet = async (work: (posts: ReturnType<typeof as>) => Promise<unknown>, path: string, input?: unknown) => {
      const { outcome } = await cache.explain(path, input, ann);
      await work(as(ann));
      expect([path, outcomes.pop()]).toEqual([path, outcome]);
      outcomes.length = 0;
    };
    for (let round = 0; round < 3; round++) {
      await meet((posts) => posts.byId({ id: 1 }), 'post.byId', { id: 1 });
      await meet((posts) => posts.list(), 'post.list');
      await meet((posts) => posts.draft(), 'post.draft');
      await meet((posts) => posts.never(), 'post.never');
      await meet((posts) => posts.broken(), 'post.broken');
      await meet((posts) => posts.spoken(), 'post.spoken');
      await meet((posts) => posts.guarded(), 'post.guarded');
      vi.advanceTimersByTime(40_000 * round);
      if (round === 1) await cache.invalidate('post.list');
    }
    expect(run).toHaveBeenCalled();
  });

  it.each([
    ['post.never', undefined, 'when'],
    ['post.broken', undefined, 'callback'],
    ['post.spoken', undefined, 'vary'],
    ['post.guarded', undefined, 'middleware-behind'],
    ['post.raw', undefined, 'uncached'],
    ['post.rename', undefined, 'uncached'],
    ['post.byId', { id: 'secret-7' }, 'input'],
    ['post.byId', () => 'secret-7', 'input'],
  ] as const)('of %s is a bypass, and says why without showing a value', async (path, input, reason) => {
    const { cache } = appOf();
    const told = await cache.explain(path, input, { user: { id: 'secret-7' } });
    expect(told).toMatchObject({ outcome: 'bypass', reason, epochs: [], why: expect.stringMatching(/^[A-Z`].*\.$/) });
    expect(JSON.stringify(told)).not.toContain('secret-7');
  });

  it('of a switched-off cache, and of a forgotten scope, is a bypass', async () => {
    expect(await appOf({ enabled: false }).cache.explain('post.list')).toMatchObject({
      reason: 'disabled',
      why: '`enabled` switches the cache off: the procedure runs without it.',
    });
    const { cache } = appOf({ scope: (() => undefined) as never });
    expect(await cache.explain('post.list')).toMatchObject({ outcome: 'bypass', reason: 'scope' });
  });

  it('asks with the headers it is given', async () => {
    const { cache } = appOf({ headers: ({ ctx }) => ctx.headers });
    const of = (language: string) =>
      cache.explain('post.spoken', undefined, {}, { headers: { 'accept-language': language } });
    const [en, de] = [await of('en'), await of('de')];
    expect(en).toMatchObject({ outcome: 'miss', vary: ['accept-language'] });
    expect(en.key).not.toBe(de.key);
  });

  it('shows whose entry it is by a digest, and of the tags of one scope no more than what is before a colon', async () => {
    const { cache, as } = appOf();
    await as(ann).draft();
    const hers = await cache.explain('post.draft', undefined, ann);
    expect(hers).toMatchObject({ outcome: 'hit', scope: { kind: 'private', id: expect.stringMatching(/^#.{8}$/) } });
    expect(hers.tags).toEqual([expect.stringMatching(/^user:#.{8}$/)]);
    expect(JSON.stringify(hers)).not.toContain('ann');
    const his = await cache.explain('post.draft', undefined, bob);
    expect(his).toMatchObject({ outcome: 'miss', reason: 'absent' });
    expect(his.scope?.id).not.toBe(hers.scope?.id);
    // Somebody who knows no context can say whose entry is meant.
    const named = await cache.explain('post.draft', undefined, ann, { scope: 'ann' });
    expect(named).toEqual(hers);
    expect(await cache.explain('post.draft', undefined, {}, { scope: null })).toMatchObject({
      scope: { kind: 'signed-out' },
    });
    expect(await cache.explain('post.list')).toMatchObject({ scope: { kind: 'everyone' } });
  });

  it('shows keys without inputs, and is plain', async () => {
    const { cache, as } = appOf({ hashKeys: false });
    await as({}).byId({ id: 4711 });
    const told = await cache.explain('post.byId', { id: 4711 });
    expect(told.key).toMatch(/^default:q:::\w+:post\.byId:#[\w-]{43}$/);
    expect(JSON.parse(JSON.stringify(told))).toEqual(told);
    expect(JSON.stringify(told)).not.toContain('4711');
  });

  it('says the same where keys are hashed, and shows the tags by their digests', async () => {
    const store = memoryStore();
    const fill = vi.spyOn(store, 'fill');
    const { cache, as } = appOf({ store, hashKeys: true });
    await as({}).byId({ id: 4711 });
    await cache.invalidate({ path: 'post.byId', input: { id: 4711 } });
    const told = await cache.explain('post.byId', { id: 4711 });
    expect(told).toMatchObject({
      reason: 'invalidated',
      scope: { kind: 'everyone' },
      tags: [expect.stringMatching(/^#.{8}$/)],
    });
    expect(told.key).toBe(fill.mock.calls[0]?.[0].entry.key);
    expect(cache.status()).toMatchObject({ hashKeys: true });
    expect(stateOf(told, 'post.byId (input)')).toBe('invalidated');
    expect(await cache.explain('post.draft', undefined, ann)).toMatchObject({ scope: { kind: 'private' } });
    expect((await cache.entries()).entries).toMatchObject([{ path: 'post.byId', scope: { kind: 'everyone' } }]);
  });

  it.each([
    [null, 'explain: options'],
    ['accept-language', 'explain: options'],
    [{ header: {} }, 'header'],
    [{ headers: 'accept-language: de' }, 'explain: headers'],
    [{ headers: null }, 'explain: headers'],
  ])('refuses %j in place of its options', async (options, part) => {
    const error = await errorOf(() => appOf().cache.explain('post.list', undefined, {}, options as never));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(part) });
  });

  it('needs a path that a registered router has', async () => {
    const { cache } = appOf();
    const error = await errorOf(() => cache.explain('post.other'));
    expect(error).toMatchObject({ code: 'UNKNOWN_PATH', message: expect.stringContaining('cache.register') });
  });

  it('of what a lazy router has says that it may not be loaded, and explains it once it is', async () => {
    const { cache } = appOf();
    const post = t.router({ list: t.procedure.use(cache.cached('1m')).query(() => 1) });
    const router = cache.register(t.router({ v2: lazy(async () => ({ post })) }), { mount: 'later' });
    const path = 'later.v2.list';
    expect(await errorOf(() => cache.explain(path))).toMatchObject({
      code: 'UNKNOWN_PATH',
      message: `explain: "${path}" is not a procedure of a registered router, as far as these are loaded. Register the router with cache.register, check the path, and load a lazy router first: call one of its procedures.`,
    });
    await router.createCaller({}).v2.list();
    expect(await cache.explain(path)).toMatchObject({ outcome: 'hit' });
  });
});
