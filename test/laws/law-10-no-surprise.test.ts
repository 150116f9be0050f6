import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ScopeValue } from '../../src/index.ts';

/** Everything that Workers forbid at module scope, and everything that says something to somebody. */
const forbidden = () => {
  const calls: string[] = [];
  const watch = <T extends object>(name: string, owner: T, method: keyof T & string) => {
    const original = owner[method] as (...args: unknown[]) => unknown;
    vi.spyOn(owner as Record<string, () => unknown>, method).mockImplementation(function (
      this: unknown,
      ...args: unknown[]
    ) {
      const caller = new Error().stack ?? '';
      if (/\/src\/(?!.*node_modules)|lru-cache|superjson|@noble/.test(caller)) calls.push(name);
      return Reflect.apply(original, this, args);
    } as never);
  };
  watch('Date.now', Date, 'now');
  watch('performance.now', performance, 'now');
  watch('Math.random', Math, 'random');
  watch('crypto.getRandomValues', crypto, 'getRandomValues');
  watch('crypto.randomUUID', crypto, 'randomUUID');
  for (const timer of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch'] as const)
    watch(timer, globalThis, timer);
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) watch(`console.${level}`, console, level);
  return calls;
};

describe('law 10: no surprise', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
  });

  test('importing, creating and defining use no clock, no random, no timer, no network, and print nothing', async () => {
    vi.resetModules();
    const { initTRPC } = await import('@trpc/server');
    const { Redis } = await import('@upstash/redis');
    const redis = new Redis({ url: 'http://127.0.0.1:9', token: 'token', enableTelemetry: false });
    const calls = forbidden();
    const { createCache, memoryStore, everyone } = await import('../../src/index.ts');
    const { upstashStore } = await import('../../src/stores/upstash.ts');
    const t = initTRPC.create();
    for (const store of [memoryStore(), upstashStore(redis), upstashStore(redis, { reads: 'nearest' })]) {
      const cache = createCache({ store, namespace: 'n', scope: () => everyone as ScopeValue });
      const router = t.router({
        read: t.procedure.use(cache.cached({ ttl: '1m', tags: ['a'], vary: ['x'] })).query(() => 1),
        write: t.procedure
          .use(cache.settle)
          .use(cache.invalidates('read', { tag: 'a' }))
          .mutation(() => 1),
      });
      cache.register(router);
      cache.http({ router });
      cache.for<typeof router>();
      cache.wrap('top', () => 1, { ttl: '1m' });
      cache.on('hit', () => {});
    }
    expect(calls).toEqual([]);

    const cache = createCache({ scope: 'public' });
    const read = t.procedure.use(cache.cached('1m')).query(() => 1);
    await t.router({ read }).createCaller({}).read();
    expect(calls).toEqual(expect.arrayContaining(['Date.now', 'crypto.getRandomValues'])); // the watch does watch
  });

  test('nothing is printed, whatever goes wrong', async () => {
    const { cacheOf, t } = await import('../support/app.ts');
    const { faultyStore, throwing } = await import('../support/stores.ts');
    const written = vi.spyOn(process.stdout, 'write');
    const complained = vi.spyOn(process.stderr, 'write');
    const { store, fault } = faultyStore();
    const cache = cacheOf({ store, namespace: 'n' });
    const router = t.router({ read: t.procedure.use(cache.cached('1m')).query(() => () => 1) });
    const caller = cache.register(router).createCaller({});
    await caller.read();
    for (const operation of ['lookup', 'fill', 'advance'] as const) fault(operation, throwing);
    await caller.read();
    await cache.invalidate('read').catch(() => {});
    fault('advance');
    await cache.close();
    expect([written.mock.calls, complained.mock.calls]).toEqual([[], []]);
  });

  test('nothing is read from the environment', async () => {
    const { cacheOf, t } = await import('../support/app.ts');
    const read = vi.fn();
    const env = process.env;
    const watched = new Proxy(env, {
      get(target, name) {
        if (/trpc-cached|\/src\//.test(new Error().stack ?? '') && !/node_modules/.test(new Error().stack ?? ''))
          read(name);
        return Reflect.get(target, name);
      },
    });
    process.env = watched;
    const cache = cacheOf();
    await cache
      .register(t.router({ read: t.procedure.use(cache.cached('1m')).query(() => 1) }))
      .createCaller({})
      .read();
    process.env = env;
    expect(read).not.toHaveBeenCalled();
  });

  test('two caches know nothing of each other', async () => {
    const { cacheOf, counter, t } = await import('../support/app.ts');
    const run = counter();
    for (const cache of [cacheOf(), cacheOf()]) {
      await cache
        .register(t.router({ read: t.procedure.use(cache.cached('1m')).query(run) }))
        .createCaller({})
        .read();
    }
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('a store that is a function is opened at first use, with the context of that call, and once', async () => {
    const { cacheOf, t } = await import('../support/app.ts');
    const { memoryStore } = await import('../../src/index.ts');
    const open = vi.fn((_opts: { ctx: unknown }) => memoryStore());
    const cache = cacheOf({ store: open, namespace: 'n' });
    const router = cache.register(
      t.router({
        read: t.procedure.use(cache.cached('1m')).query(() => 1),
        write: t.procedure.use(cache.invalidates('read')).mutation(() => 1),
      }),
    );
    expect(open).not.toHaveBeenCalled();
    const ctx = { user: { id: 'ann' } };
    await router.createCaller(ctx).write();
    await router.createCaller({}).read();
    expect(open.mock.calls).toEqual([[{ ctx }]]);
  });

  test('every error that options cause names the option and what to write', async () => {
    const { createCache, CacheError } = await import('../../src/index.ts');
    const wrong: [object, string][] = [
      [{}, 'scope'],
      [{ scope: 'private' }, 'scope'],
      [{ scope: 'public', store: {} }, 'store'],
      [{ scope: 'public', store: () => {} }, 'namespace'],
      [{ scope: 'public', namespace: '' }, 'namespace'],
      [{ scope: 'public', enabled: 'yes' }, 'enabled'],
      [{ scope: 'public', version: 1 }, 'version'],
      [{ scope: 'public', waitUntil: true }, 'waitUntil'],
      [{ scope: 'public', timeouts: { read: 0 } }, 'timeouts.read'],
      [{ scope: 'public', timeouts: { wait: 1 } }, 'wait'],
      [{ scope: 'public', transformer: {} }, 'transformer'],
      [{ scope: 'public', defaults: { ttl: 'soon' } }, 'ttl'],
      [{ scope: 'public', ttl: '1m' }, 'ttl'],
    ];
    for (const [options, option] of wrong) {
      expect(() => createCache(options as never), option).toThrow(CacheError);
      expect(() => createCache(options as never), option).toThrow(option);
    }
  });
});
