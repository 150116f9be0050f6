import { parseDictionary } from 'structured-headers';
import { describe, expect, it, vi } from 'vitest';
import type { CdnDialect } from '../../src/index.ts';
import {
  type Adapter,
  adapters,
  overFetch,
  type Reply,
  type ServeOptions,
  standalone,
} from '../support/http-adapters.ts';
import {
  directives,
  etagOf,
  expectNoShare,
  expectNotModified,
  expectUntagged,
  life,
  useClock,
} from '../support/http-checks.ts';
import { asked, createCdnShop, createContext } from './shop.ts';

useClock();

const all: readonly CdnDialect[] = ['cloudflare', 'fastly', 'akamai', 'vercel'];
const tagHeaders = ['cache-tag', 'surrogate-key', 'edge-cache-tag', 'vercel-cache-tag'];

async function open(
  adapter: Adapter,
  cdnTags: CdnDialect | readonly CdnDialect[] = all,
  options: Omit<Partial<ServeOptions>, 'router'> & { allowAuthorization?: boolean } = {},
) {
  const { allowAuthorization = false, ...serve } = options;
  const shop = createCdnShop({ http: { cdnTags, allowAuthorization } });
  const served = await adapter.serve(shop.cache.http({ createContext, ...serve, router: shop.router }));
  return { ...shop, ...served };
}

const tagsIn = ({ headers }: Reply, name: string) =>
  (headers.get(name) ?? '').split(/[ ,]/).filter((tag) => tag !== '');

describe.each(adapters.map((adapter) => [adapter.name, adapter] as const))('tags of CDNs over %s', (_name, adapter) => {
  it('A47: an answer for CDNs is revalidated by browsers, kept 300 seconds by CDNs, and tagged post and post:1', async () => {
    const { send } = await open(adapter);
    for (const state of ['cold', 'warm']) {
      const reply = await send('cdn');
      expect(reply.status, state).toBe(200);
      expect([...directives(reply).keys()]).toEqual(['public', 'no-cache']);
      const targeted = parseDictionary(reply.headers.get('cdn-cache-control') ?? '');
      expect([...targeted].map(([name, [value]]) => [name, value])).toEqual([['max-age', 300]]);
      for (const name of ['cache-tag', 'surrogate-key', 'vercel-cache-tag'])
        expect(tagsIn(reply, name)).toEqual([
          'cdn',
          expect.stringMatching(/^cdn#/),
          'namespace:default',
          'post',
          'post:1',
        ]);
      expect(tagsIn(reply, 'edge-cache-tag')).toEqual(expect.arrayContaining(['post', 'post%3A1']));
    }
  });

  it('A47: the 304 carries the tags of the 200', async () => {
    const { send } = await open(adapter);
    const full = await send('cdn');
    const again = await send('cdn', { headers: { 'if-none-match': etagOf(full) } });
    expectNotModified(again, etagOf(full));
    for (const name of [...tagHeaders, 'cdn-cache-control', 'cache-control'])
      expect(again.headers.get(name)).toBe(full.headers.get(name));
  });

  it('A48: beside Set-Cookie, with Authorization and on an error no CDN is told anything', async () => {
    const { send } = await open(adapter, all, {
      responseMeta: ({ paths }: { paths?: string[] }) =>
        paths?.[0] === 'post.byId' ? { headers: { 'set-cookie': 'session=1' } } : {},
    });
    const cookie = await send(asked('post.byId', { id: 1 }));
    expect(cookie.headers.get('set-cookie')).toBe('session=1');
    expect([...directives(cookie).keys()]).toEqual(['private', 'no-cache']);
    expectNoShare(cookie);
    const known = await send('cdn', { headers: { authorization: 'Bearer token' } });
    expect([...directives(known).keys()]).toEqual(['private', 'no-cache']);
    expectNoShare(known);
    const failed = await send('err');
    expect(failed.status).toBe(404);
    expect([...directives(failed).keys()]).toEqual(['private', 'no-store']); // Fastly obeys the first alone
    expectNoShare(failed);
    expectUntagged(failed);
  });
});

describe.each([overFetch, standalone].map((adapter) => [adapter.name, adapter] as const))(
  'over %s',
  (_name, adapter) => {
    it('no tag is sent unless a CDN is named', async () => {
      const { send } = await open(adapter, []);
      const reply = await send('cdn');
      expect(reply.headers.get('cdn-cache-control')).toBe('max-age=300');
      for (const name of tagHeaders) expect(reply.headers.get(name)).toBeNull();
    });

    it('one CDN gets its own header alone', async () => {
      const { send } = await open(adapter, 'fastly');
      const reply = await send('cdn');
      expect(tagHeaders.filter((name) => reply.headers.has(name))).toEqual(['surrogate-key']);
    });

    it('the tags of a batch are those of all its calls, each once', async () => {
      const { send } = await open(adapter);
      const input = encodeURIComponent(JSON.stringify({ 1: { id: 1 } }));
      const reply = await send(`cdn,post.byId?batch=1&input=${input}`);
      const tags = tagsIn(reply, 'cache-tag');
      expect(tags).toEqual(expect.arrayContaining(['post', 'post:1', 'cdn', 'post.byId', 'post.*']));
      expect(new Set(tags).size).toBe(tags.length);
    });

    it.each(['cdn,priv', 'priv,cdn', 'cdn,raw', 'cdn,err'])('a batch of %s has no tags', async (paths) => {
      const { send } = await open(adapter);
      expectNoShare(await send(`${paths}?batch=1&input=%7B%7D`));
    });

    it('a tag that the resolver added is sent with the first answer too, and carried by every CDN', async () => {
      const { send } = await open(adapter);
      for (const state of ['miss', 'hit']) {
        const reply = await send(asked('post.learned', { id: 7 }));
        expect(reply.headers.get('x-cache'), state).toBe(state.toUpperCase());
        expect(tagsIn(reply, 'cache-tag')).toEqual(expect.arrayContaining(['author:7', 'shop%207%2C%20%C3%84']));
        expect(tagsIn(reply, 'edge-cache-tag')).toEqual(expect.arrayContaining(['author%3A7', 'shop%207%2C%20%C3%84']));
      }
    });

    it('more tags than a CDN reads take shared caching away, with an event, and never a tag alone', async () => {
      const { send, cache } = await open(adapter, ['cloudflare', 'akamai']);
      const errors: unknown[] = [];
      cache.on('error', ({ operation, error }) => errors.push(operation, String(error)));
      const fits = await send(asked('post.many', { id: 100 }));
      expect(tagsIn(fits, 'edge-cache-tag')).toHaveLength(104);
      expect(errors).toEqual([]);
      const tooMany = await send(asked('post.many', { id: 200 }));
      expectNoShare(tooMany);
      expect([...directives(tooMany).keys()]).toEqual(['private', 'no-cache']);
      expect(errors).toEqual(['http', 'RangeError: akamai reads 128 tags of a response, this has 204']);
      expect(tooMany.status).toBe(200);
    });

    it('tags of your own stay in front of ours', async () => {
      const own = { 'cache-tag': 'mine', 'surrogate-key': 'mine' };
      const { send } = await open(adapter, all, { responseMeta: () => ({ headers: own }) });
      const reply = await send('cdn');
      expect(tagsIn(reply, 'cache-tag').slice(0, 2)).toEqual(['mine', 'cdn']);
      expect(reply.headers.get('surrogate-key')).toMatch(/^mine cdn cdn#[\w-]{16} namespace:default post post:1$/);
    });

    it('a cache-control of your own is your promise: there are no tags', async () => {
      const { send } = await open(adapter, all, {
        responseMeta: () => ({ headers: { 'cache-control': 'public, max-age=9' } }),
      });
      const reply = await send('cdn');
      expect(reply.headers.get('cache-control')).toBe('public, max-age=9');
      for (const name of [...tagHeaders, 'cdn-cache-control']) expect(reply.headers.get(name)).toBeNull();
    });

    it('answers to Authorization that you allow are tagged', async () => {
      const { send } = await open(adapter, all, { allowAuthorization: true });
      const reply = await send('cdn', { headers: { authorization: 'Bearer token' } });
      expect(tagsIn(reply, 'cache-tag')).toContain('post:1');
    });
  },
);

describe('the tag of a response', () => {
  it('is another one when its CDN tags are: a CDN that takes no tags from a 304 gets a 200', async () => {
    const { send, cache, will } = await open(overFetch, 'akamai');
    const first = await send('steady');
    await cache.invalidate('steady');
    const equal = await send('steady', { headers: { 'if-none-match': etagOf(first) } });
    expect(equal.status).toBe(304);
    will.tag = 'b';
    await cache.invalidate('steady');
    const other = await send('steady', { headers: { 'if-none-match': etagOf(first) } });
    expect(other.status).toBe(200);
    expect(tagsIn(other, 'edge-cache-tag')).toContain('b');
  });
});

describe('an answer that was invalidated while it was made', () => {
  it('promises nothing, since no purge to come would take it back', async () => {
    const { send, cache, will, runs } = await open(standalone, 'cloudflare');
    let release = () => {};
    will.gate = new Promise((resolve) => {
      release = resolve;
    });
    const asking = send('slow');
    await vi.waitUntil(() => runs.slow === 1);
    await cache.invalidate('slow');
    release();
    const reply = await asking;
    expect(reply.body).toContain('old');
    expect(life(reply)).toBe(0);
    expect(reply.headers.get('cdn-cache-control') ?? 'max-age=0').toBe('max-age=0');
    expect(life(await send('slow'))).toBe(60);
  });
});
