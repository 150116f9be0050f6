import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { cacheOf, deferred, listen, t } from '../support/app.ts';
import { hanging } from '../support/stores.ts';
import { open } from './stale-window.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('staleWhileRevalidate', () => {
  test('a revalidation that fails leaves the old answer in place, tells so, and is tried again', async () => {
    let runs = 0;
    const { call, failed, ran } = open({ errors: { INTERNAL_SERVER_ERROR: '1m' }, staleIfError: '10m' }, () => {
      if (++runs === 2) throw new Error('the database is gone');
      return runs;
    });
    await call();
    await pass(60_000);
    expect(await call()).toBe(1);
    await vi.waitFor(() => expect(failed).toHaveLength(1));
    expect(failed[0]).toMatchObject({ operation: 'revalidate', error: { message: 'the database is gone' } });
    expect(await call()).toBe(1);
    await ran(3);
    await vi.waitFor(async () => expect(await call()).toBe(3));
  });

  test('a revalidation that hangs is told to stop after its time, and another one may begin', async () => {
    const signals: AbortSignal[] = [];
    let runs = 0;
    const { call, failed, ran } = open(
      {},
      ({ signal }) => {
        runs += 1;
        if (runs === 2) {
          signals.push(signal);
          return hanging();
        }
        return runs;
      },
      { timeouts: { revalidate: '5s' } },
    );
    await call();
    await pass(60_000);
    await call();
    await ran(2);
    await call();
    expect(runs).toBe(2);
    await pass(5_001);
    expect(signals[0]?.aborted).toBe(true);
    expect(failed).toEqual([{ operation: 'revalidate', error: expect.any(Error) }]);
    expect(await call()).toBe(1);
    await ran(3);
    await vi.waitFor(async () => expect(await call()).toBe(3));
  });

  test('a revalidation that ends after its time stores nothing over a newer one', async () => {
    const slow = deferred<string>();
    let runs = 0;
    const { cache, call, ran } = open({}, () => (++runs === 2 ? slow.promise : `run ${runs}`), {
      timeouts: { revalidate: '5s' },
    });
    await call();
    await pass(60_000);
    await call();
    await ran(2);
    await pass(5_001);
    await call();
    await ran(3);
    await vi.waitFor(async () => expect(await call()).toBe('run 3'));
    const skipped = listen(cache, 'skip');
    slow.resolve('of long ago');
    await vi.waitFor(() => expect(skipped).toEqual([{ path: 'one', reason: 'late' }]));
    expect(await call()).toBe('run 3');
  });

  test('the procedure behind a response has a signal of its own: that of the request may be aborted', async () => {
    const signals: AbortSignal[] = [];
    const request = new AbortController();
    const { call, ran } = open({}, ({ signal }) => {
      signals.push(signal);
      return signals.length;
    });
    await call();
    await pass(60_000);
    await call({ signal: request.signal });
    request.abort();
    await ran(2);
    expect(signals[1]?.aborted).toBe(false);
  });

  test('input, ctx, meta and parsers behind are those of the call', async () => {
    const cache = cacheOf();
    const seen = vi.fn((opts: { input: unknown; ctx: unknown; path: string }) => opts.input);
    const pure = cache.pure(t.middleware(({ next }) => next({ ctx: { loader: 1 } })));
    const router = cache.register(
      t.router({
        one: t.procedure
          .use(({ next }) => next({ ctx: { before: true } }))
          .input(z.object({ id: z.coerce.number() }))
          .use(cache.cached({ ttl: '1m', staleWhileRevalidate: '10m' }))
          .use(pure)
          .input(z.object({ sort: z.string().default('up') }))
          .output(z.object({ id: z.number(), sort: z.string() }))
          .query(({ input, ctx, path }) => {
            seen({ input, ctx, path });
            return input;
          }),
      }),
    );
    const call = () => router.createCaller({ user: { id: 'ann' } }).one({ id: '7' });
    const answer = { id: 7, sort: 'up' };
    expect(await call()).toEqual(answer);
    await pass(60_000);
    expect(await call()).toEqual(answer);
    await vi.waitFor(() => expect(seen).toHaveBeenCalledTimes(2));
    expect(seen.mock.calls[1]).toEqual(seen.mock.calls[0]);
    expect(seen.mock.calls[1]?.[0]).toMatchObject({
      ctx: { before: true, loader: 1, user: { id: 'ann' } },
      path: 'one',
    });
  });

  test('what the procedure asks for behind a response counts for its new entry alone', async () => {
    let runs = 0;
    const opened = open({}, (opts) => {
      if (++runs === 2) opened.cache.control(opts).ttl('1h').tag('late');
      return runs;
    });
    const { cache, call, filled } = opened;
    await call();
    await pass(60_000);
    expect(await call()).toBe(1);
    await vi.waitFor(() => expect(filled).toHaveLength(2));
    await pass(3_500_000);
    expect(await call()).toBe(2);
    await cache.invalidate({ tag: 'late' });
    expect(await call()).toBe(3);
  });
});
