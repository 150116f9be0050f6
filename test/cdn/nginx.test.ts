import { initTRPC } from '@trpc/server';
import { describe, expect, it, vi } from 'vitest';
import { createCache } from '../../src/index.ts';
import { type Reply, type ServeOptions, standalone } from '../support/http-adapters.ts';
import { createContext, createShop } from '../support/http-router.ts';
import { nginxAvailable, startNginx } from './nginx.ts';

/** What nginx says of itself: `null` where it did not even look. */
const how = ({ headers }: Reply) => headers.get('x-nginx');

/** A shop behind an nginx that is as it comes, but for a cache. */
async function open(options: Omit<Partial<ServeOptions>, 'router'> = {}) {
  const shop = createShop();
  const origin = await standalone.serve(shop.cache.http({ createContext, ...options, router: shop.router }));
  const { send, log } = await startNginx(new URL(origin.url).origin);
  return { ...shop, send, log };
}

const asked = (path: string, input: unknown) => `${path}?input=${encodeURIComponent(JSON.stringify(input))}`;

describe.skipIf(!nginxAvailable)('behind an nginx with its defaults as shared cache', () => {
  it('a public query is answered by nginx, for everybody, with the tag and the lifetime of the first answer', async () => {
    const { send, runs } = await open();
    const first = await send('pub');
    expect([first.status, how(first)]).toEqual([200, 'MISS']);
    const users = [{}, { 'x-user': 'ada' }, { authorization: 'Bearer token' }, { cookie: 'session=1' }];
    for (const headers of users) {
      const next = await send('pub', { headers: headers as Record<string, string> });
      expect([next.status, how(next), next.body]).toEqual([200, 'HIT', first.body]);
      expect(next.headers.get('etag')).toBe(first.headers.get('etag'));
    }
    expect(runs.pub).toBe(1);
    const known = await send('pub', { headers: { 'if-none-match': first.headers.get('etag') as string } });
    expect([known.status, known.body]).toEqual([304, '']);
  });

  it('a public batch is kept, and one with a private, an uncached or a failed member is not', async () => {
    const { send } = await open();
    for (const batch of ['pub,long', 'pub,priv', 'priv,pub', 'pub,raw', 'pub,err', 'pub,def']) {
      const replies = [];
      for (const user of ['ada', 'bob', 'ada'])
        replies.push(await send(`${batch}?batch=1&input=%7B%7D`, { headers: { 'x-user': user } }));
      const isPublic = batch === 'pub,long';
      expect([batch, ...replies.map(how)]).toEqual([batch, 'MISS', ...(isPublic ? ['HIT', 'HIT'] : ['MISS', 'MISS'])]);
    }
  });

  it.each([
    ['def', 'a query without lifetimes'],
    ['cdn', 'a query that is for CDNs that know cdn-cache-control alone'],
    ['raw', 'a query that is not cached'],
    ['bare', 'a query that says nothing'],
    ['fleeting', 'an answer that is not to be stored'],
    ['err', 'an error'],
    ['bug', 'a failure'],
    ['nowhere', 'a path that is not there'],
    [asked('byId', { id: 'text' }), 'an input that is refused'],
  ])('%s is never answered by nginx: %s', async (path) => {
    const { send } = await open();
    for (let turn = 0; turn < 3; turn++) expect(how(await send(path))).toBe('MISS');
  });

  it('nobody is ever shown what is another one: 200 requests of five users, mixed', async () => {
    const { send } = await open();
    const users = ['ada', 'bob', 'eve', 'kim', 'joe'];
    const paths = ['priv', 'pub', 'priv?batch=1&input=%7B%7D', 'priv,pub?batch=1&input=%7B%7D', 'auth'];
    const checks = Array.from({ length: 200 }, async (_, index) => {
      const user = users[(index * 7) % users.length] as string;
      const path = paths[index % paths.length] as string;
      const reply = await send(path, { headers: { 'x-user': user, authorization: `Bearer ${user}` } });
      expect(reply.status).toBe(200);
      if (path.includes('priv')) expect(how(reply)).toBe('MISS');
      for (const other of users) if (other !== user) expect(reply.body).not.toContain(other);
    });
    await Promise.all(checks);
  });

  it('what was answered to somebody signed in is not shown to somebody who is not', async () => {
    const { send } = await open();
    const known = await send('auth', { headers: { 'x-user': 'ada', authorization: 'Bearer ada' } });
    expect([known.status, how(known)]).toEqual([200, 'MISS']);
    const unknown = await send('auth');
    expect([unknown.status, how(unknown)]).toEqual([401, 'MISS']);
  });

  it('an answer that sets a cookie is not kept, whoever sets it', async () => {
    let guests = 0;
    const cookie = () => `session=${(guests += 1)}`;
    const byMeta = await open({ responseMeta: () => ({ headers: { 'set-cookie': cookie() } }) });
    const byContext = await open({
      createContext(given) {
        given.res.setHeader('set-cookie', cookie());
        return createContext(given);
      },
    });
    for (const { send } of [byMeta, byContext]) {
      const seen = new Set<string | null>();
      for (let turn = 0; turn < 3; turn++) {
        const reply = await send('pub');
        expect(how(reply)).toBe('MISS');
        seen.add(reply.headers.get('set-cookie'));
      }
      expect(seen.size).toBe(3);
      expect(seen.has(null)).toBe(false);
    }
  });

  it('a mutation is never answered by nginx', async () => {
    const { send, runs } = await open();
    for (let turn = 0; turn < 3; turn++) {
      const reply = await send('m', { method: 'POST', headers: { 'content-type': 'application/json' } });
      expect([reply.status, how(reply)]).toEqual([200, null]);
    }
    expect(runs.m).toBe(3);
  });

  it('an answer that varies is kept once for each language, and shown to nobody who speaks another', async () => {
    const { send } = await open();
    const speak = (language: string) => send('lang', { headers: { 'accept-language': language } });
    for (const [language, state] of [
      ['en', 'MISS'],
      ['de', 'MISS'],
      ['en', 'HIT'],
      ['de', 'HIT'],
      ['fr', 'MISS'],
    ] as const) {
      const reply = await speak(language);
      expect([language, how(reply), reply.body.includes(`"${language}"`)]).toEqual([language, state, true]);
    }
  });

  it('what has ended is revalidated by its tag: nginx asks, a 304 answers, and the body is shown again', async () => {
    const t = initTRPC.create();
    const cache = createCache({ scope: 'public' });
    let stock = 1;
    const router = t.router({
      brief: t.procedure.use(cache.cached({ ttl: '1m', http: { browser: '1s', cdn: '1s' } })).query(() => ({ stock })),
    });
    const statuses: number[] = [];
    const origin = await standalone.serve({
      ...cache.http({ router }),
      observe: (_req, res) => res.once('finish', () => statuses.push(res.statusCode)),
    });
    const { send } = await startNginx(new URL(origin.url).origin);
    const first = await send('brief');
    const until = async (state: string) => {
      let reply = await send('brief');
      await vi.waitUntil(async () => how((reply = await send('brief'))) === state, { timeout: 10_000, interval: 50 });
      return reply;
    };
    const again = await until('REVALIDATED');
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
    expect(statuses).toContain(304);
    expect(how(await send('brief'))).toBe('HIT');
    stock = 2;
    await cache.invalidate('brief');
    const changed = await until('EXPIRED');
    expect(changed.body).toContain('"stock":2');
  }, 30_000);
});
