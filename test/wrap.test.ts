import { describe, expect, test, vi } from 'vitest';
import { memoryStore } from '../src/index.ts';
import { cacheOf, counter, deferred, errorOf, listen, t } from './support/app.ts';
import { pass, useClock } from './support/http-checks.ts';
import { faultyStore, throwing } from './support/stores.ts';

const top = (options: object = {}, cacheOptions = {}) => {
  const cache = cacheOf(cacheOptions);
  const run = vi.fn((..._args: readonly any[]) => run.mock.calls.length as number);
  return { cache, run, call: cache.wrap('top', run as (...args: any[]) => number, { ttl: '1m', ...options }) };
};

describe('cache.wrap', () => {
  useClock();

  test('runs the function once for equal arguments, until ttl is over', async () => {
    const { call, run } = top();
    expect([await call('eu'), await call('eu'), await call('us')]).toEqual([1, 1, 2]);
    pass(60);
    expect(await call('eu')).toBe(3);
    expect(run).toHaveBeenCalledTimes(3);
  });

  test.each<[string, readonly unknown[], readonly unknown[], boolean]>([
    ['keys in another order', [{ a: 1, b: 2 }], [{ b: 2, a: 1 }], true],
    ['undefined and absent members', [{ a: 1, b: undefined }], [{ a: 1 }], true],
    ['undefined and absent arguments', ['eu', undefined], ['eu'], true],
    ['only undefined and no argument', [undefined], [], true],
    ['a number and its text', [1], ['1'], false],
    ['one list and two arguments', [['a', 'b']], ['a', 'b'], false],
    ['null and undefined', [null], [undefined], false],
    ['undefined in front', [undefined, 'eu'], ['eu'], false],
    ['a date and its text', [new Date(0)], [new Date(0).toISOString()], false],
  ])('tells arguments apart as it does inputs: %s', async (_, one, other, same) => {
    const { call } = top();
    expect([await call(...one), await call(...other)]).toEqual(same ? [1, 1] : [1, 2]);
  });

  test('calls at the same time share one run', async () => {
    const gate = deferred<string>();
    const cache = cacheOf();
    const run = vi.fn(() => gate.promise);
    const call = cache.wrap('slow', run, { ttl: '1m' });
    const calls = Promise.all([call(), call(), call()]);
    gate.resolve('x');
    expect(await calls).toEqual(['x', 'x', 'x']);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('an error passes unchanged, to all who waited, and is not kept', async () => {
    const cache = cacheOf();
    const error = new RangeError('no');
    const run = vi.fn(async () => {
      throw error;
    });
    const call = cache.wrap('broken', run, { ttl: '1m' });
    expect(await Promise.all([errorOf(() => call()), errorOf(() => call())])).toEqual([error, error]);
    expect(run).toHaveBeenCalledTimes(1);
    expect(await errorOf(() => call())).toBe(error);
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('invalidate renews what it names: these arguments, or all', async () => {
    const { call } = top();
    const runs = async () => [await call('eu'), await call('us'), await call()];
    expect(await runs()).toEqual([1, 2, 3]);
    await call.invalidate('eu');
    expect(await runs()).toEqual([4, 2, 3]);
    await call.invalidate(undefined);
    expect(await runs()).toEqual([4, 2, 5]);
    await call.invalidate();
    expect(await runs()).toEqual([6, 7, 8]);
  });

  test('scope keeps callers apart; invalidate reaches the arguments in every scope', async () => {
    const { cache, call } = top({ scope: (user: string) => user });
    const runs = async () => [await call('ann'), await call('bob')];
    expect(await runs()).toEqual([1, 2]);
    await cache.invalidate({ scope: 'ann' });
    expect(await runs()).toEqual([3, 2]);
    await call.invalidate('bob');
    expect(await runs()).toEqual([3, 4]);
  });

  test('tags tie it to mutations', async () => {
    const { cache, call } = top({ tags: (region: string) => [`region:${region}`] });
    const router = cache.register(
      t.router({ act: t.procedure.use(cache.invalidates({ tag: 'region:eu' })).mutation(() => 'ok') }),
    );
    expect([await call('eu'), await call('us')]).toEqual([1, 2]);
    await router.createCaller({}).act();
    expect([await call('eu'), await call('us')]).toEqual([3, 2]);
  });

  test('has a key space of its own: a procedure of the same name and a wrapped function never meet', async () => {
    const { cache, call } = top();
    const router = cache.register(t.router({ top: t.procedure.use(cache.cached('1m')).query(() => 'procedure') }));
    const caller = router.createCaller({});
    expect([await call(), await caller.top(), await call()]).toEqual([1, 'procedure', 1]);
    await cache.invalidate('top');
    expect(await call()).toBe(1);
    await cache.invalidate('*');
    expect(await call()).toBe(2);
  });

  test('what is invalidated while it runs is returned and not kept', async () => {
    const cache = cacheOf();
    const run = counter();
    const call = cache.wrap(
      'racy',
      async () => {
        const n = run();
        if (n === 1) await call.invalidate();
        return n;
      },
      { ttl: '1m' },
    );
    expect([await call(), await call(), await call()]).toEqual([1, 2, 2]);
  });

  test("hands out copies, and with share: 'frozen' one sealed object", async () => {
    const cache = cacheOf();
    const copied = cache.wrap('copied', () => ({ rows: [1] }), { ttl: '1m' });
    await copied();
    (await copied()).rows.push(2);
    expect(await copied()).toEqual({ rows: [1] });
    const frozen = cache.wrap('frozen', () => ({ rows: [1] }), { ttl: '1m', share: 'frozen' });
    const first = await frozen();
    expect(await frozen()).toBe(first);
    expect(() => first.rows.push(2)).toThrow(TypeError);
  });

  test('keeps types: undefined, Date, Map, bigint', async () => {
    const cache = cacheOf();
    const value = { at: new Date(0), big: 1n, map: new Map([[1, undefined]]) };
    const call = cache.wrap('typed', () => value, { ttl: '1m' });
    expect([await call(), await call()]).toEqual([value, value]);
    const nothing = counter();
    const empty = cache.wrap('empty', () => void nothing(), { ttl: '1m' });
    expect([await empty(), await empty(), nothing.mock.calls.length]).toEqual([undefined, undefined, 1]);
  });

  test.each<[string, object, readonly unknown[], string]>([
    ['a scope that throws', { scope: throwing }, [], 'callback'],
    ['a scope that is empty', { scope: () => '' }, [], 'callback'],
    ['tags that throw', { tags: throwing }, [], 'callback'],
    ['an argument without canonical text', {}, [() => 1], 'input'],
  ])('%s: the function runs, nothing is kept, an event tells why', async (_, options, args, reason) => {
    const { cache, call } = top(options);
    const bypassed = listen(cache, 'bypass');
    expect([await call(...args), await call(...args)]).toEqual([1, 2]);
    expect(bypassed).toEqual(Array(2).fill({ path: 'top', reason, error: expect.any(Error) }));
  });

  test('enabled that asks the context is asked for calls of procedures: a function has none, and is cached', async () => {
    const { call, run } = top(
      {},
      { enabled: ({ ctx }: { ctx: unknown }) => !(ctx as { isPreview: boolean }).isPreview },
    );
    expect([await call(), await call()]).toEqual([1, 1]);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('a store that is down breaks nothing, and enabled: false runs every time', async () => {
    const { store, fault } = faultyStore();
    const down = top({}, { store, namespace: 'test' });
    fault('lookup', throwing);
    expect([await down.call(), await down.call()]).toEqual([1, 2]);
    const off = top({}, { enabled: false });
    expect([await off.call(), await off.call()]).toEqual([1, 2]);
  });

  test('another process with the same store shares results and invalidations', async () => {
    const store = memoryStore();
    const [here, there] = [top({}, { store }), top({}, { store })];
    expect([await here.call('eu'), await there.call('eu')]).toEqual([1, 1]);
    await there.call.invalidate('eu');
    expect(await here.call('eu')).toBe(2);
  });

  test('defaults of the cache hold for ttl, and not for what needs a procedure', async () => {
    const cache = cacheOf({ defaults: { ttl: '1m', scope: throwing, key: throwing, when: throwing, tags: throwing } });
    const run = counter();
    const call = cache.wrap('plain', run);
    expect([await call(), await call()]).toEqual([1, 1]);
    pass(60);
    expect(await call()).toBe(2);
  });
});

describe('cache.wrap says what to write instead of', () => {
  test.each<[string, readonly unknown[], string, string]>([
    ['no name', ['', () => 1, { ttl: 1 }], 'INVALID_OPTION', 'expected a name'],
    ['the function in front', [() => 1, { ttl: 1 }], 'INVALID_OPTION', 'expected a name'],
    ['no function', ['a', 7, { ttl: 1 }], 'INVALID_OPTION', 'expected a function'],
    ['a name that is taken', ['taken', () => 1, { ttl: 1 }], 'INVALID_OPTION', 'Give each its own name'],
    ['no ttl', ['a', () => 1], 'INVALID_OPTION', 'ttl is missing'],
    ['a ttl of 0', ['a', () => 1, { ttl: 0 }], 'INVALID_DURATION', "'5m'"],
    ['an unknown option', ['a', () => 1, { ttl: 1, maxAge: 1 }], 'INVALID_OPTION', 'unknown option "maxAge"'],
    [
      'an option of cached that it cannot honour',
      ['a', () => 1, { ttl: 1, when: () => false }],
      'INVALID_OPTION',
      'unknown option "when"',
    ],
    ['a scope that is no function', ['a', () => 1, { ttl: 1, scope: 'public' }], 'INVALID_OPTION', 'wrap: scope'],
    ['tags that are text', ['a', () => 1, { ttl: 1, tags: 'x' }], 'INVALID_OPTION', 'wrap: tags'],
  ])('%s', async (_, args, code, advice) => {
    const { wrap } = cacheOf();
    wrap('taken', () => 1, { ttl: 1 });
    const error = await errorOf(() => (wrap as (...args: unknown[]) => unknown)(...args));
    expect(error).toMatchObject({ name: 'CacheError', code });
    expect(error.message).toContain(advice);
  });
});
