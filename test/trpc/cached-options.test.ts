import { TRPCError } from '@trpc/server';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type CachedOptions, memoryStore } from '../../src/index.ts';
import { ann, bob, type Context, cacheOf, counter, errorOf, listen, t } from '../support/app.ts';
import { pass, useClock } from '../support/http-checks.ts';

const openFor = (options: CachedOptions<any, any>, resolve: (opts: any) => any = counter(), cacheOptions = {}) => {
  const cache = cacheOf(cacheOptions);
  const router = cache.register(
    t.router({ one: t.procedure.input(z.any()).use(cache.cached(options)).query(resolve) }),
  );
  const callAs = (ctx: Context, input?: unknown): Promise<any> => router.createCaller(ctx).one(input);
  return {
    cache,
    call: (input?: unknown) => callAs({}, input),
    callAs,
    bypassed: listen(cache, 'bypass'),
    skipped: listen(cache, 'skip'),
  };
};

describe('ttl', () => {
  useClock();

  test.each([
    [1.5, 1.5],
    ['250ms', 0.25],
    ['30s', 30],
    ['5m', 300],
    ['1h', 3_600],
    ['7d', 604_800],
  ] as const)('%s is fresh until it is over, to the millisecond', async (ttl, seconds) => {
    const { call } = openFor({ ttl });
    expect(await call()).toBe(1);
    pass(seconds - 0.001);
    expect(await call()).toBe(1);
    pass(0.001);
    expect(await call()).toBe(2);
  });

  test('may be computed from output, input, ctx and path', async () => {
    const ttl = vi.fn(({ output }) => (output === 1 ? '1m' : '1h') as '1m');
    const { callAs } = openFor({ ttl });
    expect(await callAs(ann, 'a')).toBe(1);
    expect(ttl).toHaveBeenCalledWith({ ctx: ann, input: 'a', path: 'one', output: 1 });
    pass(60);
    expect(await callAs(ann, 'a')).toBe(2);
    pass(3_599);
    expect(await callAs(ann, 'a')).toBe(2);
  });

  test.each([
    ['throws', () => errorFor()],
    ['returns no duration', () => 0],
  ])('that %s keeps nothing, with an event, and the answer is unchanged', async (_, ttl) => {
    const { call, skipped } = openFor({ ttl });
    expect([await call(), await call()]).toEqual([1, 2]);
    expect(skipped.map(({ reason }) => reason)).toEqual(['ttl', 'ttl']);
  });

  test('a clock that goes back makes a miss: an entry from the future is no entry', async () => {
    const { call } = openFor({ ttl: '1h' });
    expect(await call()).toBe(1);
    pass(-60);
    expect(await call()).toBe(2);
  });
});

const errorFor = (): never => {
  throw new Error('the callback is wrong');
};

describe('callbacks that throw', () => {
  test.each<[string, CachedOptions<any, any>]>([
    ['scope', { scope: errorFor }],
    ['tags', { tags: errorFor }],
    ['key', { key: errorFor }],
    ['when', { when: errorFor }],
    ['key that rejects', { key: async () => errorFor() }],
    ['tags that are no list of texts', { tags: () => ['a', ''] }],
    ['key that is no text', { key: () => 7 as never }],
  ])('%s: the procedure runs, nothing is cached, an event tells why', async (_, options) => {
    const { call, bypassed } = openFor({ ttl: '1h', ...options });
    expect([await call(), await call()]).toEqual([1, 2]);
    expect(bypassed).toEqual(Array(2).fill({ path: 'one', reason: 'callback', error: expect.any(Error) }));
  });
});

describe('when', () => {
  test('false runs the procedure without the cache, call by call', async () => {
    const { call, bypassed } = openFor({ ttl: '1h', when: ({ input }) => input !== 'draft' });
    expect([await call('draft'), await call('draft'), await call('x'), await call('x')]).toEqual([1, 2, 3, 3]);
    expect(bypassed.map(({ reason }) => reason)).toEqual(['when', 'when']);
  });
});

describe('key', () => {
  test('replaces the input in the key, also when it comes later', async () => {
    const { call } = openFor({ ttl: '1h', key: async ({ input }) => input.toLowerCase() });
    expect([await call('A'), await call('a'), await call('b')]).toEqual([1, 1, 2]);
  });

  test('never takes the place of an input: equal texts of both are two entries', async () => {
    const { call } = openFor({ ttl: '1h', key: ({ input }) => (input === 'x' ? '{"a":1}' : 'other') });
    const plain = openFor({ ttl: '1h' });
    expect(await call('x')).toBe(1);
    expect(await plain.call({ a: 1 })).toBe(1);
    expect(await call('y')).toBe(2);
  });

  test('keeps scopes apart, and patterns find its entries', async () => {
    const { cache, callAs } = openFor({ ttl: '1h', key: () => 'same', scope: ({ ctx }) => ctx.user.id });
    const runs = async () => [await callAs(ann, 1), await callAs(bob, 1), await callAs(ann, 2)];
    expect(await runs()).toEqual([1, 2, 1]);
    await cache.invalidate('*');
    expect(await runs()).toEqual([3, 4, 3]);
  });
});

describe('vary', () => {
  const headers = ({ ctx }: { ctx: Context }) => ctx.headers;
  const speaks = (language: string): Context => ({ headers: { 'Accept-Language': language } });

  test('tells calls apart by request headers, in any case, from the headers of the context', async () => {
    const { callAs } = openFor({ ttl: '1h', vary: ['ACCEPT-language'] }, counter(), { headers });
    const runs = async () => [await callAs(speaks('en')), await callAs(speaks('de')), await callAs({ headers: {} })];
    expect([await runs(), await runs()]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  test('a missing header and an empty one are two entries', async () => {
    const { callAs } = openFor({ ttl: '1h', vary: ['accept-language'] }, counter(), { headers });
    expect([await callAs({ headers: {} }), await callAs(speaks(''))]).toEqual([1, 2]);
  });

  test('headers that cannot be read are a bypass, not an error of the caller', async () => {
    const { call, bypassed } = openFor({ ttl: '1h', vary: ['accept-language'] }, counter(), { headers: errorFor });
    expect([await call(), await call()]).toEqual([1, 2]);
    expect(bypassed).toEqual(Array(2).fill({ path: 'one', reason: 'callback', error: expect.any(Error) }));
  });

  test('without headers to read it is a bypass', async () => {
    const { call, bypassed } = openFor({ ttl: '1h', vary: ['accept-language'] });
    expect([await call(), await call()]).toEqual([1, 2]);
    expect(bypassed.map(({ reason }) => reason)).toEqual(['vary', 'vary']);
  });
});

describe('errors', () => {
  useClock();
  const failing = (code: TRPCError['code'], cause?: unknown) => {
    const run = vi.fn(() => {
      throw new TRPCError({ code, message: 'no post 7', ...(cause !== undefined && { cause }) });
    });
    return { run, ...openFor({ ttl: '1h', errors: { NOT_FOUND: '5s' } }, run) };
  };

  test('an error that is named is remembered for its own time, with code and message', async () => {
    const { call, run } = failing('NOT_FOUND');
    for (let times = 0; times < 2; times++) {
      const error = await errorOf(() => call());
      expect(error).toBeInstanceOf(TRPCError);
      expect(error).toMatchObject({ code: 'NOT_FOUND', message: 'no post 7' });
    }
    expect(run).toHaveBeenCalledTimes(1);
    pass(5);
    await errorOf(() => call());
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('is invalidated like an output', async () => {
    const { cache, call, run } = failing('NOT_FOUND');
    await errorOf(() => call());
    await cache.invalidate('one');
    await errorOf(() => call());
    expect(run).toHaveBeenCalledTimes(2);
  });

  test.each([
    ['another code', failing.bind(null, 'FORBIDDEN', undefined)],
    ['one with a cause, which would be lost', failing.bind(null, 'NOT_FOUND', new Error('row 7'))],
  ])('%s is not remembered', async (_, make) => {
    const { call, run, skipped } = make();
    await errorOf(() => call());
    await errorOf(() => call());
    expect(run).toHaveBeenCalledTimes(2);
    expect(skipped.map(({ reason }) => reason)).toEqual(['error', 'error']);
  });

  test('none is remembered by default', async () => {
    const run = vi.fn(errorFor);
    const { call } = openFor({ ttl: '1h' }, run);
    await errorOf(() => call());
    await errorOf(() => call());
    expect(run).toHaveBeenCalledTimes(2);
  });
});

describe('maxBytes', () => {
  test.each([
    ['ascii', 'a', 98, 99],
    ['text of more than one byte a character', 'é', 49, 50],
  ])('what is longer is returned and not stored, with an event: %s', async (_, character, fits, tooLong) => {
    const run = vi.fn(({ input }) => character.repeat(input));
    const { call, skipped } = openFor({ ttl: '1h', maxBytes: 100 }, run, { transformer: identity });
    expect((await call(fits)).length).toBe(fits);
    await call(fits);
    expect(run).toHaveBeenCalledTimes(1);
    expect((await call(tooLong)).length).toBe(tooLong);
    await call(tooLong);
    expect(run).toHaveBeenCalledTimes(3);
    expect(skipped.map(({ reason }) => reason)).toEqual(['size', 'size']);
  });
});

const identity = { serialize: (value: unknown) => value, deserialize: (value: unknown) => value };

describe('version', () => {
  test('keeps entries apart, while a mutation on either version invalidates both', async () => {
    const store = memoryStore();
    const [older, newer] = ['1', '2'].map((version) => openFor({ ttl: '1h', version }, counter(), { store }));
    expect([await older!.call(), await newer!.call(), await newer!.call()]).toEqual([1, 1, 1]);
    await older!.cache.invalidate('one');
    expect([await older!.call(), await newer!.call()]).toEqual([2, 2]);
  });
});

describe('share', () => {
  const rows = () => [{ id: 1, tags: ['a'] }];

  test("'copy' gives every caller its own object, and leaves the resolver's own alone", async () => {
    const own = rows();
    const { call } = openFor({ ttl: '1h' }, () => own);
    const [miss, hit] = [await call(), await call()];
    expect(miss).toBe(own);
    hit[0].tags.push('mine');
    own[0]!.tags.push('late');
    expect(await call()).toEqual(rows());
  });

  test("'frozen' gives all callers one sealed object, on the miss, too, and never freezes the resolver's own", async () => {
    const own = rows();
    const { call } = openFor({ ttl: '1h', share: 'frozen' }, () => own);
    const [miss, hit, again] = [await call(), await call(), await call()];
    expect(miss).toEqual(rows());
    expect(hit).toBe(again);
    expect(miss).toBe(hit);
    expect(() => hit[0].tags.push('mine')).toThrow(TypeError);
    expect(Object.isFrozen(own[0])).toBe(false);
  });
});
