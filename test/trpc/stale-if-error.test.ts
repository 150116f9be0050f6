import { TRPCError } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CachedOptions } from '../../src/index.ts';
import { cacheOf, contextOf, deferred, errorOf, listen, requester, t } from '../support/app.ts';
import { status } from '../support/query.ts';

type Code = TRPCError['code'];

/** A query that answers once, and then fails as told. */
const open = (given: CachedOptions<any, any> = {}) => {
  const cache = cacheOf();
  let failure: unknown;
  let runs = 0;
  const run = vi.fn(async (): Promise<unknown> => {
    runs += 1;
    if (failure !== undefined) throw failure;
    return `run ${runs}`;
  });
  const router = cache.register(
    t.router({ one: t.procedure.use(cache.cached({ ttl: '1m', staleIfError: '10m', ...given })).query(() => run()) }),
  );
  return {
    cache,
    router,
    run,
    call: () => router.createCaller({}).one(),
    fail: (error: unknown) => {
      failure = error;
    },
    stale: listen(cache, 'stale'),
  };
};

const failing = (code: Code) => new TRPCError({ code, message: 'as told' });

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => void vi.setSystemTime(Date.now() + ms);

describe('staleIfError', () => {
  test.each([
    ['an error of its own', new Error('the database is gone')],
    ['INTERNAL_SERVER_ERROR', failing('INTERNAL_SERVER_ERROR')],
    ['BAD_GATEWAY', failing('BAD_GATEWAY')],
    ['SERVICE_UNAVAILABLE', failing('SERVICE_UNAVAILABLE')],
    ['GATEWAY_TIMEOUT', failing('GATEWAY_TIMEOUT')],
    ['TIMEOUT', failing('TIMEOUT')],
  ])('serves the old answer in place of %s', async (_, error) => {
    const { call, fail, stale } = open();
    await call();
    pass(60_000);
    fail(error);
    expect(await call()).toBe('run 1');
    expect(stale).toEqual([{ path: 'one', ageMs: 60_000, reason: 'error', error: expect.any(TRPCError) }]);
  });

  test.each<Code>(['UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND', 'BAD_REQUEST'])(
    'never hides %s, whatever the predicate says',
    async (code) => {
      const { call, fail } = open({ staleIfError: { for: '10m', when: () => true } });
      await call();
      pass(60_000);
      fail(failing(code));
      expect(await errorOf(call)).toMatchObject({ code });
    },
  );

  test.each<Code>(['CONFLICT', 'TOO_MANY_REQUESTS', 'PRECONDITION_FAILED', 'CLIENT_CLOSED_REQUEST'])(
    'does not hide %s, which says something about the call, unless the predicate says so',
    async (code) => {
      const plain = open();
      const asked = open({ staleIfError: { for: '10m', when: (opts) => opts.code === code } });
      for (const { call, fail } of [plain, asked]) {
        await call();
        pass(60_000);
        fail(failing(code));
      }
      expect(await errorOf(plain.call)).toMatchObject({ code });
      pass(-60_000); // the two share a clock, not a cache
      pass(60_000);
      expect(await asked.call()).toBe('run 1');
    },
  );

  test('the predicate sees ctx, input, path, code and the error, and one that throws hides nothing', async () => {
    const when = vi.fn(() => true);
    const seen = open({ staleIfError: { for: '10m', when } });
    const thrown = open({
      staleIfError: {
        for: '10m',
        when: () => {
          throw new Error('a bug');
        },
      },
    });
    const error = failing('BAD_GATEWAY');
    for (const { call, fail } of [seen, thrown]) {
      await call();
      fail(error);
    }
    pass(60_000);
    expect(await seen.call()).toBe('run 1');
    expect(when).toHaveBeenCalledWith({ ctx: {}, input: undefined, path: 'one', code: 'BAD_GATEWAY', error });
    expect(await errorOf(thrown.call)).toBe(error);
  });

  test('ends with its window', async () => {
    const { call, fail } = open();
    await call();
    fail(failing('BAD_GATEWAY'));
    pass(11 * 60_000);
    expect(await errorOf(call)).toMatchObject({ code: 'BAD_GATEWAY' });
  });

  test('never serves what an invalidation made unusable', async () => {
    const { cache, call, fail } = open();
    await call();
    pass(60_000);
    await cache.invalidate('one');
    fail(failing('BAD_GATEWAY'));
    expect(await errorOf(call)).toMatchObject({ code: 'BAD_GATEWAY' });
  });

  test('is tried on every call: the first success is the new answer', async () => {
    const { call, fail, run } = open();
    await call();
    pass(60_000);
    fail(failing('BAD_GATEWAY'));
    expect([await call(), await call()]).toEqual(['run 1', 'run 1']);
    expect(run).toHaveBeenCalledTimes(3);
    fail(undefined);
    expect([await call(), await call()]).toEqual(['run 4', 'run 4']);
  });

  test('a failure that is to be remembered does not replace what may stand in for it', async () => {
    const { call, fail } = open({ errors: { BAD_GATEWAY: '1h' } });
    await call();
    pass(60_000);
    fail(failing('BAD_GATEWAY'));
    expect([await call(), await call()]).toEqual(['run 1', 'run 1']);
    fail(undefined);
    expect(await call()).toBe('run 4');
  });

  test('who waited for a run that failed gets the old answer, too', async () => {
    const gate = deferred<string>();
    const { call, run } = open();
    await call();
    pass(60_000);
    run.mockImplementation(() => gate.promise);
    const calls = Promise.all([call(), call(), call()]);
    await vi.waitFor(() => expect(run).toHaveBeenCalledTimes(2));
    gate.reject(new Error('the database is gone'));
    expect(await calls).toEqual(['run 1', 'run 1', 'run 1']);
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('with staleWhileRevalidate, failures behind are hidden in that window, and failures in front after it', async () => {
    const { call, fail } = open({ staleWhileRevalidate: '1m' });
    await call();
    fail(failing('BAD_GATEWAY'));
    pass(61_000);
    expect(await call()).toBe('run 1');
    pass(120_000);
    expect(await call()).toBe('run 1');
    pass(600_000);
    expect(await errorOf(call)).toMatchObject({ code: 'BAD_GATEWAY' });
  });

  test('a wrapped function has it, too', async () => {
    const cache = cacheOf();
    let fails = false;
    const top = cache.wrap(
      'top',
      async () => {
        if (fails) throw new Error('gone');
        return 'old';
      },
      { ttl: '1m', staleIfError: '1m' },
    );
    await top();
    fails = true;
    pass(60_000);
    expect(await top()).toBe('old');
    pass(60_000);
    expect(await errorOf(top)).toMatchObject({ message: 'gone' });
  });

  test.each([
    [{ staleIfError: 0 }, /staleIfError: /],
    [{ staleIfError: { for: '10m', whenever: 1 } }, /staleIfError: unknown option "whenever"/],
    [{ staleIfError: { for: '10m', when: 1 } }, /staleIfError\.when: expected a function/],
    [{ staleIfError: { when: () => true } }, /staleIfError\.for/],
  ])('%j is refused at definition', async (options, message) => {
    expect(await errorOf(() => open(options as never))).toMatchObject({ message: expect.stringMatching(message) });
  });

  test('A26: over HTTP the old answer stands in with 200 and promises nothing; after the window the failure is no-store', async () => {
    const { cache, router, call, fail } = open({ staleIfError: '30s', http: { browser: '1m', cdn: '1m' } });
    const request = await requester(cache.http({ router, createContext: contextOf }));
    await call();
    fail(failing('INTERNAL_SERVER_ERROR'));
    pass(75_000);
    const reply = await request('one');
    expect([reply.status, status(reply)]).toEqual([200, 'STALE']);
    expect(reply.body).toContain('run 1');
    expect(reply.headers.get('cache-control')).toMatch(/max-age=0/);
    pass(20_000);
    const failed = await request('one');
    expect([failed.status, failed.headers.get('cache-control')]).toEqual([500, 'no-store']);
  });
});
