import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { type CacheEvents, memoryStore } from '../../src/index.ts';
import { countsOf } from '../../src/inspector/counts.ts';
import { inspector, type Snapshot } from '../../src/inspector/index.ts';
import { pageOf } from '../../src/inspector/page.ts';
import { cacheOf, errorOf } from '../support/app.ts';
import { faultyStore, throwing } from '../support/stores.ts';
import { base, panelOn } from './panel.ts';
import { serveInspector, shopOn } from './site.ts';

describe('the page of the inspector', () => {
  it('loads nothing from elsewhere, runs its own script alone, and stands in no frame', async () => {
    const { open } = panelOn();
    const { response, html } = await open();
    const policy = response.headers.get('content-security-policy') ?? '';
    const nonce = /'nonce-([\w-]+)'/.exec(policy)?.[1];
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'nonce-[\w-]{43}'; style-src 'nonce-[\w-]{43}'; connect-src 'self'; img-src data:;/,
    );
    expect(policy).toMatch(/base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/);
    expect(html.match(/<(?:script|style)\b[^>]*>/g)).toEqual([`<style nonce="${nonce}">`, `<script nonce="${nonce}">`]);
    expect(html).not.toMatch(/\s(?:src|srcset|action)=|\sstyle=|\son\w+=|@import|url\(/);
    expect(html.match(/href="[^"]*"/g)).toEqual(['href="data:,"']);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
    });
    expect(response.headers.get('set-cookie')).toMatch(
      /^trpc-cached-inspector=[\w-]{43}; HttpOnly; SameSite=Lax; Secure$/,
    );
    const other = await open();
    expect(other.html).not.toContain(nonce);
    expect(other.word).not.toBe((await open()).word);
  });

  it('is small, and what it is called is no HTML', async () => {
    const { html } = await panelOn(shopOn(), { title: `</title><script>alert("1")</script>&'` }).open();
    expect(html.length).toBeLessThan(36_500);
    expect(gzipSync(html).length).toBeLessThan(12_000);
    expect(html).toContain('<title>&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;</title>');
    expect(html).toContain('<h1>&lt;/title&gt;');
    expect(html.match(/<\/?script/g)).toHaveLength(2);
    expect(pageOf({ title: '', word: '"><b>', nonce: 'n' }).html).toContain('content="&quot;&gt;&lt;b&gt;"');
  });

  it('keeps the word of a browser that has one, so that a second tab does not end the first', async () => {
    const { open } = panelOn();
    const first = await open();
    expect((await open({ cookie: first.cookie })).word).toBe(first.word);
    for (const cookie of [
      'trpc-cached-inspector=',
      'trpc-cached-inspector=short',
      'trpc-cached-inspector="><script>aaaaaaaaaaaaaaaaaaaa',
    ])
      expect((await open({ cookie })).word).toMatch(/^[\w-]{43}$/);
  });

  it('answers other methods with 405', async () => {
    const { panel } = panelOn();
    const response = await panel.fetch(new Request(base, { method: 'DELETE' }));
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
  });
});

describe('what the page is told', () => {
  it('counts outcomes by procedure, with the reasons, the time of a run and the bytes of an answer', async () => {
    const { as, poll } = panelOn();
    await Promise.all([as().city.byId({ id: 1 }), as().city.byId({ id: 1 })]);
    await as().city.byId({ id: 1 });
    await as({ headers: { preview: '1' } }).offers();
    const { paths, slots, status } = await poll();
    expect(paths.find(({ path }) => path === 'city.byId')).toEqual({
      ...{ path: 'city.byId', hit: 1, stale: 0, coalesced: 1, miss: 1, bypass: 0, why: [] },
      ...{ ranMs: expect.any(Number), bytes: expect.any(Number) },
    });
    expect(paths.find(({ path }) => path === 'offers')).toMatchObject({ bypass: 1, why: [['bypass: when', 1]] });
    expect(slots.map(([, ...counts]): number[] => counts).reduce((a, b) => a.map((n, at) => n + (b[at] ?? 0)))).toEqual(
      [1, 0, 1, 1, 1],
    );
    expect(status).toMatchObject({ store: 'memory', lists: true });
  });

  it('shows what happened since it was asked last, to whom it belongs nothing that names a user', async () => {
    const { cache, poll, as } = panelOn();
    await cache.invalidate('city.*', { tag: 'cart:ann@example.com' }, { scope: 'ann@example.com' });
    const first = await poll();
    expect(first.items).toMatchObject([
      {
        kind: 'invalidate',
        bad: false,
        what: expect.stringMatching(/^city\.\*, tag cart:#.{8}, scope$/),
        reach: ['city.byId', 'city.list', 'city.search'],
      },
    ]);
    await as({ user: { id: 'ann@example.com' } }).cart.mine();
    await as({ user: { id: 'ann@example.com' } }).cart.add();
    const last = first.items.at(-1)?.n;
    const second = await poll(`${first.boot}.${last}`);
    expect(second.items).toMatchObject([{ what: 'cart.* (scope)', reach: ['cart.mine'] }]);
    expect(second.boot).toBe(first.boot);
    // Another process begins anew: all that it knows is new.
    expect((await poll('another.99')).items).toHaveLength(2);
    expect((await poll(`another.99~${first.boot}.${last}~one.7`)).items).toEqual(second.items);
    expect((await poll(`${first.boot}x.${last}`)).items).toHaveLength(2);
    expect(JSON.stringify([first, second])).not.toContain('example');
  });

  it('shows failures of the store, and of others no more than their kind', async () => {
    const { store, fault } = faultyStore();
    const { as, poll } = panelOn(
      shopOn({
        store,
        namespace: 'n',
        waitUntil: () => {
          throw new RangeError('secret-7');
        },
      }),
    );
    await as().city.list();
    fault('lookup', throwing);
    for (let call = 0; call < 6; call++) await as().city.list();
    const { items, status } = await poll();
    expect(items).toContainEqual(
      expect.objectContaining({ kind: 'error', bad: true, what: 'waitUntil', more: 'RangeError' }),
    );
    expect(items).toContainEqual(expect.objectContaining({ kind: 'error', bad: true, what: 'lookup', more: 'Error' }));
    expect(items).toContainEqual(expect.objectContaining({ kind: 'breaker', bad: true, what: 'open' }));
    expect(status.breaker.state).toBe('open');
    expect(JSON.stringify(items)).not.toMatch(/secret-7|the store is down/);
  });

  it('is not for another site', async () => {
    const { panel } = panelOn();
    for (const site of ['cross-site', 'same-site', 'none']) {
      const response = await panel.fetch(new Request(`${base}?since=.0`, { headers: { 'sec-fetch-site': site } }));
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('takes bounded memory, whatever happens', async () => {
    const listeners = new Map<string, (event: any) => void>();
    const on = (name: string, listener: (event: any) => void) => {
      listeners.set(name, listener);
      return () => void listeners.delete(name);
    };
    const emit = <Name extends keyof CacheEvents>(name: Name, event: CacheEvents[Name]) => listeners.get(name)?.(event);
    vi.useFakeTimers({ now: 1_000_000, toFake: ['Date'] });
    const counts = countsOf({ on } as never);
    for (let at = 0; at < 3_000; at++) {
      vi.setSystemTime(1_000_000 + at * 10_000);
      emit('hit', { path: `path${at}`, ageMs: 1 });
      emit('bypass', { path: 'one', reason: `reason ${at}` as never });
    }
    const paths = counts.paths();
    expect(paths.length).toBeLessThanOrEqual(1_001);
    expect(paths.reduce((sum, { hit }) => sum + hit, 0)).toBe(3_000);
    expect(paths.find(({ path }) => path === 'one')).toMatchObject({ bypass: 3_000, why: { length: 20 } });
    expect(counts.slots()).toHaveLength(60);
    // A clock that is set back loses no call and makes no slot twice.
    vi.setSystemTime(1_000_000);
    emit('hit', { path: 'path1', ageMs: 1 });
    expect(counts.slots().length).toBeLessThanOrEqual(60);
    counts.stop();
    expect(listeners.size).toBe(0);
    vi.useRealTimers();
    const { cache, poll } = panelOn(shopOn(), { events: 3 });
    for (let at = 0; at < 10; at++)
      await cache.invalidate(...(Array.from({ length: 30 }, () => ({ tag: 'x'.repeat(500) })) as [{ tag: string }]));
    const { items } = await poll();
    expect(items.map(({ n }) => n)).toEqual([8, 9, 10]);
    expect((await poll()).events).toBe(3);
    expect(items[0]?.what.length).toBeLessThanOrEqual(300);
  });

  it('ends when the inspector is closed, and costs a hit nothing from then on', async () => {
    const { panel, as, poll } = panelOn();
    await as().city.list();
    panel.close();
    await as().city.list();
    expect((await poll()).paths).toMatchObject([{ path: 'city.list', hit: 0, miss: 1 }]);
  });
});

describe('an inspector', () => {
  it('touches neither clock nor random nor store when it is made', () => {
    const store = vi.fn(() => memoryStore());
    const { cache } = shopOn({ store, namespace: 'n' });
    const [now, random] = [vi.spyOn(Date, 'now'), vi.spyOn(crypto, 'getRandomValues')];
    inspector(cache);
    expect([now, random, store].map((one) => one.mock.calls.length)).toEqual([0, 0, 0]);
    now.mockRestore();
    random.mockRestore();
  });

  it.each([
    [undefined, {}, 'createCache'],
    [null, {}, 'createCache'],
    [cacheOf().for(), {}, 'createCache'],
    [cacheOf(), null, 'options'],
    [cacheOf(), { origins: 'https://shop.example' }, 'origins'],
    [cacheOf(), { origins: ['https://shop.example/'] }, 'origins'],
    [cacheOf(), { origins: ['shop.example'] }, 'origins'],
    [cacheOf(), { origins: ['ftp://shop.example'] }, 'origins'],
    [cacheOf(), { origins: [null] }, 'origins'],
    [{}, {}, 'createCache'],
    [cacheOf(), { readonly: true }, 'readonly'],
    [cacheOf(), { readOnly: 'yes' }, 'readOnly'],
    [cacheOf(), { events: 0 }, 'events'],
    [cacheOf(), { title: 7 }, 'title'],
    [cacheOf(), { context: {} }, 'context'],
  ])('refuses %# with the option and the fix', async (cache, options, part) => {
    const error = await errorOf(() => inspector(cache as never, options as never));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(part) });
  });

  it('answers on a server of Node, where a body parser was first, too', async () => {
    const shop = shopOn();
    const { url, panel } = await serveInspector(shop);
    const page = await fetch(url);
    const word = /name="word" content="([^"]+)"/.exec(await page.text())?.[1] as string;
    const cookie = page.headers.get('set-cookie')?.split(';')[0] as string;
    const headers = { 'content-type': 'application/json', 'x-inspector-word': word, cookie };
    const body = JSON.stringify({ action: 'explain', path: 'city.list', input: 'ü'.repeat(30_000) });
    const response = await fetch(url, { method: 'POST', headers, body });
    expect([response.status, await response.json()]).toMatchObject([200, { path: 'city.list' }]);
    const large = await fetch(url, { method: 'POST', headers, body: 'x'.repeat(70_000) });
    expect(large.status).toBe(413);
    await large.text();
    expect((await (await fetch(`${url}?since=.0`)).json()) as Snapshot).toMatchObject({ status: { store: 'memory' } });

    const asked = { action: 'explain', path: 'city.list' };
    for (const body of [asked, JSON.stringify(asked), Buffer.from(JSON.stringify(asked))]) {
      const sent = { statusCode: 0, setHeader: vi.fn(), end: vi.fn() };
      await panel.node({ method: 'POST', url: '/', headers, body } as never, sent);
      expect([sent.statusCode, JSON.parse(sent.end.mock.calls[0]?.[0])]).toMatchObject([200, { path: 'city.list' }]);
    }
  });
});
