import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { describe, expect, test } from 'vitest';
import { sharedFields } from '../../src/http/cdn-fields.ts';
import { read } from '../docs/pages.ts';
import {
  type Adapter,
  adapters,
  overFetch,
  type Reply,
  type ServeOptions,
  serveShop,
} from '../support/http-adapters.ts';
import { etagOf, expectNoStore, expectNotModified, headersOf, pass, useClock } from '../support/http-checks.ts';
import { createContext, createShop, type Shop } from '../support/http-router.ts';

useClock();

/** The fetch adapter with the wrapper around it. */
const wrapped: Adapter = {
  ...overFetch,
  name: 'fetch, wrapped',
  serve: () => {
    throw new Error('the wrapper is the shop’s own');
  },
};

type Options = Omit<Partial<ServeOptions>, 'router'>;

async function serve(adapter: Adapter, shop: Shop, options: Options) {
  if (adapter !== wrapped) return serveShop(adapter, shop, options);
  const given = shop.cache.http({ createContext, ...options, router: shop.router });
  const answer = shop.cache.fetch((req: Request) => fetchRequestHandler({ ...given, endpoint: '/trpc', req }));
  return {
    async send(path: string, sent?: RequestInit): Promise<Reply> {
      const response = await answer(new Request(`http://shop.test/trpc/${path}`, sent));
      return { status: response.status, headers: response.headers, body: await response.text() };
    },
  };
}

const ways = [...adapters, wrapped];

/** Everything that speaks to CDNs, as a user might set it. */
const own = Object.fromEntries(sharedFields.map((name) => [name, /tag|key/.test(name) ? 'mine' : 'max-age=9']));

const told = ({ headers }: Reply) => sharedFields.filter((name) => headers.has(name));
const askedBy: Record<string, string> = { authorization: 'Bearer x' };

describe.each(ways)('headers of the user for CDNs over $name', (adapter) => {
  const open = (more: Record<string, string> = {}, options: Parameters<typeof createShop>[0] = {}) =>
    serve(adapter, createShop(options), { responseMeta: () => ({ headers: { ...own, ...more } }) });

  test('stand beside an answer that is the same for everybody, with a lifetime for CDNs and without', async () => {
    const { send } = await open();
    for (const path of ['pub', 'cdn', 'fixed', 'pub,cdn?batch=1']) {
      const reply = await send(path);
      for (const [name, value] of Object.entries(own)) expect(reply.headers.get(name), `${path}: ${name}`).toBe(value);
    }
  });

  test('go from an answer that is never shared, which CDNs would obey them over private for', async () => {
    const { send } = await open();
    const replies = [
      await send('def'),
      await send('priv'),
      await send('pub,def?batch=1'),
      await send('pub', { headers: askedBy }),
      await send('fixed', { headers: askedBy }),
      await (await open({ 'set-cookie': 'session=1' })).send('pub'),
      await (await open({ 'set-cookie': 'session=1' })).send('def'),
    ];
    for (const reply of replies) {
      expect(reply.headers.get('cache-control')).toMatch(/^private, /);
      expect(told(reply)).toEqual([]);
    }
  });

  test('stay where credentials are allowed', async () => {
    const { send } = await open({}, { http: { allowAuthorization: true } });
    expect(told(await send('pub', { headers: askedBy }))).toEqual(sharedFields);
  });

  test.each([
    ['a cookie', 'pub', { 'set-cookie': 'session=1' }, {}],
    ['credentials', 'pub', {}, askedBy],
    ['a private query', 'priv', {}, {}],
  ])('stand beside a Cache-Control of the user in any case, as that does: with %s', async (_, path, more, headers) => {
    const { send } = await open({ 'cache-control': 'public, max-age=9', ...more });
    const reply = await send(path, { headers });
    expect(reply.headers.get('cache-control')).toBe('public, max-age=9');
    expect(told(reply)).toEqual(sharedFields);
  });

  test('go from what nobody may store, with the Cache-Control of the user', async () => {
    const { send } = await open({ 'cache-control': 'public, max-age=9', etag: '"v7"', age: '3' });
    for (const path of ['err', 'fleeting', 'pub,err?batch=1']) expectNoStore(await send(path));
  });

  test('are as with plain tRPC where the library says nothing', async () => {
    const plain = await serve(overFetch, createShop({ library: false }), { responseMeta: () => ({ headers: own }) });
    const reply = await (await open()).send('raw');
    const expected = headersOf(await plain.send('raw'));
    for (const name of sharedFields) expect(reply.headers.get(name)).toBe(expected[name]);
  });
});

test('the page names every field that goes', () => {
  const page = read('docs/http.md');
  for (const name of sharedFields) expect(page).toContain(`\`${name}\``);
});

describe.each(adapters)('an age of the user over $name', (adapter) => {
  test.each([
    [false, '3'],
    [true, '20'],
  ])('stands unless the option says %s', async (age, expected) => {
    const shop = createShop({ http: { age } });
    const { send } = await serve(adapter, shop, { responseMeta: () => ({ headers: { age: '3' } }) });
    await send('pub');
    pass(20);
    expect((await send('pub')).headers.get('age')).toBe(expected);
  });
});

describe('what is set behind tRPC, inside of the fetch wrapper', () => {
  const open = (change: (headers: Headers) => void) => {
    const shop = createShop();
    const given = shop.cache.http({ createContext, router: shop.router });
    const answer = shop.cache.fetch(
      async (req: Request) => {
        const response = await fetchRequestHandler({ ...given, endpoint: '/trpc', req });
        change(response.headers);
        return response;
      },
      { head: true },
    );
    return async (path: string, sent?: RequestInit) => {
      const { status, headers, body } = await answer(new Request(`http://shop.test/trpc/${path}`, sent));
      return { status, headers, body: body === null ? '' : await new Response(body).text() };
    };
  };

  test('goes with a cookie, whatever CDN it is for', async () => {
    const send = open((headers) => {
      for (const [name, value] of Object.entries(own)) headers.set(name, value);
      headers.append('set-cookie', 'session=1');
    });
    for (let times = 0; times < 2; times++) {
      const reply = await send('pub');
      expect([told(reply), reply.headers.get('cache-control')]).toEqual([[], 'private, no-cache']);
    }
  });

  test.each(['GET', 'HEAD'])('a cookie is on no 304 for what shared caches may hold, by %s', async (method) => {
    let cookie: string | undefined;
    const send = open((headers) => cookie && headers.append('set-cookie', cookie));
    const everyones = await send('pub');
    const own = await send('def');
    cookie = 'session=1';
    const whole = await send('pub', { method, headers: { 'if-none-match': etagOf(everyones) } });
    expect([whole.status, whole.body]).toEqual([200, method === 'GET' ? everyones.body : '']);
    expect([told(whole), whole.headers.get('cache-control')]).toEqual([[], 'private, no-cache']);
    expect(whole.headers.getSetCookie()).toEqual(['session=1']);
    const short = await send('def', { method, headers: { 'if-none-match': etagOf(own) } });
    expectNotModified(short, etagOf(own));
    expect(short.headers.getSetCookie()).toEqual(['session=1']);
  });
});
