import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { t } from '../support/app.ts';
import { values } from './values.ts';
import { onEveryStore, typed, type World } from './worlds.ts';

/** A query that gives whatever it is told to, and how often it ran. */
const echoOn = (world: World, { procedure, router }: typeof t | typeof typed) => {
  const cache = world.cache();
  const outputs: unknown[] = [];
  let runs = 0;
  const echo = (procedure as typeof t.procedure)
    .input((index: unknown) => index as number)
    .use(cache.cached('1h'))
    .query(({ input }) => {
      runs += 1;
      return outputs[input];
    });
  const caller = cache.register((router as typeof t.router)({ echo })).createCaller({});
  return async (value: unknown) => {
    const index = outputs.push(value) - 1;
    runs = 0;
    const answers = [await caller.echo(index), await caller.echo(index)] as const;
    return { first: answers[0], second: answers[1], runs, again: () => caller.echo(index) };
  };
};

/** Which of an answer's objects are one and the same. */
const identities = (value: unknown): number[] => {
  const seen = new Map<object, number>();
  const order: number[] = [];
  const visit = (inner: unknown): void => {
    if (typeof inner !== 'object' || inner === null) return;
    const known = seen.get(inner);
    order.push(known ?? seen.size);
    if (known !== undefined) return;
    seen.set(inner, seen.size);
    if (inner instanceof Map || inner instanceof Set) for (const item of inner) [item].flat(1).forEach(visit);
    else if (!ArrayBuffer.isView(inner)) Object.values(inner).forEach(visit);
  };
  visit(value);
  return order;
};

const routers = [
  ['a router with superjson', typed],
  ['a router without transformer', t],
] as const;

describe('law 2: the second answer equals the first, types included', () => {
  onEveryStore((world) => {
    test.each(routers)(
      'a thousand random values, on %s',
      async (_, builder) => {
        const twice = echoOn(world, builder);
        let stored = 0;
        await fc.assert(
          fc.asyncProperty(values, async (value) => {
            const { first, second, runs } = await twice(value);
            if (runs === 1) stored += 1;
            expect(second).toStrictEqual(first);
            expect(identities(second)).toEqual(identities(first));
          }),
          { numRuns: 1_000, endOnFailure: false },
        );
        expect(stored).toBeGreaterThan(700);
      },
      60_000,
    );

    const examples: [string, () => unknown][] = [
      ['undefined', () => undefined],
      ['null', () => null],
      ['false', () => false],
      ['an empty text', () => ''],
      ['zero below zero', () => -0],
      ['what is not a number', () => Number.NaN],
      ['a large integer', () => 2n ** 80n],
      ['undefined in an object and in a list', () => ({ a: undefined, b: [undefined, null] })],
      ['a date', () => new Date(8.64e15)],
      ['a map of maps with objects as keys', () => new Map([[{ a: 1 }, new Map([[Number.NaN, new Set([-1, 0])]])]])],
      ['a pattern', () => /a\/b/giu],
      ['an address', () => new URL('https://user@example.test:8080/a%20b?c=ż#d')],
      ['bytes', () => new Uint8Array([0, 255, 128])],
      ['whole numbers of 32 bits', () => new Int32Array([-1, 2 ** 31 - 1])],
      ['text that Redis or JSON could mistake', () => ['~', 'i1', '1', 'null', 'OK', '\n', '{"json":1}', '\u0000']],
      ['half a character', () => Object.fromEntries([['\ud800', '\udfff']])],
      [
        'an object that refers to itself',
        () => {
          const self: Record<string, unknown> = { name: 'self' };
          self.self = self;
          return self;
        },
      ],
      [
        'the same list in two places',
        () => {
          const list = [1, 2];
          return { a: list, b: list };
        },
      ],
      ['ten thousand rows', () => Array.from({ length: 10_000 }, (_, id) => ({ id, at: new Date(id) }))],
    ];
    test.each(examples)('%s is cached and comes back whole', async (_, make) => {
      const twice = echoOn(world, typed);
      const { first, second, runs, again } = await twice(make());
      expect(runs).toBe(1);
      expect(second).toStrictEqual(first);
      expect(await again()).toStrictEqual(first);
      expect(Object.is(second, first) || typeof first === 'object').toBe(true);
      expect(identities(second)).toEqual(identities(first));
    });
  });
});
