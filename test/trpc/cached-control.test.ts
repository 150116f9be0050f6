import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { CacheError } from '../../src/index.ts';
import { cacheOf, contextOf, counter, errorOf, listen, requester, t } from '../support/app.ts';
import { pass, useClock } from '../support/http-checks.ts';

const openFor = (act: (control: ReturnType<ReturnType<typeof cacheOf>['control']>, input: string) => void) => {
  const cache = cacheOf();
  const run = counter();
  const router = cache.register(
    t.router({
      one: t.procedure
        .input(z.string())
        .use(cache.cached('1m'))
        .query((opts) => {
          act(cache.control(opts), opts.input);
          return run();
        }),
    }),
  );
  return { cache, router, run, call: (input = '') => router.createCaller({}).one(input) };
};

describe('cache.control', () => {
  useClock();

  test('noStore: this answer is not stored, others are', async () => {
    const { cache, call } = openFor((control, input) => {
      if (input === 'draft') control.noStore();
    });
    const skipped = listen(cache, 'skip');
    expect([await call('draft'), await call('draft'), await call('x'), await call('x')]).toEqual([1, 2, 3, 3]);
    expect(skipped).toEqual(Array(2).fill({ path: 'one', reason: 'no-store' }));
  });

  test('ttl: this answer is fresh for so long, whatever the policy says', async () => {
    const { call } = openFor((control, input) => control.ttl(input === 'long' ? '1h' : 1));
    expect([await call('long'), await call('short')]).toEqual([1, 2]);
    pass(1);
    expect(await call('short')).toBe(3);
    pass(3_598);
    expect(await call('long')).toBe(1);
  });

  test('tag: this answer can be invalidated by it', async () => {
    const { cache, call } = openFor((control, input) => control.tag(`page:${input}`, 'page'));
    expect([await call('a'), await call('b')]).toEqual([1, 2]);
    await cache.invalidate({ tag: 'page:a' });
    expect([await call('a'), await call('b')]).toEqual([3, 2]);
    await cache.invalidate({ tag: 'page' });
    expect([await call('a'), await call('b')]).toEqual([4, 5]);
  });

  test('a tag that was invalidated while the resolver ran keeps its answer out of the cache', async () => {
    const cache = cacheOf();
    const run = counter();
    let during = async () => {};
    const router = cache.register(
      t.router({
        one: t.procedure.use(cache.cached('1h')).query(async (opts) => {
          const n = run();
          await during();
          cache.control(opts).tag('page');
          return n;
        }),
      }),
    );
    const { one } = router.createCaller({});
    during = async () => {
      await cache.invalidate({ tag: 'page' });
      during = async () => {};
    };
    expect([await one(), await one(), await one()]).toEqual([1, 2, 2]);
  });

  test('calls can be chained, and come from code that the resolver calls', async () => {
    const { cache, call } = openFor((control) => control.ttl('1h').tag('a').tag('b'));
    expect(await call()).toBe(1);
    await cache.invalidate({ tag: 'b' });
    expect(await call()).toBe(2);
  });

  test('calls of one batch share a context and are told apart all the same', async () => {
    const { cache, router } = openFor((control, input) => {
      if (input === 'draft') control.noStore();
    });
    const request = await requester(cache.http({ router, createContext: contextOf }));
    const path = `one,one?batch=1&input=${encodeURIComponent(JSON.stringify({ 0: 'draft', 1: 'x' }))}`;
    await request(path);
    expect((await request(path)).headers.get('x-cache')).toBe('MISS, HIT');
  });

  test('works behind a middleware that changed the context', async () => {
    const cache = cacheOf();
    const router = cache.register(
      t.router({
        one: t.procedure
          .use(({ next }) => next({ ctx: { a: 1 } }))
          .use(cache.cached('1m'))
          .query((opts) => void cache.control(opts).noStore()),
      }),
    );
    const skipped = listen(cache, 'skip');
    await router.createCaller({}).one();
    expect(skipped).toHaveLength(1);
  });

  test('works under a base cachedProcedure without a registered router', async () => {
    const cache = cacheOf();
    const run = counter();
    const one = t.procedure
      .use(cache.cached('1m'))
      .input(z.string())
      .query((opts) => {
        cache.control(opts).noStore();
        return run();
      });
    const caller = t.router({ one }).createCaller({});
    expect([await caller.one('a'), await caller.one('a')]).toEqual([1, 2]);
  });

  test('outside of a cached call it does nothing', async () => {
    const cache = cacheOf();
    const work = vi.fn((opts: object) => void cache.control(opts).noStore().ttl('1m').tag('a'));
    const router = cache.register(t.router({ act: t.procedure.mutation(work) }));
    await router.createCaller({}).act();
    expect(work).toHaveBeenCalledTimes(1);
    for (const opts of [{}, { getRawInput: 'x' }, undefined]) expect(() => work(opts as object)).not.toThrow();
  });

  test('after the call has ended it does nothing', async () => {
    const cache = cacheOf();
    let late: (() => void) | undefined;
    const router = cache.register(
      t.router({
        one: t.procedure.use(cache.cached('1m')).query((opts) => {
          late = () => void cache.control(opts).noStore();
          return 1;
        }),
      }),
    );
    await router.createCaller({}).one();
    expect(late).not.toThrow();
  });

  test.each([
    ['ttl(0)', (control: any) => control.ttl(0), 'INVALID_DURATION', "Write '250ms'"],
    ["ttl('soon')", (control: any) => control.ttl('soon'), 'INVALID_DURATION', "Write '250ms'"],
    ["tag('')", (control: any) => control.tag(''), 'INVALID_OPTION', 'a non-empty string'],
    ['tag(7)', (control: any) => control.tag(7), 'INVALID_OPTION', 'a non-empty string'],
  ])('%s is a mistake that says what to write', async (_, act, code, advice) => {
    const { call } = openFor(act);
    const { cause } = await errorOf(() => call());
    expect(cause).toBeInstanceOf(CacheError);
    expect(cause).toMatchObject({ code, message: expect.stringContaining(advice) });
  });
});
