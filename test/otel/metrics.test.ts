import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createEmitter } from '../../src/events.ts';
import { memoryStore } from '../../src/index.ts';
import { instrument } from '../../src/opentelemetry/index.ts';
import { ann, cacheOf, counter, t } from '../support/app.ts';
import { otelAvailable } from '../support/otel.ts';
import { faultyStore, throwing } from '../support/stores.ts';
import { type Series, startSdk } from './sdk.ts';

describe.skipIf(!otelAvailable)('metrics of a cache', () => {
  let sdk: Awaited<ReturnType<typeof startSdk>>;
  beforeAll(async () => {
    sdk = await startSdk();
  });
  afterAll(() => sdk?.stop());

  let caches = 0;
  const shop = (options: Parameters<typeof cacheOf>[0] = {}) => {
    const namespace = `shop-${++caches}`;
    const cache = cacheOf({ namespace, ...options });
    const byId = t.procedure
      .input(z.object({ id: z.number() }))
      .use(cache.cached('1h'))
      .query(counter());
    const rename = t.procedure
      .input(z.object({ secret: z.string() }))
      .use(cache.invalidates('post.*'))
      .mutation(() => 'ok');
    const caller = cache.register(t.router({ post: t.router({ byId, rename }) })).createCaller(ann);
    /** The series of this cache alone. */
    const series = async () =>
      (await sdk.series()).filter(({ attributes }) => attributes['trpc_cached.namespace'] === namespace);
    return { cache, caller, series };
  };
  const of = (series: readonly Series[], name: string) =>
    series
      .filter((one) => one.name === name)
      .map(({ attributes: { 'trpc_cached.namespace': _, ...attributes }, value }) => [attributes, value]);

  it('count calls by what came of them, and measure what was stored and served', async () => {
    const { cache, caller, series } = shop();
    instrument(cache, { meter: sdk.meter });
    await caller.post.byId({ id: 1 });
    await caller.post.byId({ id: 1 });
    await caller.post.byId({ id: 1 });
    await caller.post.rename({ secret: 'geheim' });
    const found = await series();
    const path = { 'rpc.method': 'post.byId' };
    expect(of(found, 'trpc_cached.requests')).toEqual([
      [{ ...path, 'trpc_cached.request.result': 'miss', 'trpc_cached.request.coalesced': false }, 1],
      [{ ...path, 'trpc_cached.request.result': 'hit' }, 2],
    ]);
    expect(of(found, 'trpc_cached.entry.size')).toEqual([[path, expect.objectContaining({ count: 1, sum: 1 })]]);
    expect(of(found, 'trpc_cached.entry.age')).toMatchObject([[path, { count: 2 }]]);
    expect(of(found, 'trpc_cached.run.duration')).toMatchObject([[path, { count: 1 }]]);
    expect(of(found, 'trpc_cached.invalidations')).toEqual([[{ 'trpc_cached.invalidation.acknowledged': true }, 1]]);
    expect(new Set(found.map(({ name, unit }) => `${name} ${unit}`))).toEqual(
      new Set([
        'trpc_cached.requests {request}',
        'trpc_cached.invalidations {invalidation}',
        'trpc_cached.entry.age s',
        'trpc_cached.entry.size By',
        'trpc_cached.run.duration s',
        'trpc_cached.breaker.status 1',
        'trpc_cached.invalidations.waiting {epoch}',
      ]),
    );
  });

  it('have as many series as there are procedures and outcomes, whatever is asked, and hold nothing of a user', async () => {
    const { cache, caller, series } = shop();
    instrument(cache, { meter: sdk.meter });
    const wrapped = Array.from({ length: 30 }, (_, index) =>
      cache.wrap(`top-${index}`, async () => index, { ttl: '1h' }),
    );
    for (const one of wrapped) await one();
    await caller.post.byId({ id: 1 });
    const before = (await series()).length;
    for (let id = 100; id < 150; id++) await caller.post.byId({ id });
    const after = await series();
    expect(after.length).toBe(before);
    expect(new Set(after.map(({ attributes }) => attributes['rpc.method']))).toEqual(
      new Set(['_OTHER', 'post.byId', undefined]),
    );
    const text = JSON.stringify(after.map(({ attributes }) => attributes));
    for (const secret of ['ann', 'geheim', '"id"', 'top-']) expect(text).not.toContain(secret);
  });

  it('know the names that they are given, and routers that are registered later', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1_000);
    const cache = cacheOf({ namespace: 'late' });
    instrument(cache, { meter: sdk.meter, paths: ['top'] });
    await cache.wrap('top', async () => 1, { ttl: '1h' })();
    await cache.wrap('flop', async () => 1, { ttl: '1h' })();
    const now = t.procedure.use(cache.cached('1h')).query(() => 1);
    const caller = cache.register(t.router({ now })).createCaller({});
    await caller.now(); // it has asked a moment ago
    clock.mockReturnValue(2_000);
    await caller.now();
    const seen = (await sdk.series()).filter(({ attributes }) => attributes['trpc_cached.namespace'] === 'late');
    expect(of(seen, 'trpc_cached.requests').map(([{ 'rpc.method': path }, value]) => [path, value])).toEqual([
      ['top', 1],
      ['_OTHER', 2],
      ['now', 1],
    ]);
    clock.mockRestore();
  });

  it('tell that a store fails: bypasses, errors without their messages, the breaker, what waits', async () => {
    const { store, fault } = faultyStore({ inner: memoryStore() });
    const { cache, caller, series } = shop({ store });
    instrument(cache, { meter: sdk.meter });
    const status = async () => {
      const found = await series();
      const states = of(found, 'trpc_cached.breaker.status').map(([{ 'trpc_cached.breaker.state': name }, value]) => [
        name,
        value,
      ]);
      return { ...Object.fromEntries(states), waiting: of(found, 'trpc_cached.invalidations.waiting')[0]?.[1] };
    };
    expect(await status()).toEqual({ closed: 1, 'half-open': 0, open: 0, waiting: 0 });
    fault('lookup', () => {
      throw Object.assign(new Error('SET user:ann geheim'), { code: 'ECONNRESET' });
    });
    for (let id = 0; id < 6; id++) await caller.post.byId({ id });
    fault('advance', throwing);
    await caller.post.rename({ secret: 'geheim' });
    expect(await status()).toEqual({ closed: 0, 'half-open': 0, open: 1, waiting: expect.any(Number) });
    expect((await status()).waiting).toBeGreaterThan(0);
    const found = await series();
    expect(of(found, 'trpc_cached.requests')).toEqual([
      [{ 'rpc.method': 'post.byId', 'trpc_cached.request.result': 'bypass', 'trpc_cached.reason': 'store' }, 6],
    ]);
    expect(of(found, 'trpc_cached.errors')).toEqual(
      expect.arrayContaining([[{ 'trpc_cached.operation': 'lookup', 'error.type': 'ECONNRESET' }, 5]]),
    );
    expect(JSON.stringify(found)).not.toContain('geheim');
    fault('advance');
    await cache.close();
  });

  it('are in seconds and bytes', () => {
    const emitter = createEmitter();
    const status = () => ({ namespace: 'units', procedures: [], breaker: { state: 'closed' }, waiting: 0 });
    const recorded: unknown[] = [];
    const instruments = {
      createCounter: () => ({ add() {} }),
      createHistogram: (name: string) => ({ record: (value: number) => void recorded.push([name, value]) }),
      createObservableUpDownCounter: () => ({ addCallback() {}, removeCallback() {} }),
    };
    instrument({ on: emitter.on, status } as never, { meter: instruments as never });
    emitter.emit('hit', { path: 'a', ageMs: 1_500 });
    emitter.emit('stale', { path: 'a', ageMs: 2_500, reason: 'error' });
    emitter.emit('fill', { path: 'a', bytes: 7, ttlMs: 60_000, ranMs: 20 });
    expect(recorded).toEqual([
      ['trpc_cached.entry.age', 1.5],
      ['trpc_cached.entry.age', 2.5],
      ['trpc_cached.entry.size', 7],
      ['trpc_cached.run.duration', 0.02],
    ]);
  });

  it('stop', async () => {
    const { cache, caller, series } = shop();
    const stop = instrument(cache, { meter: sdk.meter });
    await caller.post.byId({ id: 1 });
    stop();
    await caller.post.byId({ id: 1 });
    const found = await series();
    expect(of(found, 'trpc_cached.requests')).toMatchObject([[{ 'trpc_cached.request.result': 'miss' }, 1]]);
    expect(of(found, 'trpc_cached.breaker.status')).toEqual([]);
  });

  it('count once, however often somebody asks for it, until it is stopped', async () => {
    const { cache, caller, series } = shop();
    const stop = instrument(cache, { meter: sdk.meter });
    expect(instrument(cache, { meter: sdk.meter })).toBe(stop);
    await caller.post.byId({ id: 1 });
    const misses = async () => of(await series(), 'trpc_cached.requests').map(([, value]) => value);
    expect(await misses()).toEqual([1]);
    stop();
    const again = instrument(cache, { meter: sdk.meter });
    stop(); // that one is over
    await cache.clear();
    await caller.post.byId({ id: 1 });
    expect(await misses()).toEqual([2]);
    again();
  });

  it('refuse what is no meter', () => {
    const { cache } = shop();
    expect(() => instrument(cache, { meter: {} as never })).toThrow(/metrics\.getMeter/);
    expect(() => instrument(cache, { meter: sdk.meter, path: ['a'] } as never)).toThrow(/unknown option "path"/);
    expect(() => instrument(cache, { meter: sdk.meter, paths: [7] as never })).toThrow(/a list of names/);
  });
});
