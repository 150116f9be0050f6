import fc from 'fast-check';
import CachePolicy from 'http-cache-semantics';
import { describe, expect, test } from 'vitest';
import { conditionalFetch } from '../../src/client/index.ts';
import { pass, useClock } from '../support/http-checks.ts';

useClock();

/** A `fetch` that answers with these headers and counts how often it was asked. */
function origin(headersOf: () => Record<string, string>) {
  const asked: string[] = [];
  const get = conditionalFetch({
    fresh: true,
    fetch: async (_input, init) => {
      const held = new Headers(init?.headers).get('if-none-match');
      asked.push(`${init?.method ?? 'GET'} ${held ?? '-'}`);
      const headers = { 'content-type': 'application/json', etag: '"1"', ...headersOf() };
      return held === '"1"' ? new Response(null, { status: 304, headers }) : new Response('{}', { headers });
    },
  });
  return { get: (init?: RequestInit) => get('http://shop.test/trpc/a?input=1', init), asked, fetch: get };
}

const seconds = fc.integer({ min: 0, max: 120 });
const directives = fc.record(
  {
    'max-age': seconds,
    's-maxage': seconds,
    'no-cache': fc.constant(true),
    private: fc.constant(true),
    'must-revalidate': fc.constant(true),
    'stale-while-revalidate': seconds,
    immutable: fc.constant(true),
    ext: fc.constantFrom('"no-store"', 'x'), // the oracle splits texts at commas
  },
  { requiredKeys: [] },
);

const cacheControl = (given: object) =>
  Object.entries(given)
    .map(([name, value]) => (value === true ? name : `${name}=${value}`))
    .join(', ');

describe('with fresh: true', () => {
  test('a copy is shown without asking exactly as long as a private cache may (http-cache-semantics)', async () => {
    await fc.assert(
      fc.asyncProperty(
        directives,
        fc.option(seconds, { nil: undefined }),
        fc.option(fc.integer({ min: 0, max: 120 }), { nil: undefined }),
        fc.array(seconds, { minLength: 1, maxLength: 5 }),
        async (given, age, expires, waits) => {
          const date = Date.now();
          const headers: Record<string, string> = {
            'content-type': 'application/json',
            etag: '"1"',
            date: new Date(date).toUTCString(),
            ...(Object.keys(given).length > 0 && { 'cache-control': cacheControl(given) }),
            ...(age !== undefined && { age: String(age) }),
            ...(expires !== undefined && { expires: new Date(date + expires * 1_000).toUTCString() }),
          };
          const { get, asked } = origin(() => headers);
          await get();
          const policy = new CachePolicy(
            { url: '/', method: 'GET', headers: {} },
            { status: 200, headers },
            { shared: false, immutableMinTimeToLive: 0 },
          );
          for (const wait of waits) {
            pass(wait);
            asked.length = 0;
            const isFresh = !policy.stale();
            const response = await get();
            expect(asked).toEqual(isFresh ? [] : ['GET "1"']);
            expect(response.status).toBe(200);
            // A 304 makes it young again, and the two may differ about how young.
            if (!isFresh) return;
            expect(response.headers.get('age')).toBe(String(Math.round(policy.age())));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('an answer that was long on its way, or has an old Date, is as old as that', async () => {
    const { get, asked } = origin(() => ({
      'cache-control': 'max-age=60',
      date: new Date(Date.now() - 50_000).toUTCString(),
    }));
    await get();
    pass(9);
    await get();
    expect(asked).toEqual(['GET -']);
    pass(1);
    await get();
    expect(asked).toEqual(['GET -', 'GET "1"']);
  });

  test('a 304 makes it fresh again, from its own headers on', async () => {
    let lifetime = 10;
    const { get, asked } = origin(() => ({ 'cache-control': `max-age=${lifetime}` }));
    await get();
    lifetime = 100;
    pass(10);
    await get();
    pass(99);
    await get();
    expect(asked).toEqual(['GET -', 'GET "1"']);
  });

  test('two lifetimes in one header are none, and a clock that went back makes it stale', async () => {
    const twice = origin(() => ({ 'cache-control': 'max-age=10, max-age=100' }));
    await twice.get();
    await twice.get();
    expect(twice.asked).toEqual(['GET -', 'GET "1"']);
    const back = origin(() => ({ 'cache-control': 'max-age=100' }));
    await back.get();
    pass(-1);
    await back.get();
    expect(back.asked).toEqual(['GET -', 'GET "1"']);
  });

  test('a request that wants no stored answer, or has other headers, asks', async () => {
    const { get, asked } = origin(() => ({ 'cache-control': 'max-age=100' }));
    await get();
    const inits: RequestInit[] = [
      { headers: { 'cache-control': 'no-cache' } },
      { headers: { pragma: 'no-cache' } },
      { cache: 'no-cache' },
      { headers: { 'x-api-key': 'bob' } },
    ];
    for (const init of inits) await get(init);
    expect(asked).toEqual(['GET -', ...inits.map(() => 'GET "1"')]);
  });

  test('a write to the same URL makes it be asked for (RFC 9111 section 4.4)', async () => {
    const { get, asked } = origin(() => ({ 'cache-control': 'max-age=100' }));
    await get();
    await get({ method: 'POST' });
    await get();
    expect(asked).toEqual(['GET -', 'POST -', 'GET -']);
  });
});

test('without it, the server is asked each time, whatever max-age says', async () => {
  const held: (string | null)[] = [];
  const get = conditionalFetch({
    fetch: async (_input, init) => {
      held.push(new Headers(init?.headers).get('if-none-match'));
      return new Response('{}', {
        headers: { 'content-type': 'application/json', etag: '"1"', 'cache-control': 'max-age=60' },
      });
    },
  });
  await get('http://shop.test/');
  await get('http://shop.test/');
  expect(held).toEqual([null, '"1"']);
});
