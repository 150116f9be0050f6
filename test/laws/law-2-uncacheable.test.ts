import SuperJSON from 'superjson';
import { describe, expect, test } from 'vitest';
import { cacheOf, listen, t } from '../support/app.ts';
import { typed } from './worlds.ts';

class Money {
  amount: unknown = 1;
}
class Timestamps extends Date {}
class Registry extends Map<unknown, unknown> {}
class NotFound extends Error {}
/** As database drivers give them. */
class Rows extends Array<unknown> {
  static withCount(...rows: unknown[]) {
    return Object.defineProperty(Rows.from(rows), 'count', { value: rows.length });
  }
}
const searched = (pattern: RegExp) => {
  pattern.test('aaa');
  return pattern;
};

const withShared = (make: (a: object, b: object) => unknown) => make({ id: 1 }, { id: 2 });

/** What no codec gives back as it was. */
const unstorable: [string, () => unknown][] = [
  ['a function', () => () => 1],
  ['a function in an object', () => ({ deep: [{ run: () => 1 }] })],
  ['a function in a map', () => new Map([['run', () => 1]])],
  ['a symbol', () => Symbol('a')],
  ['a symbol as a key', () => ({ [Symbol('a')]: 1, b: 2 })],
  ['a promise', () => ({ later: Promise.resolve(1) })],
  ['a stream', () => new ReadableStream()],
  ['an async iterable', () => ({ async *[Symbol.asyncIterator]() {} })],
  ['a generator', () => (function* () {})()],
  ['an instance of a class', () => new Money()],
  ['an instance in a list', () => [[new Money()]]],
  ['a kind of date', () => new Timestamps(0)],
  ['a kind of map', () => new Registry([[1, 2]])],
  ['a kind of error', () => new NotFound('post')],
  ['an error, whose stack would be another', () => ({ failed: new Error('a') })],
  ['an error with more than a message', () => Object.assign(new Error('a'), { status: 404 })],
  ['an error whose cause is a function', () => new Error('a', { cause: () => 1 })],
  ['an invalid date', () => [new Date(Number.NaN)]],
  ['a list with holes', () => [new Array(3)]],
  ['a list with a name', () => Object.assign([1, 2], { total: 2 })],
  ['the result of a match', () => ({ found: 'abc'.match(/b/) })],
  ['a list with a hidden name', () => [Object.defineProperty([{ id: 1 }], 'columns', { value: ['id'] })]],
  ['a list with a symbol', () => Object.assign([1], { [Symbol('a')]: 1 })],
  ['the rows of a database driver', () => Rows.withCount({ id: 1 }, { id: 2 })],
  ['a kind of list in an object', () => ({ rows: Rows.from([1]) })],
  ['a date with a name', () => ({ at: Object.assign(new Date(0), { zone: 'Asia/Tokyo' }) })],
  ['a date with a symbol', () => Object.assign(new Date(0), { [Symbol('zone')]: 'Asia/Tokyo' })],
  ['a map with a name', () => Object.assign(new Map([[1, 2]]), { total: 2 })],
  ['a set with a name', () => [Object.assign(new Set([1]), { total: 2 })]],
  ['bytes with a name', () => Object.assign(new Uint8Array([1]), { encoding: 'utf8' })],
  ['an address with a name', () => Object.assign(new URL('http://a.test'), { label: 'A' })],
  ['a pattern with a name', () => Object.assign(/a/, { label: 'A' })],
  ['a pattern that is in the middle of a search', () => ({ next: searched(/a/g) })],
  ['a weak map', () => new WeakMap()],
  ['a buffer', () => new ArrayBuffer(8)],
  ['a boxed number', () => Object(1)],
  ['numbers that JSON lacks in a typed array', () => new Float64Array([1, Number.NaN])],
  ['infinity in a typed array', () => new Float32Array([Infinity])],
  ['zero below zero in a typed array', () => new Float64Array([-0])],
  ['large integers in a typed array', () => new BigInt64Array([1n])],
  ['an object in a list and in a set', () => withShared((a, b) => ({ all: [a, b], chosen: new Set([a, b]) }))],
  [
    'an object in a list and as a key',
    () =>
      withShared((a, b) => [
        a,
        new Map([
          [b, 1],
          [a, 2],
        ]),
      ]),
  ],
  ['what is not a number, as a key and elsewhere', () => [Number.NaN, new Map([[Number.NaN, 1]])]],
  ['an own __proto__', () => JSON.parse('{"__proto__":{"admin":true},"a":1}')],
  ['an own constructor', () => ({ constructor: 'Lego' })],
];

describe('law 2: what would come back as something else is never stored, and passes through', () => {
  test.each([
    ['a router with superjson', typed],
    ['a router without transformer', t],
  ])('on %s', async (_, { procedure, router }) => {
    for (const [what, make] of unstorable) {
      const cache = cacheOf();
      const skips = listen(cache, 'skip');
      const made: unknown[] = [];
      const app = cache.register(
        (router as typeof t.router)({
          odd: (procedure as typeof t.procedure).use(cache.cached('1h')).query(() => {
            made.push(make());
            return made.at(-1);
          }),
        }),
      );
      const caller = app.createCaller({});
      expect(Object.is(await caller.odd(), made[0]), what).toBe(true);
      expect(Object.is(await caller.odd(), made[1]), what).toBe(true);
      expect(made, what).toHaveLength(2);
      expect(skips, what).toMatchObject([
        { path: 'odd', reason: 'unstorable' },
        { path: 'odd', reason: 'unstorable' },
      ]);
    }
  });

  test('an instance of a class that the transformer knows is stored, unless it holds something that is not', async () => {
    const transformer = new SuperJSON();
    transformer.registerClass(Money);
    const cache = cacheOf({ transformer });
    let runs = 0;
    const money = t.procedure
      .input((amount: unknown) => amount)
      .use(cache.cached('1h'))
      .query(({ input }) => {
        runs += 1;
        return Object.assign(new Money(), { amount: input === 'odd' ? { deep: [new Registry()] } : input });
      });
    const caller = cache.register(t.router({ money })).createCaller({});
    expect(await caller.money(7)).toStrictEqual(await caller.money(7));
    expect(runs).toBe(1);
    await caller.money('odd');
    await caller.money('odd');
    expect(runs).toBe(3);
  });

  test('callers at the same time each get their own: nothing is shared that cannot be copied', async () => {
    const cache = cacheOf();
    let runs = 0;
    const app = cache.register(
      t.router({
        odd: t.procedure.use(cache.cached('1h')).query(async () => {
          runs += 1;
          return { run: () => runs };
        }),
      }),
    );
    const caller = app.createCaller({});
    const answers = await Promise.all([caller.odd(), caller.odd(), caller.odd()]);
    expect(runs).toBe(3);
    expect(new Set(answers).size).toBe(3);
  });

  test('a codec that throws on the way in is a query that is not cached, with the reason', async () => {
    const transformer = {
      serialize: (value: unknown) => {
        if (value === 'odd') throw new Error('cannot');
        return { value };
      },
      deserialize: ({ value }: { value: unknown }) => value,
    };
    const cache = cacheOf({ transformer });
    const skips = listen(cache, 'skip');
    const app = cache.register(t.router({ odd: t.procedure.use(cache.cached('1h')).query(() => 'odd') }));
    expect(await app.createCaller({}).odd()).toBe('odd');
    expect(skips).toEqual([{ path: 'odd', reason: 'unstorable', error: new Error('cannot') }]);
  });

  test.each(['copy', 'frozen'] as const)(
    'a codec that cannot read what it wrote harms no caller, with share %s',
    async (share) => {
      const transformer = {
        serialize: (value: unknown) => ({ value }),
        deserialize: () => {
          throw new Error('cannot');
        },
      };
      const cache = cacheOf({ transformer });
      let runs = 0;
      const query = t.procedure.use(cache.cached({ ttl: '1h', share })).query(async () => ++runs);
      const caller = cache.register(t.router({ query })).createCaller({});
      expect(await caller.query()).toBe(1);
      expect(await caller.query()).toBe(2);
      expect(await Promise.all([caller.query(), caller.query()])).toEqual([3, 4]);
    },
  );
});
