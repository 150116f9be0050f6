import { describe, expect, it } from 'vitest';
import { memoryStore, type Store } from '../../src/index.ts';
import { instrument, instrumentStore, type Meter, type Tracer } from '../../src/opentelemetry/index.ts';
import { cacheOf, counter, errorOf, listen, t } from '../support/app.ts';
import { otel, otelAvailable } from '../support/otel.ts';
import { faultyStore, throwing } from '../support/stores.ts';

const broken = () => {
  throw new Error('telemetry is broken');
};
const span = { setAttribute: broken, setStatus: broken, end: broken };
type Work = (given: typeof span) => unknown;
const tracers: Record<string, (...given: any[]) => unknown> = {
  'a tracer that throws before the work': broken,
  'a tracer that throws after the work': (_, __, work: Work) => {
    work(span);
    broken();
  },
  'a tracer that does the work twice': (_, __, work: Work) => [work(span), work(span)],
  'a tracer that does no work': () => {},
  'a span that throws': (_, __, work: Work) => work(span),
};
const meter = { createHistogram: () => ({ record: broken }) } as unknown as Meter;

describe('telemetry that is broken', () => {
  it.each(Object.keys(tracers))('changes nothing for a store: %s', async (name) => {
    const { store, fault } = faultyStore();
    await expectToWork(
      instrumentStore(store, { tracer: { startActiveSpan: tracers[name] } as unknown as Tracer, meter }),
    );
    expect(store.advance).toHaveBeenCalledTimes(1);
    const watched = instrumentStore(store, { tracer: { startActiveSpan: tracers[name] } as unknown as Tracer });
    for (const fails of [throwing, async () => throwing()]) {
      fault('advance', fails);
      expect(await errorOf(() => watched.advance(['a']))).toMatchObject({ message: 'the store is down' });
    }
  });

  it('changes nothing for a store: a meter that throws', () => expectToWork(instrumentStore(memoryStore(), { meter })));

  it.skipIf(!otelAvailable).each(['onStart', 'onEnd', 'export'])(
    'changes nothing for a store: %s of the SDK',
    async (at) => {
      const parts = await otel();
      const still = { onStart() {}, onEnd() {}, shutdown: async () => {}, forceFlush: async () => {} };
      const exporter = { export: broken, shutdown: async () => {} };
      const processor = at === 'export' ? new parts.SimpleSpanProcessor(exporter) : { ...still, [at]: broken };
      const provider = new parts.BasicTracerProvider({ spanProcessors: [processor] });
      await expectToWork(instrumentStore(faultyStore().store, { tracer: provider.getTracer('test') }));
    },
  );

  it('changes nothing for a cache that is counted', async () => {
    const instruments = { add: broken, record: broken, addCallback() {}, removeCallback() {} };
    const create = () => instruments;
    const counted = { createCounter: create, createHistogram: create, createObservableUpDownCounter: create };
    const { cache, call } = shopOn(memoryStore());
    instrument(cache, { meter: counted as unknown as Meter });
    expect([await call(), await call()]).toEqual([1, 1]);
    expect(await cache.invalidate('list')).toMatchObject({ acknowledged: true });
  });
});

const shopOn = (store: Store) => {
  const cache = cacheOf({ store, namespace: 'shop' });
  const list = t.procedure.use(cache.cached('1h')).query(counter());
  return { cache, call: cache.register(t.router({ list })).createCaller({}).list };
};

/** A miss, a hit, an invalidation and a miss: each as without telemetry. */
async function expectToWork(store: Store) {
  const { cache, call } = shopOn(store);
  const errors = listen(cache, 'error');
  const bypasses = listen(cache, 'bypass');
  expect([await call(), await call()]).toEqual([1, 1]);
  expect(await cache.invalidate('list')).toMatchObject({ acknowledged: true });
  expect(await call()).toBe(2);
  expect([...errors, ...bypasses]).toEqual([]);
  await cache.close();
}
