import { unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { blocksOf, root } from '../docs/pages.ts';
import { cacheOf, counter, t } from '../support/app.ts';
import { otel, otelAvailable } from '../support/otel.ts';
import { faultyStore, throwing } from '../support/stores.ts';

describe.skipIf(!otelAvailable)('the examples of docs/observability.md do what they say', () => {
  // Where the packages are that they import.
  const folder = `${root}test/parts/otel/page-${process.pid}`;
  afterEach(() => vi.unstubAllGlobals());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  let files = 0;
  /** Runs the block of the page that holds a text, with a cache as its `cache`. */
  const run = async (text: string, globals: Record<string, unknown> = {}, change = (code: string) => code) => {
    const { store, fault } = faultyStore();
    const cache = cacheOf({ namespace: 'shop', store });
    const list = t.procedure.use(cache.cached('1h')).query(counter());
    const { list: call } = cache.register(t.router({ list })).createCaller({});
    const blocks = blocksOf('docs/observability.md').filter(({ code }) => code.includes(text));
    expect(blocks).toHaveLength(1);
    for (const [name, value] of Object.entries({ cache, ...globals })) vi.stubGlobal(name, value);
    mkdirSync(folder, { recursive: true });
    const file = `${folder}/block-${++files}.ts`;
    writeFileSync(file, change(blocks[0]?.code ?? ''));
    await import(/* @vite-ignore */ file);
    return { cache, call, fault };
  };

  it('metrics', async () => {
    const { metrics } = await otel();
    const add = vi.fn();
    const instrument = () => ({ add, record() {}, addCallback() {}, removeCallback() {} });
    const meter = { createCounter: instrument, createHistogram: instrument, createObservableUpDownCounter: instrument };
    metrics.setGlobalMeterProvider({ getMeter: () => meter });
    try {
      const { call } = await run('instrument(cache');
      await call();
      expect(add).toHaveBeenCalledWith(1, expect.objectContaining({ 'rpc.method': 'list' }));
    } finally {
      metrics.disable();
    }
  });

  it('spans', async () => {
    await run('instrumentStore(', { redis: { pipeline() {} } });
  });

  it('the diagnostics channel', async () => {
    const report = vi.fn();
    const { call, fault } = await run('publishEvents(', { report, keep: undefined }, (code) =>
      code.replace("'trpc-cached:bypass', (message)", "'trpc-cached:bypass', (globalThis as any).keep = (message)"),
    );
    fault('lookup', throwing);
    await call();
    unsubscribe('trpc-cached:bypass', (globalThis as any).keep);
    expect(report).toHaveBeenCalledWith(undefined, { namespace: 'shop', path: 'list', reason: 'store' });
  });

  it('pino', async () => {
    const lines: any[] = [];
    const sink = { write: (line: string) => void lines.push(JSON.parse(line)) };
    const { cache, call, fault } = await run("from 'pino'", { sink }, (code) =>
      code.replace("pino({ name: 'cache' })", "pino({ name: 'cache' }, (globalThis as any).sink)"),
    );
    await call();
    await call();
    expect(lines).toEqual([]);
    const down = () => {
      throw Object.assign(new Error('SET mail:ann@example.com'), { code: 'ECONNRESET' });
    };
    fault('lookup', down);
    await call();
    expect(lines).toMatchObject([
      { msg: 'the store failed', operation: 'lookup', err: { name: 'Error', code: 'ECONNRESET' } },
      { msg: 'not cached', path: 'list', reason: 'store' },
    ]);
    fault('advance', down);
    await cache.invalidate('list', { tag: 'mail:ann@example.com' }).catch(() => {});
    expect(lines.at(-1)).toMatchObject({ msg: 'an invalidation waits for the store', targets: 2 });
    fault('advance');
    await cache.invalidate({ path: 'list', key: 'ann@example.com' });
    expect(lines.at(-1)).toMatchObject({ msg: 'invalidated more than was asked', reason: expect.any(String) });
    // Neither the error of the client nor a target names anybody.
    expect(JSON.stringify(lines)).not.toContain('ann@');
    fault('advance');
    await cache.close();
  });

  it('the console', async () => {
    const debug = vi.spyOn(console, 'debug').mockReturnValue();
    const { call } = await run('console.debug(');
    await call();
    await call();
    expect(debug.mock.calls.map(([name]) => name)).toEqual(['miss', 'fill', 'hit']);
  });
});
