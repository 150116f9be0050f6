import { TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { cacheOf, errorOf, t } from '../support/app.ts';
import { onEveryStore, typed } from './worlds.ts';

const fresh = () => ({
  list: [{ n: 1 }],
  at: new Date(0),
  map: new Map([['a', { n: 1 }]]),
  set: new Set([1]),
  deep: { a: { b: [1] } },
});
type Value = ReturnType<typeof fresh>;

/** Changes everything in a value that can be changed. */
const spoil = (value: Value) => {
  value.list.push({ n: 2 });
  (value.list[0] as { n: number }).n = 9;
  value.at.setTime(99);
  (value.map.get('a') as { n: number }).n = 9;
  value.map.clear();
  value.set.add(2);
  value.deep.a.b[0] = 9;
  Object.assign(value, { more: true });
};

describe('law 8: a caller that changes what it was given changes nothing for the next one', () => {
  onEveryStore((world) => {
    test('misses, hits and waiters each have their own', async () => {
      const cache = world.cache();
      const router = typed.router({ read: typed.procedure.use(cache.cached('1h')).query(async () => fresh()) });
      const caller = cache.register(router).createCaller({});
      const same = await Promise.all([caller.read(), caller.read(), caller.read()]);
      for (const answer of same) {
        expect(answer).toStrictEqual(fresh());
        spoil(answer);
      }
      for (let call = 0; call < 3; call++) {
        const hit = await caller.read();
        expect(hit).toStrictEqual(fresh());
        spoil(hit);
      }
    });

    test("a resolver's own object is never frozen, and what it becomes later is not what was cached", async () => {
      const own = { n: 1, inner: { list: [1] } };
      for (const share of ['copy', 'frozen'] as const) {
        const cache = world.cache();
        const router = typed.router({
          [share]: typed.procedure.use(cache.cached({ ttl: '1h', share })).query(() => own),
        });
        const caller = cache.register(router).createCaller({});
        const read = caller[share] as () => Promise<typeof own>;
        own.n = 1;
        await read();
        expect([Object.isFrozen(own), Object.isFrozen(own.inner), Object.isFrozen(own.inner.list)]).toEqual([
          false,
          false,
          false,
        ]);
        own.n = 2;
        expect((await read()).n).toBe(1);
      }
    });
  });

  const frozenCaller = <Output>(make: () => Output) => {
    const cache = cacheOf();
    const router = t.router({
      read: t.procedure.use(cache.cached({ ttl: '1h', share: 'frozen' })).query(async () => make()),
    });
    return cache.register(router).createCaller({});
  };

  test("share: 'frozen' hands out one sealed object, on the miss and to waiters too", async () => {
    const caller = frozenCaller(() => ({ a: { b: [1, { c: 2 }] } }));
    const answers = [...(await Promise.all([caller.read(), caller.read()])), await caller.read()];
    expect(new Set(answers).size).toBe(1);
    const [{ a }] = answers as [{ a: { b: unknown[] } }];
    for (const part of [answers[0], a, a.b, a.b[1]]) expect(Object.isFrozen(part)).toBe(true);
    expect(() => a.b.push(3)).toThrow(TypeError);
  });

  test("share: 'frozen' hands out copies of what freezing does not seal", async () => {
    const caller = frozenCaller(fresh);
    for (let call = 0; call < 3; call++) {
      const answer = (await caller.read()) as unknown as Value;
      expect(answer).toStrictEqual(fresh());
      spoil(answer);
    }
  });

  test('an error that was remembered is a new one for each caller', async () => {
    const cache = cacheOf();
    const read = t.procedure.use(cache.cached({ ttl: '1h', errors: { NOT_FOUND: '1m' } })).query(() => {
      throw new TRPCError({ code: 'NOT_FOUND', message: 'no post 7' });
    });
    const caller = cache.register(t.router({ read })).createCaller({});
    const errors = [];
    for (let call = 0; call < 3; call++) {
      const error = await errorOf(() => caller.read());
      expect(error).toMatchObject({ code: 'NOT_FOUND', message: 'no post 7' });
      error.message = 'spoilt';
      errors.push(error);
    }
    expect(new Set(errors).size).toBe(3);
  });

  test('what peek shows is a copy, too', async () => {
    const cache = cacheOf();
    const router = typed.router({ read: typed.procedure.use(cache.cached('1h')).query(fresh) });
    const caller = cache.register(router).createCaller({});
    await caller.read();
    spoil((await cache.peek({ path: 'read' }))?.output as Value);
    expect(await caller.read()).toStrictEqual(fresh());
  });
});
