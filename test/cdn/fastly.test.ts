import { describe, expect, it } from 'vitest';
import type { CdnDialect } from '../../src/index.ts';
import { type Adapter, adapters, type Reply, type ServeOptions } from '../support/http-adapters.ts';
import {
  directives,
  etagOf,
  expectNoShare,
  expectNotModified,
  expectUntagged,
  useClock,
} from '../support/http-checks.ts';
import { asked, createCdnShop, createContext } from './shop.ts';

useClock();

async function open(
  adapter: Adapter,
  cdnTags: readonly CdnDialect[] = ['fastly'],
  options: Partial<ServeOptions> = {},
) {
  const shop = createCdnShop({ http: { cdnTags } });
  const served = await adapter.serve(shop.cache.http({ createContext, ...options, router: shop.router }));
  return { ...shop, ...served };
}

/**
 * What Fastly makes of an answer, in seconds, by its documentation: `surrogate-control` goes before `s-maxage` and `max-age`,
 * `no-cache` is ignored, `no-store` is for browsers, `private` and cookies are obeyed, and what says nothing is kept an hour.
 */
function keptSeconds({ status, headers }: Reply): number {
  const [own, common] = [headers.get('surrogate-control') ?? '', headers.get('cache-control') ?? ''];
  if (![200, 203, 300, 301, 302, 404, 410].includes(status) || headers.has('set-cookie')) return 0;
  if (/\bprivate\b/.test(`${own} ${common}`)) return 0;
  const found = /\bmax-age=(\d+)/.exec(own) ?? /\bs-maxage=(\d+)/.exec(common) ?? /\bmax-age=(\d+)/.exec(common);
  return Number(found?.[1] ?? 3_600);
}

describe.each(adapters.map((adapter) => [adapter.name, adapter] as const))('Fastly over %s', (_name, adapter) => {
  it('is told the lifetime for CDNs in the field that it reads, on the 200 and on the 304', async () => {
    const { send } = await open(adapter);
    for (const path of ['cdn', 'slow', asked('post.byId', { id: 1 })]) {
      const full = await send(path);
      const short = await send(path, { headers: { 'if-none-match': etagOf(full) } });
      expectNotModified(short, etagOf(full));
      for (const { headers } of [full, short]) {
        expect(headers.get('surrogate-control')).toBe('max-age=300');
        expect(headers.get('cdn-cache-control')).toBe('max-age=300');
      }
      expect(keptSeconds(full)).toBe(300);
    }
  });

  it('keeps nothing that nobody may store', async () => {
    const { send } = await open(adapter);
    for (const path of ['err', 'fleeting', 'cdn,err?batch=1&input=%7B%7D', 'nowhere']) {
      const reply = await send(path);
      expect([...directives(reply).keys()], path).toEqual(['private', 'no-store']);
      expectNoShare(reply);
      expectUntagged(reply);
      expect(keptSeconds(reply)).toBe(0);
    }
  });

  it('keeps nothing that is private, by its scope, a cookie, credentials, or tags that it would not read', async () => {
    const { send, cache } = await open(adapter, ['fastly', 'akamai'], {
      responseMeta: ({ paths }: { paths?: string[] }) =>
        paths?.[0] === 'steady' ? { headers: { 'set-cookie': 'session=1' } } : {},
    });
    cache.on('error', () => {});
    const replies = [
      await send('priv'),
      await send('steady'),
      await send('cdn', { headers: { authorization: 'Bearer token' } }),
      await send(asked('post.many', { id: 200 })),
    ];
    for (const reply of replies) {
      expectNoShare(reply);
      expect(keptSeconds(reply)).toBe(0);
    }
  });

  it('alone gets a field of its own, and needs private beside no-store', async () => {
    const { send } = await open(adapter, ['cloudflare', 'akamai', 'vercel']);
    expect((await send('cdn')).headers.get('surrogate-control')).toBeNull();
    expect((await send('err')).headers.get('cache-control')).toBe('no-store');
  });

  it('is told what the user tells CDNs, and not where the user tells it something else', async () => {
    const told = async (headers: Record<string, string>) =>
      (await (await open(adapter, ['fastly'], { responseMeta: () => ({ headers }) })).send('cdn')).headers.get(
        'surrogate-control',
      );
    expect(await told({ 'cdn-cache-control': 'max-age=7' })).toBe('max-age=7');
    expect(await told({ 'surrogate-control': 'max-age=8' })).toBe('max-age=8');
    expect(await told({ 'cache-control': 'public, max-age=9' })).toBeNull();
  });
});
