import { TRPCError } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { CachedOptions } from '../../src/index.ts';
import { ann, bob, type Context, cacheOf, counter, deferred, errorOf, listen, t } from '../support/app.ts';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'], now: 1_000_000 }),
);
afterEach(() => void vi.useRealTimers());

type Resolver = (opts: any) => unknown;

/** A cache whose hits are verified, with what it tells and a way to wait for what runs behind. */
const verified = (resolver: Resolver, options: CachedOptions<Context, any> = {}, register = true) => {
  const behind: Promise<unknown>[] = [];
  const cache = cacheOf({ waitUntil: (work) => void behind.push(work), defaults: { verify: 1 } });
  const run = vi.fn(resolver);
  const router = t.router({
    at: t.procedure
      .input(z.any())
      .use(cache.cached({ ttl: '1h', ...options }))
      .query(run),
  });
  if (register) cache.register(router);
  const settled = async () => {
    while (behind.length > 0) await Promise.all(behind.splice(0));
  };
  const call = async (ctx: Context = {}, input?: unknown) => {
    const answer = await router.createCaller(ctx).at(input);
    await settled();
    return answer;
  };
  return {
    cache,
    router,
    run,
    call,
    settled,
    mismatches: listen(cache, 'mismatch'),
    hits: listen(cache, 'hit'),
    errors: listen(cache, 'error'),
    fills: listen(cache, 'fill'),
  };
};

describe('a hit that is verified', () => {
  test('runs the procedure behind the response, and says nothing when it gives the same', async () => {
    const { run, call, mismatches, errors } = verified(() => ({ a: [1, new Date(0)], b: undefined }));
    expect(await call()).toEqual(await call());
    expect(run).toHaveBeenCalledTimes(2);
    expect([mismatches, errors]).toEqual([[], []]);
  });

  test('does not mind another order of members', async () => {
    let turn = 0;
    const { call, mismatches } = verified(() =>
      turn++ === 0 ? { a: 1, b: { c: 2, d: 3 } } : { b: { d: 3, c: 2 }, a: 1 },
    );
    await call();
    await call();
    expect(turn).toBe(2);
    expect(mismatches).toEqual([]);
  });

  test('tells that it gives something else, and how old what was served is', async () => {
    const { call, mismatches } = verified(counter());
    await call();
    vi.setSystemTime(1_005_000);
    expect(await call()).toBe(1);
    expect(mismatches).toEqual([{ path: 'at', ageMs: 5_000, keys: [] }]);
  });

  test('neither stores nor serves what it computed', async () => {
    const { call, fills, run } = verified(counter());
    expect([await call(), await call(), await call()]).toEqual([1, 1, 1]);
    expect(run).toHaveBeenCalledTimes(3);
    expect(fills).toHaveLength(1);
  });

  test('does not make its caller wait', async () => {
    const gate = deferred();
    let runs = 0;
    const { router, settled, call } = verified(async () => (runs++ === 0 ? 1 : gate.promise.then(() => 1)));
    await call();
    expect(await router.createCaller({}).at(undefined)).toBe(1);
    expect(runs).toBe(2);
    gate.resolve();
    await settled();
  });

  test('has no failure of its own: what the run throws is an event', async () => {
    let turn = 0;
    const { call, errors, mismatches } = verified(() => {
      if (turn++ > 0) throw new TRPCError({ code: 'CONFLICT' });
      return 'served';
    });
    await call();
    expect(await call()).toBe('served');
    expect(errors).toEqual([{ operation: 'verify', error: expect.objectContaining({ code: 'CONFLICT' }) }]);
    expect(mismatches).toEqual([]);
  });
});

describe('no mismatch is told', () => {
  test('of what was invalidated while the procedure ran', async () => {
    const gate = deferred();
    let runs = 0;
    const { cache, router, call, settled, mismatches } = verified(async () =>
      runs++ === 0 ? 1 : gate.promise.then(() => runs),
    );
    await call();
    await router.createCaller({}).at(undefined);
    await cache.invalidate('at');
    gate.resolve();
    await settled();
    expect(runs).toBe(2);
    expect(mismatches).toEqual([]);
  });

  test('of what has expired while the procedure ran', async () => {
    const gate = deferred();
    let runs = 0;
    const { router, call, settled, mismatches } = verified(async () =>
      runs++ === 0 ? 1 : gate.promise.then(() => runs),
    );
    await call();
    await router.createCaller({}).at(undefined);
    vi.setSystemTime(1_000_000 + 3_600_001);
    gate.resolve();
    await settled();
    expect(mismatches).toEqual([]);
  });

  test('where the procedure asks for its answer not to be kept', async () => {
    let runs = 0;
    const { cache, call, mismatches } = verified((opts) => {
      if (runs > 0) cache.control(opts).noStore();
      return ++runs;
    });
    await call();
    await call();
    expect([runs, mismatches]).toEqual([2, []]);
  });

  test('of failures that are remembered, nor are they run again', async () => {
    const { call, run } = verified(
      () => {
        throw new TRPCError({ code: 'NOT_FOUND' });
      },
      { errors: { NOT_FOUND: '1m' } },
    );
    await errorOf(() => call());
    await errorOf(() => call());
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('of streams, nor are they run again', async () => {
    const { call, run } = verified(
      async function* () {
        yield 1;
      },
      { collect: {} },
    );
    for await (const _ of (await call()) as AsyncIterable<unknown>);
    for await (const _ of (await call()) as AsyncIterable<unknown>);
    expect(run).toHaveBeenCalledTimes(1);
  });
});

describe('the keys of a mismatch', () => {
  const reading = ({ ctx }: { ctx: Context }) => `${ctx.user?.id} ${Math.random()}`;

  test('are what the procedure read of ctx, and was another one when the entry was filled', async () => {
    const { call, mismatches } = verified(reading);
    await call({ ...ann, headers: { a: '1' } });
    await call({ ...bob, headers: { a: '2' } });
    expect(mismatches.map(({ keys }) => keys)).toEqual([['user']]);
  });

  test('are none where the same caller gets something else: an invalidation is missing', async () => {
    const { call, mismatches } = verified(reading);
    await call(ann);
    await call({ user: { id: 'ann' } });
    expect(mismatches.map(({ keys }) => keys)).toEqual([[]]);
  });

  test('are compared to who filled the entry last, also behind a response', async () => {
    const { call, mismatches } = verified(reading, { ttl: '1m', staleWhileRevalidate: '1h' });
    await call(ann);
    vi.setSystemTime(1_061_000);
    await call(bob);
    await call(ann);
    await call(bob);
    expect(mismatches.map(({ keys }) => keys)).toEqual([['user'], []]);
  });

  test('know members without a text by what they are', async () => {
    const [one, other] = [() => 1, new (class Client {})()];
    const { call, mismatches } = verified(({ ctx }) => `${typeof ctx.user} ${typeof ctx.headers} ${Math.random()}`);
    await call({ user: one as never, headers: other as never });
    await call({ user: one as never, headers: new (class Client {})() as never });
    expect(mismatches.map(({ keys }) => keys)).toEqual([['headers']]);
  });

  test('are not told of a procedure that no router holds: what it read is not known', async () => {
    const { call, mismatches, hits } = verified(reading, {}, false);
    await call(ann);
    await call(bob);
    expect(mismatches).toEqual([{ path: 'at', ageMs: 0 }]);
    expect(hits).toHaveLength(1);
    await call(ann);
    expect(hits).toHaveLength(2);
  });

  test('never hold a value', async () => {
    const { call, mismatches } = verified(reading);
    await call({ user: { id: 'secret-one' } });
    await call({ user: { id: 'secret-two' } });
    expect(mismatches).toHaveLength(1);
    expect(JSON.stringify(mismatches)).not.toContain('secret');
  });
});

describe('a context that is verified', () => {
  const reading = ({ ctx }: { ctx: Context }) => `${ctx.user?.id} ${Math.random()}`;

  test('has no member loaded that nobody read, and none that throws', async () => {
    let loads = 0;
    const lazily = (): Context =>
      Object.defineProperties(
        {},
        {
          user: { enumerable: true, get: () => Promise.reject(new Error(`loaded ${++loads}`)) },
          headers: {
            enumerable: true,
            get() {
              loads++;
              throw new TRPCError({ code: 'UNAUTHORIZED' });
            },
          },
        },
      );
    const { call, fills, mismatches, errors } = verified(counter());
    expect([await call(lazily()), await call(lazily())]).toEqual([1, 1]);
    expect(loads).toBe(0);
    expect([fills.length, errors, mismatches]).toEqual([1, [], [{ path: 'at', ageMs: 0, keys: [] }]]);
  });

  test('has no member loaded inside of those that are data', async () => {
    let loads = 0;
    const user = {
      id: 'ann',
      get posts() {
        loads++;
        throw new Error('no database');
      },
    };
    const { call, mismatches } = verified(reading);
    await call({ user });
    await call({ user });
    expect(loads).toBe(0);
    expect(mismatches.map(({ keys }) => keys)).toEqual([[]]);
  });

  test.each<[string, (id: string) => object]>([
    [
      'is an instance of a class',
      (id) =>
        new (class {
          get user() {
            return { id };
          }
        })(),
    ],
    [
      'makes what was read when it is asked for',
      (id) => ({
        get user() {
          return { id };
        },
      }),
    ],
    [
      'is an instance with members',
      (id) =>
        new (class {
          readonly headers = {};
          user = { id };
        })(),
    ],
  ])('says nothing of keys where it %s', async (_, make) => {
    const { call, mismatches } = verified(reading);
    await call(make('ann'));
    await call(make('bob'));
    expect(mismatches).toEqual([{ path: 'at', ageMs: 0 }]);
  });

  test('names what is known to differ beside what is not known', async () => {
    const both = ({ ctx }: { ctx: any }) => `${ctx.user.id} ${ctx.lazy} ${Math.random()}`;
    const make = (id: string) => ({
      user: { id },
      get lazy() {
        return 1;
      },
    });
    const { call, mismatches } = verified(both);
    await call(make('ann'));
    await call(make('bob'));
    expect(mismatches.map(({ keys }) => keys)).toEqual([['user']]);
  });

  test('tells a member that was not there from one that is', async () => {
    const { call, mismatches } = verified(reading);
    await call({});
    await call(bob);
    expect(mismatches.map(({ keys }) => keys)).toEqual([['user']]);
  });

  test('may have members without end: what is big is known by what it is, and not looked through', async () => {
    let looked = 0;
    const inner = new Proxy(
      { a: 1 },
      {
        ownKeys: (target) => {
          looked++;
          return Reflect.ownKeys(target);
        },
      },
    );
    const config = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key${index}`, [inner]]));
    const list = Array.from({ length: 900 }, () => inner);
    const { call, mismatches } = verified(({ ctx }) => `${typeof ctx.user} ${typeof ctx.headers} ${Math.random()}`);
    const make = (user: object, a: string) => ({ user: user as never, headers: { a }, list });
    await call(make(config, '1'));
    await call(make(config, '2'));
    await call(make({ ...config }, '1'));
    expect(looked).toBeLessThan(1_000);
    expect(mismatches.map(({ keys }) => keys)).toEqual([['headers'], ['user']]);
  });

  test('is known for the last thousand fills, counted from the last fill of each', async () => {
    const { cache, call, mismatches } = verified(({ ctx, input }) => `${ctx.user.id} ${input}`, { verify: 1 });
    for (let input = 0; input < 1_000; input++) await call(ann, input);
    await cache.invalidate({ path: 'at', input: 0 });
    await call(ann, 0);
    await call(ann, 1_000);
    await call(bob, 0);
    await call(bob, 1);
    expect(mismatches.map(({ keys }) => keys)).toEqual([['user'], undefined]);
  });
});

describe('how often', () => {
  test('is the share of hits that was asked for', async () => {
    const random = vi.spyOn(Math, 'random');
    const { call, run } = verified(() => 'same', { verify: 0.01 });
    await call();
    random.mockReturnValue(0.01);
    await call();
    expect(run).toHaveBeenCalledTimes(1);
    random.mockReturnValue(0.0099);
    await call();
    expect(run).toHaveBeenCalledTimes(2);
    random.mockRestore();
  });

  test('is never without the option', async () => {
    const { call, run } = verified(() => 'same', { verify: 0 });
    await call();
    await call();
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('is once at a time for an entry, and four times for all', async () => {
    const gate = deferred();
    let filled = false;
    const { router, run, call, settled } = verified(async () => (filled ? gate.promise.then(() => 'same') : 'same'));
    for (let input = 0; input < 6; input++) await call({}, input);
    filled = true;
    const caller = router.createCaller({});
    for (const input of [0, 0, 1, 2, 3, 4, 5]) await caller.at(input);
    expect(run).toHaveBeenCalledTimes(6 + 4);
    gate.resolve();
    await settled();
    await call({}, 5);
    expect(run).toHaveBeenCalledTimes(6 + 5);
  });

  test.each([[-0.1], [1.1], [Number.NaN], ['1%']])('%s is refused where it is written', (verify) => {
    expect(() => cacheOf().cached({ ttl: '1m', verify: verify as number })).toThrow(
      /cached: verify: expected a share of hits such as 0.01, from 0 to 1, received/,
    );
  });
});

test('a run that takes too long is told to stop, and is an event', async () => {
  const gate = deferred();
  let runs = 0;
  let signal: AbortSignal | undefined;
  const { router, call, settled, errors } = verified(async (opts) => {
    signal = opts.signal;
    return runs++ === 0 ? 1 : gate.promise.then(() => 1);
  });
  await call();
  await router.createCaller({}).at(undefined);
  await vi.advanceTimersByTimeAsync(30_000);
  await settled();
  expect(signal?.aborted).toBe(true);
  expect(errors).toEqual([
    { operation: 'verify', error: expect.objectContaining({ message: expect.stringContaining('30000 ms') }) },
  ]);
  gate.resolve();
});

test('a wrapped function is not verified: it says itself how often it may run', async () => {
  const cache = cacheOf({ defaults: { ttl: '1h', verify: 1 } });
  const run = vi.fn(async () => 'same');
  const top = cache.wrap('top', run);
  await top();
  await top();
  expect(run).toHaveBeenCalledTimes(1);
});
