import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { conditionalFetch } from '../../src/client/index.ts';
import { deferred, errorOf } from '../support/app.ts';
import { type Headers_, open, twice } from './kept-origin.ts';
import { serve } from './origin.ts';

describe('the 200 that a 304 stands for', () => {
  test('has the body of the 200, and the headers of both, the later over the earlier', async () => {
    const origin = await open({
      full: { 'cache-control': 'private, max-age=9', 'x-cache': 'MISS', 'x-once': 'yes' },
      brief: { 'cache-control': 'private, no-cache', 'x-cache': 'HIT', 'content-type': 'text/html', 'x-late': 'yes' },
    });
    const { second } = await twice(origin as never);
    expect([second.status, second.ok, second.url]).toEqual([200, true, `${origin.url}/`]);
    expect(await second.json()).toEqual({ a: 1 });
    const of = (name: string) => second.headers.get(name);
    expect(['cache-control', 'x-cache', 'x-once', 'x-late', 'content-type'].map(of)).toEqual([
      'private, no-cache',
      'HIT',
      'yes',
      'yes',
      'application/json',
    ]);
    expect(origin.statuses).toEqual([200, 304]);
  });

  test('shows a cookie to the one who was sent it, and never again', async () => {
    const origin = await open({ full: { 'set-cookie': ['a=1', 'b=2'] }, brief: { 'set-cookie': 'c=3' } });
    const { first, second } = await twice(origin as never);
    origin.state.brief = {};
    const third = await origin.get(origin.url);
    expect([first, second, third].map(({ headers }) => headers.getSetCookie())).toEqual([['a=1', 'b=2'], ['c=3'], []]);
  });

  test('of a compressed answer is plain, and says so', async () => {
    const text = JSON.stringify('é'.repeat(2_000));
    const packed = gzipSync(text);
    const { url } = await serve((req, res) => {
      const known = req.headers['if-none-match'] === '"z"';
      res.writeHead(known ? 304 : 200, {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        etag: '"z"',
        ...(!known && { 'content-length': packed.length }),
      });
      res.end(known ? undefined : packed);
    });
    const { text: read, second } = await twice({ get: conditionalFetch() as never, url });
    expect(read).toBe(text);
    expect([second.headers.get('content-encoding'), second.headers.get('content-length')]).toEqual([null, null]);
    expect(await second.text()).toBe(text);
  });

  test('is read by one caller without a change for the next, as text, as JSON, as bytes, as a stream', async () => {
    const { get, url } = await open({ text: '{"list":[1]}' });
    const first = (await (await get(url)).json()) as { list: number[] };
    first.list.push(2);
    const [second, third] = await Promise.all([get(url), get(url)]);
    const bytes = new Uint8Array(await second.arrayBuffer());
    bytes.fill(0);
    const reader = (third.body as ReadableStream<Uint8Array>).getReader();
    (await reader.read()).value?.fill(0);
    await reader.cancel();
    expect(await (await get(url)).json()).toEqual({ list: [1] });
  });

  test('is not taken from a 304 with another tag: the server is asked again', async () => {
    const origin = await open({});
    await (await origin.get(origin.url)).text();
    let asked = 0;
    const get = conditionalFetch({
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        return ++asked === 2 ? new Response(null, { status: 304, headers: { etag: '"other"' } }) : response;
      },
    });
    const { second } = await twice({ get: get as never, url: origin.url });
    expect([second.status, await second.text(), asked]).toEqual([200, '{"a":1}', 3]);
  });

  test('is not made of a 304 that nobody asked for', async () => {
    const { url } = await serve((_req, res) => void res.writeHead(304).end());
    expect((await conditionalFetch()(url)).status).toBe(304);
  });
});

describe('a copy', () => {
  const again = async (origin: Awaited<ReturnType<typeof open>>) => {
    origin.statuses.length = 0;
    const response = await origin.get(origin.url);
    await response.text();
    return origin.statuses;
  };

  test('is not made of an answer without a tag, with no-store, with Vary: *, of another type, or with another status', async () => {
    const cases: Headers_[] = [
      { 'cache-control': 'max-age=5, no-store' },
      { 'cache-control': 'No-Store' },
      { 'cache-control': 'x="a, b", no-store' },
      { vary: 'accept, *' },
      { 'content-type': 'text/html' },
    ];
    for (const full of cases) {
      const origin = await open({ full });
      await again(origin);
      expect(await again(origin), JSON.stringify(full)).toEqual([200]);
    }
    const { url, seen } = await serve((_req, res) => {
      res.writeHead(404, { etag: '"1"', 'content-type': 'application/json' }).end('{}');
    });
    const get = conditionalFetch();
    for (let i = 0; i < 2; i++) await (await get(url)).text();
    expect(seen.map(({ held }) => held)).toEqual([undefined, undefined]);
  });

  test('is made where no-store is but the text of another directive', async () => {
    const origin = await open({ full: { 'cache-control': 'private, ext="a, no-store, b"' } });
    await again(origin);
    expect(await again(origin)).toEqual([304]);
  });

  test('is dropped when an answer without a tag comes, and by a 304 with no-store', async () => {
    const origin = await open({});
    await again(origin);
    origin.state.tag = '';
    expect(await again(origin)).toEqual([200]);
    origin.state.tag = 'W/"1"';
    expect(await again(origin)).toEqual([200]);
    origin.state.brief = { 'cache-control': 'no-store' };
    expect(await again(origin)).toEqual([304]);
    expect(await again(origin)).toEqual([200]);
  });

  test('stays when the server cannot be reached', async () => {
    const origin = await open({});
    let down = false;
    const failure = new TypeError('fetch failed');
    const get = conditionalFetch({ fetch: (...args) => (down ? Promise.reject(failure) : fetch(...args)) });
    await (await get(origin.url)).text();
    down = true;
    expect(await errorOf(() => get(origin.url))).toBe(failure);
    down = false;
    expect((await get(origin.url)).status).toBe(200);
    await expect.poll(() => origin.seen.map(({ status }) => status), { timeout: 10_000 }).toEqual([200, 304]);
  });

  test('is not asked for by POST, by a stream, with a condition or a range of its own, or with no-store', async () => {
    const origin = await open({});
    await again(origin);
    const inits: RequestInit[] = [
      { method: 'POST', body: '{}' },
      { headers: { 'trpc-accept': 'application/jsonl' } },
      { headers: { 'x-stream': 'application/jsonl' } },
      { headers: { accept: 'text/event-stream' } },
      { headers: { 'if-none-match': 'W/"1"' } },
      { headers: { range: 'bytes=0-1' } },
      { headers: { 'cache-control': 'no-store' } },
      { cache: 'no-store' },
      { cache: 'reload' },
    ];
    for (const init of inits) {
      const own = init.headers !== undefined && 'if-none-match' in init.headers;
      const response = await origin.get(origin.url, init);
      await response.text();
      expect(response.status, JSON.stringify(init)).toBe(own ? 304 : 200);
    }
    await expect.poll(() => origin.seen.length, { timeout: 10_000 }).toBe(inits.length + 1);
    expect(origin.seen.slice(1).map(({ held }) => held)).toEqual(
      inits.map(({ headers }) => (headers as Record<string, string> | undefined)?.['if-none-match']),
    );
  });

  test('is found for a string, a URL and a Request alike', async () => {
    const origin = await open({});
    await again(origin);
    await (await origin.get(new URL(`${origin.url}#part`))).text();
    await (await origin.get(new Request(origin.url, { headers: { 'x-a': '1' } }))).text();
    expect(origin.statuses.slice(0, 2)).toContain(200); // 'http://host' and 'http://host/' are two texts of one URL
    await (await origin.get(new Request(origin.url))).text();
    expect(origin.statuses.at(-1)).toBe(304);
  });
});

describe('two equal requests at once', () => {
  test('never put back an older answer: what was asked for later counts', async () => {
    const slow = deferred();
    let version = 0;
    const { url } = await serve(async (req, res) => {
      const mine = ++version;
      if (mine === 1) await slow.promise;
      const known = req.headers['if-none-match'] === `"${mine}"`;
      res.writeHead(200, { 'content-type': 'application/json', etag: `"${mine}"` }).end(known ? 'no' : String(mine));
    });
    const held: unknown[] = [];
    const get = conditionalFetch({
      fetch: (input, init) => {
        held.push((init?.headers as Record<string, string> | undefined)?.['if-none-match']);
        return fetch(input, init);
      },
    });
    const first = get(url).then((response) => response.text());
    await expect.poll(() => version, { timeout: 10_000 }).toBe(1);
    expect(await (await get(url)).text()).toBe('2');
    slow.resolve();
    expect(await first).toBe('1');
    await (await get(url)).text();
    expect(held).toEqual([undefined, undefined, '"2"']);
  });

  test('both get the data when one is answered 304 and the other with a new answer', async () => {
    const origin = await open({});
    await (await origin.get(origin.url)).text();
    const both = await Promise.all([
      origin.get(origin.url),
      Promise.resolve().then(() => {
        origin.state.text = '{"a":2}';
        origin.state.tag = 'W/"2"';
        return origin.get(origin.url);
      }),
    ]);
    const texts = await Promise.all(both.map((response) => response.text()));
    for (const text of texts) expect(['{"a":1}', '{"a":2}']).toContain(text);
    expect(await (await origin.get(origin.url)).text()).toBe('{"a":2}');
  });
});

describe('options', () => {
  test.each([
    [{ maxBytes: 0 }, 'conditionalFetch: maxBytes: expected a whole number above zero, received 0.'],
    [{ maxEntries: 1.5 }, 'conditionalFetch: maxEntries: expected a whole number above zero, received 1.5.'],
    [{ fetch: 'x' }, 'conditionalFetch: fetch: expected a function such as fetch, received "x".'],
    [{ fresh: 1 }, 'conditionalFetch: fresh: expected a boolean, received 1.'],
    [{ ttl: 1 }, 'conditionalFetch: unknown option "ttl". Known options: maxBytes, maxEntries, fetch, fresh.'],
  ])('%o are refused, with what to write', async (options, message) => {
    expect((await errorOf(() => conditionalFetch(options as never))).message).toBe(message);
  });
});
