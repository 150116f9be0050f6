import { expect, test } from 'vitest';
import { cacheOf, errorOf } from '../support/app.ts';

const taken = [
  ...['Set-Cookie', 'Cache-Control', 'ETag', 'Vary', 'Age', 'content-type', 'content-encoding', 'date', 'location'],
  ...['expires', 'pragma', 'transfer-encoding', 'www-authenticate', 'access-control-allow-origin', 'cache-status'],
  ...['cdn-cache-control', 'cloudflare-cdn-cache-control', 'surrogate-key', 'cache-tag', 'accept-ranges', 'sec-fetch'],
];

test.each(taken)('%s is a name with a meaning of its own: no header of ours may have it', async (name) => {
  for (const [option, standard] of [
    ['tellInvalidated', 'x-cache-invalidated'],
    ['statusHeader', 'x-cache'],
  ] as const) {
    const error = await errorOf(() => cacheOf({ http: { [option]: name } }));
    expect([error.name, error.code, error.message]).toEqual([
      'CacheError',
      'INVALID_OPTION',
      `createCache: http.${option}: "${name}" means something else. Choose a name of its own such as '${standard}'.`,
    ]);
  }
});

test('two headers of ours cannot have one name', async () => {
  const messageOf = async (http: object) => (await errorOf(() => cacheOf({ http }))).message;
  expect(await messageOf({ tellInvalidated: 'X-Cache', statusHeader: false })).toMatch(
    /"X-Cache" means something else/,
  );
  expect(await messageOf({ tellInvalidated: 'X-Told', statusHeader: 'x-told' })).toBe(
    'createCache: http.tellInvalidated: "X-Told" is the name of http.statusHeader, too. Give each a name of its own.',
  );
});

test.each([
  { tellInvalidated: 'x-shop-changes' },
  { tellInvalidated: true, statusHeader: false },
  { statusHeader: 'X-Shop', tellInvalidated: true },
  { statusHeader: 'contents' },
] as const)('%j is taken', (http) => {
  expect(() => cacheOf({ http })).not.toThrow();
});
