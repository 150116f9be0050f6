import { AsyncLocalStorage } from 'node:async_hooks';
import { TRPCError } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AsyncContext } from '../../src/index.ts';
import { cacheOf, counter, errorOf, listen, t } from '../support/app.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const settled = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

/** Two queries of one tag, of which one reads the other: through a caller, or as a wrapped function. */
const open = (
  way: 'caller' | 'wrap',
  tags: 'known' | 'learned' = 'known',
  asyncContext?: AsyncContext,
  name = 'inner',
) => {
  const cache = cacheOf(asyncContext && { asyncContext });
  const windows = { ttl: '1h', staleWhileRevalidate: '1h' } as const;
  let truth = 1;
  const inner = cache.wrap(name, async () => truth, { ...windows, tags: ['t', 'inner'] });
  const known = tags === 'known' ? { tags: ['t', 'outer'] } : {};
  const router = cache.register(
    t.router({
      a: t.procedure.use(cache.cached({ ...windows, tags: ['t', 'inner'] })).query(async () => truth),
      b: t.procedure.use(cache.cached({ ...windows, ...known })).query(async (opts): Promise<{ of: number }> => {
        if (tags === 'learned') cache.control(opts).tag('t');
        return { of: way === 'caller' ? await call.a() : await inner() };
      }),
    }),
  );
  const call = router.createCaller({});
  return {
    cache,
    call,
    inner: () => (way === 'caller' ? call.a() : inner()),
    write: () => (truth += 1),
    skipped: listen(cache, 'skip'),
  };
};

describe.each([
  ['caller', 'no async context'],
  ['wrap', 'no async context'],
  ['caller', 'an async context'],
  ['wrap', 'an async context'],
] as const)('what was expired and is read by %s inside another query, with %s', (way, context) => {
  const opened = (tags?: 'known' | 'learned') =>
    open(way, tags, context === 'an async context' ? new AsyncLocalStorage() : undefined);

  test.each(['known', 'learned'] as const)(
    'is never stored again as if it was new, in one whose tag is %s',
    async (tags) => {
      const { cache, call, inner, write } = opened(tags);
      expect([await call.b(), await inner()]).toEqual([{ of: 1 }, 1]);
      write();
      await cache.invalidate({ tag: 't' }, { mode: 'expire' });
      expect(await call.b()).toEqual({ of: 1 }); // once, at once
      await settled();
      await pass(1_000);
      for (let read = 0; read < 3; read++) {
        await call.b();
        await settled();
      }
      expect([await call.b(), await inner()]).toEqual([{ of: 2 }, 2]);
    },
  );

  test('nor where the two were expired by targets of their own', async () => {
    const { cache, call, inner, write } = opened();
    expect([await call.b(), await inner()]).toEqual([{ of: 1 }, 1]);
    write();
    await cache.invalidate({ tag: 'inner' }, { tag: 'outer' }, { mode: 'expire' });
    await call.b();
    await settled();
    expect([await call.b(), await inner()]).toEqual([{ of: 2 }, 2]);
  });

  test('nor in one that was removed while the other was only expired', async () => {
    const { cache, call, inner, write } = opened();
    await call.b();
    await inner();
    write();
    await cache.invalidate({ tag: 't' }, { mode: 'expire' });
    await cache.invalidate('b');
    expect(await call.b()).toEqual({ of: 2 });
    expect(await call.b()).toEqual({ of: 2 });
  });

  test('many readers of both come to the new one', async () => {
    const { cache, call, inner, write } = opened();
    await call.b();
    await inner();
    for (let round = 2; round < 5; round++) {
      write();
      await cache.invalidate({ tag: 't' }, { mode: 'expire' });
      await Promise.all([call.b(), inner(), call.b(), inner()]);
      await settled();
      expect(await Promise.all([call.b(), inner()])).toEqual([{ of: round }, round]);
    }
  });
});

test('with an async context, procedures that run beside it make nobody wait for what was expired', async () => {
  for (const asyncContext of [undefined, new AsyncLocalStorage()]) {
    const cache = cacheOf(asyncContext && { asyncContext });
    const stale = listen(cache, 'stale');
    const [one, slow] = [
      cache.wrap('one', counter(), { ttl: '1h', staleWhileRevalidate: '1h', tags: ['t'] }),
      cache.wrap('slow', () => new Promise(() => {}), { ttl: '1h' }),
    ];
    await one();
    void slow();
    await cache.invalidate({ tag: 't' }, { mode: 'expire' });
    expect(await one()).toBe(asyncContext === undefined ? 2 : 1);
    expect(stale).toHaveLength(asyncContext === undefined ? 0 : 1);
  }
});

test('an async context is an AsyncLocalStorage, or an error', async () => {
  const error = await errorOf(() => cacheOf({ asyncContext: {} as never }));
  expect(error.message).toBe(
    'createCache: asyncContext: expected an AsyncLocalStorage of its own, new AsyncLocalStorage(), received an object with no keys.',
  );
});

describe('a stale window ends', () => {
  test.each([
    ['with noStore()', (opts: object, cache: ReturnType<typeof cacheOf>) => void cache.control(opts).noStore(), 'new'],
    ['with something too large', () => {}, 'x'.repeat(2_000)],
    ['with something that cannot be stored', () => {}, () => 'a function'],
  ] as const)('when the procedure answers %s: the old answer has had its day', async (_, act, output) => {
    const cache = cacheOf();
    let runs = 0;
    const router = cache.register(
      t.router({
        one: t.procedure
          .use(cache.cached({ ttl: '1m', staleWhileRevalidate: '1d', staleIfError: '1d', maxBytes: 1_000 }))
          .query(async (opts): Promise<unknown> => {
            if (++runs === 1) return 'old';
            act(opts, cache);
            return output;
          }),
      }),
    );
    const call = () => router.createCaller({}).one();
    await call();
    await pass(60_000);
    expect(await call()).toBe('old');
    await settled();
    await pass(10);
    expect(await call()).toBe(output);
  });
});

test('an expired answer of a wrapped function is not stored again by the procedure of the same name', async () => {
  const { cache, call, write } = open('wrap', 'known', undefined, 'b');
  await call.b();
  write();
  await cache.invalidate({ tag: 't' }, { mode: 'expire' });
  await call.b(); // stale, and renewed behind
  await settled();
  expect(await call.b()).toEqual({ of: 2 });
});

describe('a wrapped function that throws an error of tRPC', () => {
  const openWrapped = (staleIfError: object | string) => {
    const cache = cacheOf();
    let failure: unknown;
    const one = cache.wrap(
      'one',
      () => {
        if (failure !== undefined) throw failure;
        return 'old';
      },
      { ttl: '1m', staleIfError: staleIfError as never },
    );
    return { one, fail: (error: unknown) => (failure = error) };
  };

  test.each(['UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND', 'BAD_REQUEST'] as const)(
    'never hides %s behind an old answer',
    async (code) => {
      for (const options of ['1d', { for: '1d', when: () => true }]) {
        const { one, fail } = openWrapped(options);
        await one();
        await pass(60_000);
        fail(new TRPCError({ code }));
        expect(await errorOf(one)).toMatchObject({ code });
      }
    },
  );

  test('hides what servers fail with, and tells the predicate the code', async () => {
    const when = vi.fn(({ code }) => code === 'CONFLICT');
    const [plain, asked] = [openWrapped('1d'), openWrapped({ for: '1d', when })];
    for (const { one } of [plain, asked]) await one();
    await pass(60_000);
    plain.fail(new TRPCError({ code: 'BAD_GATEWAY' }));
    asked.fail(new TRPCError({ code: 'CONFLICT' }));
    expect([await plain.one(), await asked.one()]).toEqual(['old', 'old']);
    plain.fail(new TRPCError({ code: 'CONFLICT' }));
    expect(await errorOf(plain.one)).toMatchObject({ code: 'CONFLICT' });
  });
});
