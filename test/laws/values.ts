import fc from 'fast-check';

// What superjson gives names of its own to, or refuses: `__proto__` and the like are a test of their own.
const isOrdinary = (name: string) => !['__proto__', 'constructor', 'prototype'].includes(name);

const names = fc
  .oneof(
    fc.string({ maxLength: 8 }),
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom('a.b', 'a\\.b', '\\', 'a\\', '', '0', 'json', 'meta', 'toJSON', 'length', 'é', '\ud800', ' '),
  )
  .filter(isOrdinary);

const date = fc.date({ noInvalidDate: true });

const flat = fc.oneof(
  fc.constantFrom(undefined, null, true, false, 0, -0, Number.NaN, Infinity, -Infinity, '', 0n, '\ud800'),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.string(),
  fc.string({ unit: 'binary' }),
  date,
);

const typedArray = fc.oneof(
  fc.int8Array(),
  fc.uint8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array({ noNaN: true, noDefaultInfinity: true }).filter((array) => !array.some((n) => Object.is(n, -0))),
  fc.float64Array({ noNaN: true, noDefaultInfinity: true }).filter((array) => !array.some((n) => Object.is(n, -0))),
);

const instance = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }).map((url) => new URL(url)),
  fc
    .tuple(fc.string({ maxLength: 5 }), fc.subarray(['g', 'i', 'm', 's', 'u', 'y']))
    .map(([text, flags]) => new RegExp(text.replace(/[^a-z0-9]/gi, '.'), flags.join(''))),
  fc.string().map((message) => new Error(message)),
  typedArray,
);

/** Values of every type that superjson knows, nested, with objects that occur twice. */
export const values: fc.Arbitrary<unknown> = fc.letrec((tie) => {
  const inner = tie('value');
  return {
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      flat,
      instance,
      fc.array(inner, { maxLength: 4 }),
      fc.dictionary(names, inner, { maxKeys: 4, noNullPrototype: true }),
      fc.array(fc.tuple(inner, inner), { maxLength: 3 }).map((pairs) => new Map(pairs)),
      fc.array(inner, { maxLength: 3 }).map((items) => new Set(items)),
      fc.tuple(inner, inner).map(([twice, once]) => ({ first: twice, second: twice, both: [twice, once] })),
    ),
  };
}).value as fc.Arbitrary<unknown>;
