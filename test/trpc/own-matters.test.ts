import { TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import type { CachedOptions } from '../../src/index.ts';
import { cacheOf, deferred, errorOf, listen, requester, t } from '../support/app.ts';
import { pass, useClock } from '../support/http-checks.ts';

/** A query that waits, and leaves out what it could not get in time: it fails for nobody. */
const patient = () => {
  const cache = cacheOf();
  const gates = [deferred(), deferred()];
  let runs = 0;
  const rows = t.procedure.use(cache.cached('1h')).query(async ({ signal }) => {
    await gates[runs++]?.promise;
    return signal?.aborted === true ? [] : [1, 2, 3];
  });
  const router = cache.register(t.router({ rows }));
  const call = (signal?: AbortSignal) => router.createCaller({}, signal && { signal }).rows();
  return { cache, gates, call, runs: () => runs };
};

describe('a caller who hangs up', () => {
  test('leaves no half answer to who waited, nor in the cache', async () => {
    const { cache, gates, call, runs } = patient();
    const skips = listen(cache, 'skip');
    const gone = new AbortController();
    const first = call(gone.signal);
    const waiting = [call(), call()];
    gone.abort();
    gates[0]?.resolve();
    expect(await first).toEqual([]);
    gates[1]?.resolve();
    expect(await Promise.all(waiting)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(await call()).toEqual([1, 2, 3]);
    expect([runs(), skips]).toEqual([2, [{ path: 'rows', reason: 'unfinished' }]]);
  });

  test('has no failure of their own remembered for others', async () => {
    const cache = cacheOf();
    const slow = t.procedure.use(cache.cached({ ttl: '1m', errors: { TIMEOUT: '1m' } })).query(({ signal }) => {
      if (signal?.aborted === true) throw new TRPCError({ code: 'TIMEOUT', message: 'stopped' });
      return 'fine';
    });
    const router = cache.register(t.router({ slow }));
    await errorOf(() => router.createCaller({}, { signal: AbortSignal.abort() }).slow());
    expect(await router.createCaller({}).slow()).toBe('fine');
  });
});

describe('a request that says how it wants to be answered', () => {
  useClock();

  const site = async (options: CachedOptions<any, any>) => {
    const cache = cacheOf({ http: { requestDirectives: 'honor' } });
    let isDown = false;
    let isPrivate = false;
    const q = t.procedure.use(cache.cached(options)).query((opts) => {
      if (isDown) throw new Error('down');
      if (isPrivate) cache.control(opts).noStore();
      return 'good';
    });
    const send = await requester(cache.http({ router: t.router({ q }) }) as never);
    const get = async (directive = '') => {
      const reply = await send('q', { headers: directive === '' ? {} : { 'cache-control': directive } });
      return `${reply.status} ${reply.headers.get('x-cache')}`;
    };
    const set = (what: { isDown?: boolean; isPrivate?: boolean }) =>
      ({ isDown = isDown, isPrivate = isPrivate } = what);
    return { get, set };
  };

  test('only-if-cached fails for itself, even where such failures are stored', async () => {
    const { get } = await site({ ttl: '1m', errors: { GATEWAY_TIMEOUT: '1m' } });
    expect(await get('only-if-cached')).toMatch(/^504/);
    expect(await get()).toBe('200 MISS');
  });

  test('no-store takes nothing from others: what they fall back to stays', async () => {
    const { get, set } = await site({ ttl: '1s', staleIfError: '1h' });
    await get();
    pass(2);
    expect(await get('no-store')).toBe('200 MISS');
    set({ isDown: true });
    expect(await get()).toBe('200 STALE');
  });

  test('max-stale takes nothing for an answer where the procedure took its answer back', async () => {
    const { get, set } = await site({ ttl: '1s', staleIfError: '1h' });
    await get();
    pass(2);
    set({ isPrivate: true });
    await get();
    expect(await get('max-stale=60')).toBe('200 MISS');
  });
});
