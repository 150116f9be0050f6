import { createHash } from 'node:crypto';
import { initTRPC } from '@trpc/server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conditionalFetch } from '../../src/client/index.ts';
import { createCache } from '../../src/index.ts';
import { counted, serve, serveRouter } from './origin.ts';

const users = ['ann', 'bob', null] as const;
const languages = ['en', 'de'] as const;
/** How a user says who he is; the last one is in no key of any HTTP cache. */
const ways = ['authorization', 'cookie', 'x-api-key'] as const;

interface Ask {
  readonly user: (typeof users)[number];
  readonly way: (typeof ways)[number];
  readonly language: (typeof languages)[number];
}

const ask: fc.Arbitrary<Ask> = fc.record({
  user: fc.constantFrom(...users),
  way: fc.constantFrom(...ways),
  language: fc.constantFrom(...languages),
});

const headersOf = ({ user, way, language }: Ask): Record<string, string> => ({
  'accept-language': language,
  ...(user !== null && { [way]: user }),
});

/** A server whose answer is of one user and one language, and may be shown again without asking for a minute. */
const openPersonal = (varies: boolean) =>
  serve((req, res) => {
    const user = ways.map((way) => req.headers[way]).find((given) => given !== undefined) ?? null;
    const language = req.headers['accept-language'];
    const text = JSON.stringify({ user, language });
    const tag = `"${createHash('sha1').update(text).digest('hex')}"`;
    const known = req.headers['if-none-match'] === tag;
    res.writeHead(known ? 304 : 200, {
      'content-type': 'application/json',
      'cache-control': 'private, max-age=60',
      etag: tag,
      ...(varies && { vary: 'Accept-Language' }),
      ...(!known && { 'x-user': String(user) }),
    });
    res.end(known ? undefined : text);
  });

describe('users who share one conditionalFetch', () => {
  test.each([
    { fresh: false, varies: true },
    { fresh: false, varies: false },
    { fresh: true, varies: true },
    { fresh: true, varies: false },
  ])('are never shown an answer of another, nor a header of it: %o', async ({ fresh, varies }) => {
    const { url } = await openPersonal(varies);
    await fc.assert(
      fc.asyncProperty(fc.array(ask, { minLength: 2, maxLength: 25 }), fc.boolean(), async (asks, atOnce) => {
        const get = conditionalFetch({ fresh, maxEntries: 3 });
        const one = async (asked: Ask) => {
          const response = await get(url, { headers: headersOf(asked) });
          const said = response.headers.get('x-user');
          expect([null, String(asked.user)]).toContain(said);
          expect(await response.json()).toEqual({ user: asked.user, language: asked.language });
        };
        if (atOnce) await Promise.all(asks.map(one));
        else for (const asked of asks) await one(asked);
      }),
      { numRuns: 40 },
    );
  });

  test('with equal answers are shown no header of another, though a 304 says that the bodies are equal', async () => {
    const { url } = await serve((req, res) => {
      const known = req.headers['if-none-match'] === '"1"';
      res.writeHead(known ? 304 : 200, {
        'content-type': 'application/json',
        etag: '"1"',
        'x-same': 'yes',
        ...(!known && { 'x-user': String(req.headers['x-api-key']) }),
      });
      res.end(known ? undefined : '{}');
    });
    const get = conditionalFetch();
    const ask = async (user: string) => {
      const { headers } = await get(url, { headers: { 'x-api-key': user } });
      return [headers.get('x-user'), headers.get('x-same'), headers.get('content-type')];
    };
    expect(await ask('ann')).toEqual(['ann', 'yes', 'application/json']);
    expect((await ask('ann'))[0]).toBe('ann');
    expect(await ask('bob')).toEqual([null, 'yes', 'application/json']);
  });

  test.each(['authorization', 'cookie'])(
    'and whose %s is added behind its back are asked for each time, where the answer says that it counts',
    async (name) => {
      const asked: string[] = [];
      let user = 'ann';
      const open = (vary: string) =>
        conditionalFetch({
          fresh: true,
          // As a `fetch` that knows its user by an async context does.
          fetch: async (_, init) => {
            const known = new Headers(init?.headers).get(name);
            asked.push(known ?? `${user}, added`);
            const headers = {
              'content-type': 'application/json',
              etag: `"${user}"`,
              'cache-control': 'max-age=60',
              vary,
            };
            return new Response(JSON.stringify(known ?? user), { headers });
          },
        });
      const get = open(`accept, ${name[0]?.toUpperCase()}${name.slice(1)}`);
      const read = async (init?: RequestInit) => (await get('http://shop.test/me', init)).json();
      for (user of ['ann', 'bob', 'bob']) expect(await read()).toBe(user);
      expect(asked).toEqual(['ann, added', 'bob, added', 'bob, added']);
      // Who says who he is, is known by it.
      for (const who of ['eve', 'eve']) expect(await read({ headers: { [name]: who } })).toBe('eve');
      expect(asked.slice(3)).toEqual(['eve']);
      const other = open('accept-language');
      for (let times = 0; times < 2; times++) await other('http://shop.test/me');
      expect(asked.slice(4)).toEqual(['bob, added']);
    },
  );

  test('have a copy each, by Authorization, by Cookie and by every header of Vary', async () => {
    const { url } = await openPersonal(true);
    const statuses: number[] = [];
    const get = conditionalFetch({ fetch: counted(statuses) });
    const asks = users.flatMap((user) =>
      languages.flatMap((language) => (['authorization', 'cookie'] as const).map((way) => ({ user, way, language }))),
    );
    const different = [...new Map(asks.map((one) => [JSON.stringify(headersOf(one)), one])).values()];
    for (let round = 0; round < 2; round++) {
      for (const one of different) await (await get(url, { headers: headersOf(one) })).text();
    }
    const times = different.length;
    expect(times).toBe(10);
    expect(statuses).toEqual([...Array(times).fill(200), ...Array(times).fill(304)]);
  });

  test('of a tRPC server with private scopes get their own data, also when both ask at once', async () => {
    const t = initTRPC.context<{ user: string | null }>().create();
    const cache = createCache<{ user: string | null }>({ scope: ({ ctx }) => ctx.user });
    const router = t.router({
      me: t.procedure.use(cache.cached({ ttl: '1m', http: { browser: '1m' } })).query(({ ctx }) => ctx.user),
    });
    const createContext = ({ req }: { req: { headers: Record<string, unknown> } }) => ({
      user: (req.headers.authorization ?? req.headers['x-api-key'] ?? null) as string | null,
    });
    const { url } = await serveRouter(cache.http({ router, createContext: createContext as never }));
    for (const fresh of [false, true]) {
      const get = conditionalFetch({ fresh });
      for (let round = 0; round < 3; round++) {
        const asks = users.flatMap((user) => (['authorization', 'x-api-key'] as const).map((way) => ({ user, way })));
        await Promise.all(
          asks.map(async ({ user, way }) => {
            const response = await get(`${url}/me`, user === null ? {} : { headers: { [way]: user } });
            expect(await response.json()).toEqual({ result: { data: user } });
          }),
        );
      }
    }
  });
});
