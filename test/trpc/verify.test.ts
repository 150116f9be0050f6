import { TRPCError } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cacheOf, counter, deferred, errorOf } from '../support/app.ts';
import { verified } from './verify-app.ts';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'], now: 1_000_000 }),
);
afterEach(() => void vi.useRealTimers());

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
