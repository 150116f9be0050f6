import { describe, expect, test } from 'vitest';
import { type Adapter, adapters, type Sent, serveShop } from '../support/http-adapters.ts';
import { etagOf, expectNotModified } from '../support/http-checks.ts';
import { createShop, type Shop } from '../support/http-router.ts';

const shared = { of: 'two places' };

/** Outputs by what is special about them; made anew for every call, as a resolver does. */
const payloads: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  false: () => false,
  zero: () => 0,
  'minus zero': () => -0,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  'a large number': () => 1e21,
  'a small number': () => 5e-324,
  'an empty string': () => '',
  'a string that looks like JSON': () => '{"json":1}',
  'line separators, quotes and escapes': () => '\u2028\u2029"\\\n\u0000</script>',
  'text beyond ASCII': () => 'Zürich 🧀 \u00e9 e\u0301',
  'a lone surrogate': () => '\ud800',
  'an empty object': () => ({}),
  'an empty array': () => [],
  'an object with undefined members': () => ({ a: undefined, b: [undefined, null], c: 1 }),
  'an object in the order it was made': () => ({ z: 1, a: 2, 10: 'ten', 2: 'two', m: { y: 1, b: 2 } }),
  'names that a path could be made of': () => ({ 'a.b': new Date(0), 'a\\.b': new Date(1), '': new Set([1]) }),
  'an output like an envelope of the transformer': () => ({ json: { a: 1 }, meta: { values: { a: ['Date'] } } }),
  'a name that objects have by themselves': () => ({ toString: 'text', hasOwnProperty: 1, valueOf: null }),
  'a Date': () => new Date('2026-01-01T00:00:00.000Z'),
  'a Map': () =>
    new Map<unknown, unknown>([
      ['a', new Date(0)],
      [{ key: 1 }, new Set(['b'])],
    ]),
  'a Set': () => new Set([1, 'two', null, undefined]),
  'a bigint': () => 12345678901234567890n,
  'a bigint deep inside': () => ({ rows: [{ id: 1n }, { id: 2n }] }),
  'a RegExp': () => /a+b/giu,
  'a URL': () => new URL('https://shop.example/a?b=c#d'),
  'an Error': () => new Error('a value, not a failure'),
  'one object in two places': () => ({ a: shared, b: shared, list: [shared] }),
  'a typed array': () => new Uint8Array([1, 2, 255]),
  'an instance of a class': () =>
    new (class Money {
      readonly cents = 100;
    })(),
  'an object that says how it is written': () => ({ toJSON: () => 'as text' }),
  'a function as a member': () => ({ a: 1, f: () => 2 }),
  'nested rows': () => ({
    rows: Array.from({ length: 50 }, (_, id) => ({ id, at: new Date(id), tags: new Set([`t${id}`]), none: null })),
  }),
};

const requests: { how: string; path: string; sent?: Sent }[] = [
  { how: 'alone', path: 'pub' },
  { how: 'in a batch of one', path: 'pub?batch=1' },
  { how: 'in a batch', path: 'pub,long,pub?batch=1' },
  { how: 'beside an uncached query', path: 'raw,pub?batch=1' },
  { how: 'by POST', path: 'pub', sent: { method: 'POST', headers: { 'content-type': 'application/json' } } },
];

const routers = [
  { router: 'a superjson router', typed: true },
  { router: 'a router without transformer', typed: false },
];

const matrix = adapters.flatMap((adapter) => routers.map((router) => ({ ...router, adapter, name: adapter.name })));

describe.each(matrix)('bytes of $router over $name', ({ adapter, typed }) => {
  test.each(Object.entries(payloads))(
    '%s is sent byte for byte as plain tRPC sends it, missed and hit',
    async (_, make) => {
      const [plain, shop] = await Promise.all([
        shopOf(adapter, typed, false, make),
        shopOf(adapter, typed, true, make),
      ]);
      for (const { path, sent } of requests) {
        await shop.cache.clear();
        const expected = await plain.send(path, sent);
        const miss = await shop.send(path, sent);
        const hit = await shop.send(path, sent);
        expect({ status: miss.status, body: miss.body }).toEqual({ status: expected.status, body: expected.body });
        expect({ status: hit.status, body: hit.body }).toEqual({ status: expected.status, body: expected.body });
        expect(hit.headers.get('etag')).toBe(miss.headers.get('etag'));
        expect(hit.headers.get('content-type')).toBe(expected.headers.get('content-type'));
      }
    },
  );

  test.each(Object.entries(payloads).filter(([name]) => storedBy(typed).has(name)))(
    '%s is 304 for who holds it',
    async (_, make) => {
      const shop = await shopOf(adapter, typed, true, make);
      const etag = etagOf(await shop.send('pub'));
      expectNotModified(await shop.send('pub', { headers: { 'if-none-match': etag } }), etag);
      expect(shop.runs.pub).toBe(1);
    },
  );
});

function storedBy(typed: boolean): Set<string> {
  const lost = [
    'an instance of a class',
    'an object that says how it is written',
    'a function as a member',
    'an Error',
  ];
  const unwritable = typed ? [] : ['a bigint', 'a bigint deep inside'];
  return new Set(Object.keys(payloads).filter((name) => ![...lost, ...unwritable].includes(name)));
}

const shops = new Map<string, Shop>();

/** A shop with an empty cache whose queries give the output; made once for each kind, served anew for each test. */
async function shopOf(adapter: Adapter, typed: boolean, library: boolean, make: () => unknown) {
  const kind = `${typed} ${library}`;
  const shop = shops.get(kind) ?? createShop({ typed, library });
  shops.set(kind, shop);
  await shop.cache.clear();
  delete shop.runs.pub;
  for (const name of ['pub', 'long', 'raw']) Object.defineProperty(shop.data, name, { get: make, configurable: true });
  return { ...shop, ...(await serveShop(adapter, shop, { allowMethodOverride: true })) };
}
