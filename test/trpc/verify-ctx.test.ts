import { TRPCError } from '@trpc/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ann, bob, type Context, counter } from '../support/app.ts';
import { verified } from './verify-app.ts';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'], now: 1_000_000 }),
);
afterEach(() => void vi.useRealTimers());

const reading = ({ ctx }: { ctx: Context }) => `${ctx.user?.id} ${Math.random()}`;

describe('the keys of a mismatch', () => {
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
