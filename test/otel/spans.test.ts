import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { memoryStore, type Store } from '../../src/index.ts';
import { instrumentStore, type Meter } from '../../src/opentelemetry/index.ts';
import { describeStore } from '../stores/contract.ts';
import { cacheOf, errorOf, t } from '../support/app.ts';
import { otelAvailable } from '../support/otel.ts';
import { faultyStore } from '../support/stores.ts';
import { startSdk } from './sdk.ts';

const [internal, client, errorStatus] = [0, 2, 2];

// A meter that keeps nothing, so that this runs without the packages, too.
const meter = { createHistogram: () => ({ record() {} }) } as unknown as Meter;
describeStore('memory, instrumented', () => instrumentStore(memoryStore(), { meter }));

describe.skipIf(!otelAvailable)('spans of a store', () => {
  let sdk: Awaited<ReturnType<typeof startSdk>>;
  beforeAll(async () => {
    sdk = await startSdk();
  });
  afterEach(() => sdk?.forget());
  afterAll(() => sdk?.stop());

  const appOn = (store: Store) => {
    const cache = cacheOf({ store, namespace: 'shop' });
    const list = t.procedure.use(cache.cached('1h')).query(() => 'all');
    return { cache, caller: cache.register(t.router({ list })).createCaller({}) };
  };

  it('are children of the span that is active where the call is made', async () => {
    const { store } = faultyStore();
    const { cache, caller } = appOn(instrumentStore({ ...store, name: 'redis' }, { tracer: sdk.tracer }));
    const first = await sdk.inSpan(() => caller.list());
    const second = await sdk.inSpan(() => caller.list());
    const third = await sdk.inSpan(() => cache.invalidate('list', { tag: 'author:secret' }));
    const spans = sdk.spans().filter(({ name }) => name !== 'request');
    expect(spans.map(({ name, parent, kind }) => [name, parent, kind])).toEqual([
      ['lookup redis', first, client],
      ['fill redis', first, client],
      ['lookup redis', second, client],
      ['advance redis', third, client],
    ]);
    const system = { 'db.system.name': 'redis', 'trpc_cached.store': 'redis' };
    expect(spans.map(({ attributes }) => attributes)).toEqual([
      { ...system, 'db.operation.name': 'lookup', 'trpc_cached.lookup.found': false },
      { ...system, 'db.operation.name': 'fill', 'trpc_cached.fill.answer': 'stored' },
      { ...system, 'db.operation.name': 'lookup', 'trpc_cached.lookup.found': true },
      { ...system, 'db.operation.name': 'advance', 'trpc_cached.epochs': 3 },
    ]);
    expect(JSON.stringify(spans)).not.toContain('secret');
    await cache.close();
  });

  it('are active while the store works, so that spans of its client are below them, and not afterwards', async () => {
    const { store, fault } = faultyStore();
    fault('advance', async () => {
      await sdk.inSpan(async () => {});
      await sdk.inSpan(async () => {});
    });
    const watched = instrumentStore(store, { tracer: sdk.tracer });
    const request = await sdk.inSpan(async () => {
      await watched.advance(['a']);
      await sdk.inSpan(async () => {});
    });
    const [first, second, advance, after] = sdk.spans();
    expect([first?.name, advance?.name, advance?.parent, after?.parent]).toEqual([
      'request',
      'advance faulty',
      request,
      request,
    ]);
    expect(first?.parent).toBe(second?.parent);
    expect([undefined, request]).not.toContain(first?.parent);
  });

  it('say which kind of error ended an operation, without its message, and pass it on', async () => {
    const { store, fault } = faultyStore();
    const watched = instrumentStore(store, { tracer: sdk.tracer, meter: sdk.meter, system: 'redis' });
    const fails = async (error: unknown) => {
      fault('advance', () => {
        throw error;
      });
      expect(await errorOf(() => watched.advance(['secret']))).toBe(error);
      fault('advance', () => Promise.reject(error));
      expect(await errorOf(() => watched.advance(['secret']))).toBe(error);
      const [thrown, rejected] = sdk.spans();
      expect(thrown).toEqual(rejected);
      sdk.forget();
      return [thrown?.status, thrown?.attributes['error.type']];
    };
    expect(await fails(new Error('redisStore: OOM command not allowed, secret'))).toEqual([
      { code: errorStatus },
      'OOM',
    ]);
    expect(await fails(Object.assign(new Error('secret'), { code: 'ETIMEDOUT' }))).toEqual([
      { code: errorStatus },
      'ETIMEDOUT',
    ]);
    expect(await fails(Object.assign(new TypeError('secret'), { code: 'user-7' }))).toEqual([
      { code: errorStatus },
      'TypeError',
    ]);
    expect(await fails('secret')).toEqual([{ code: errorStatus }, '_OTHER']);
    const durations = (await sdk.series()).filter(({ name }) => name === 'db.client.operation.duration');
    expect(durations.map(({ attributes, unit, value }) => [attributes['error.type'], unit, value.count])).toEqual(
      ['OOM', 'ETIMEDOUT', 'TypeError', '_OTHER'].map((type) => [type, 's', 2]),
    );
    expect(durations[0]?.value.buckets.boundaries).toEqual([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]);
    expect(durations[0]?.attributes).toEqual({
      'db.system.name': 'redis',
      'db.operation.name': 'advance',
      'trpc_cached.store': 'faulty',
      'error.type': 'OOM',
    });
  });

  it('leave a store of the process at once, and are internal to it', async () => {
    const store = instrumentStore(memoryStore(), { tracer: sdk.tracer });
    const answer = store.lookup({ key: 'a', epochs: [], keepMs: 1_000 });
    expect(answer).toMatchObject({ ids: [], entry: undefined });
    expect(sdk.spans()).toMatchObject([{ kind: internal, attributes: { 'db.system.name': 'memory' } }]);
  });

  it('keep all that a store is able to, also one that is a class', async () => {
    class Own {
      readonly name = 'own';
      readonly supports = { local: true };
      readonly #inner = memoryStore();
      lookup: Store['lookup'] = (request) => this.#inner.lookup(request);
      fill: Store['fill'] = (request) => this.#inner.fill(request);
      advance: Store['advance'] = (...given) => this.#inner.advance(...given);
      partOf(key: string) {
        return this.name.length + key.length;
      }
      subscribe() {
        return () => this.name;
      }
      close() {
        return this.#inner.close?.();
      }
    }
    const store = instrumentStore(new Own(), { tracer: sdk.tracer });
    expect(store.partOf?.('12')).toBe(5);
    expect(store.subscribe?.({ moved() {}, lost() {} })()).toBe('own');
    expect(() => store.close?.()).not.toThrow();
    expect(store.lease).toBeUndefined();
    expect(Object.keys(instrumentStore(memoryStore(), { tracer: sdk.tracer })).sort()).toEqual(
      Object.keys(memoryStore()).sort(),
    );
  });

  it('refuse what is no store, no tracer and no meter', () => {
    expect(() => instrumentStore({} as never, { tracer: sdk.tracer })).toThrow(/a store such as redisStore/);
    expect(() => instrumentStore(memoryStore(), {})).toThrow(/trace\.getTracer/);
    expect(() => instrumentStore(memoryStore(), { tracer: sdk.tracer, sytem: 'redis' } as never)).toThrow(/sytem/);
  });
});
