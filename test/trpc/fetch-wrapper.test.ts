import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCache } from '../../src/index.ts';
import { errorOf } from '../support/app.ts';
import { open } from './fetch-wrapper-app.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('cache.fetch', () => {
  test('a 304 has none of the headers of a body', async () => {
    const { wrapped } = open();
    const etag = (await wrapped('rows')).headers.get('etag') ?? '';
    const reply = await wrapped('rows', { headers: { 'if-none-match': etag } });
    expect([reply.status, await reply.text(), reply.headers.get('content-type')]).toEqual([304, '', null]);
    expect([reply.headers.get('etag'), reply.headers.get('cache-control')]).toEqual([etag, 'public, max-age=60']);
  });

  test('a cookie that is set when tRPC has answered takes the lifetimes away', async () => {
    const { wrapped } = open({
      around: (handle) => async (req) => {
        const response = await handle(req);
        response.headers.append('set-cookie', 'session=1');
        response.headers.append('set-cookie', 'other=2');
        return response;
      },
    });
    const reply = await wrapped('rows');
    expect(reply.headers.get('cache-control')).toBe('private, no-cache');
    expect(reply.headers.get('cdn-cache-control')).toBeNull();
    expect(reply.headers.getSetCookie()).toEqual(['session=1', 'other=2']);
    expect((await wrapped('fails')).headers.get('cache-control')).toBe('no-store');
    expect((await wrapped('raw')).headers.get('cache-control')).toBeNull();
  });

  test.each([
    ['compresses', (text: string) => new TextEncoder().encode(text.replaceAll('"', "'"))],
    ['rewrites', (text: string) => text.replaceAll('trpc-cached:', 'x:')],
  ])('something inside that %s the body gets the whole one: no word of ours is ever seen', async (how, change) => {
    const { wrapped, plain } = open({
      around: (handle) => async (req) => {
        const response = await handle(req);
        const headers = new Headers(response.headers);
        if (how === 'compresses') headers.set('content-encoding', 'x-test');
        return new Response(change(await response.text()), { status: response.status, headers });
      },
    });
    const whole = change(await (await plain('no')).text());
    const expected = typeof whole === 'string' ? whole : new TextDecoder().decode(whole);
    for (let times = 0; times < 2; times++) expect(await (await wrapped('no')).text()).toBe(expected);
  });

  test('HEAD is answered as GET, without the body, where it is asked for', async () => {
    const { wrapped, runs } = open({ options: { head: true } });
    const head = await wrapped('rows', { method: 'HEAD' });
    const get = await wrapped('rows');
    expect([head.status, head.body, head.headers.get('etag')]).toEqual([200, null, get.headers.get('etag')]);
    expect(runs()).toBe(1);
    const etag = get.headers.get('etag') ?? '';
    const held = await wrapped('rows', { method: 'HEAD', headers: { 'if-none-match': etag } });
    expect(held.status).toBe(304);
    expect((await open().wrapped('rows', { method: 'HEAD' })).status).toBe(204);
  });

  test('the stream of a HEAD ends: nobody reads it', async () => {
    const cancel = vi.fn();
    const handler = createCache({ scope: 'public' }).fetch(() => new Response(new ReadableStream({ cancel })), {
      head: true,
    });
    const reply = await handler(new Request('http://shop.test/', { method: 'HEAD' }));
    expect([reply.body, cancel.mock.calls.length]).toEqual([null, 1]);
  });

  test('mutations and streams go through untouched', async () => {
    const { wrapped } = open();
    const headers = { 'content-type': 'application/json' };
    const written = await wrapped('write', { method: 'POST', headers, body: '{}' });
    expect(await written.json()).toEqual({ result: { data: { json: 'written' } } });
    const stream = await wrapped('rows,no?batch=1', { headers: { 'trpc-accept': 'application/jsonl' } });
    expect(await stream.text()).toContain('quoted');
    expect(stream.headers.get('etag')).toBeNull();
  });

  test('what the runtime gives beside the request arrives', async () => {
    const seen = vi.fn((_: Request, ...rest: [env: object, ctx: object]) => new Response(String(rest.length)));
    const handler = createCache({ scope: 'public' }).fetch(seen);
    const [request, env, ctx] = [new Request('http://shop.test/'), {}, {}];
    expect(await (await handler(request, env, ctx)).text()).toBe('2');
    expect(seen).toHaveBeenCalledWith(request, env, ctx);
  });

  test('what is not an answer of tRPC is handed on, the very same', async () => {
    const { fetch } = createCache({ scope: 'public' });
    const file = () => new Response('hello', { headers: { 'content-length': '5', etag: '"file"' } });
    // As runtimes make them: `new Response` takes neither of the two.
    const upgraded = () => Object.defineProperty(new Response(null), 'status', { value: 101 });
    const foreign = () => ({ status: 299, headers: new Headers({ 'set-cookie': 'a=1' }), body: null }) as Response;
    const answers = [file, upgraded, foreign, () => Response.error(), () => new Response(null, { status: 204 })];
    for (const answer of [...answers, () => undefined]) {
      for (const head of [false, true]) {
        const given: unknown[] = [];
        const handler = fetch(
          () => {
            given.push(answer());
            return given.at(-1) as Response | undefined;
          },
          { head },
        );
        expect(await handler(new Request('http://shop.test/file'))).toBe(given[0]);
        const reply = await handler(new Request('http://shop.test/file', { method: 'HEAD' }));
        if (answer === file && head) expect(reply?.body).toBeNull();
        else expect(reply).toBe(given[1]);
      }
    }
  });

  test('the length of a body stays where the body does, and of the one that a HEAD leaves out', async () => {
    const { fetch } = createCache({ scope: 'public' });
    const file = (req: Request) =>
      new Response(req.method === 'GET' ? 'hello' : null, { headers: { 'content-length': '5' } });
    for (const method of ['GET', 'HEAD']) {
      const reply = await fetch(file, { head: true })(new Request('http://shop.test/file', { method }));
      expect([reply.headers.get('content-length'), await reply.text()]).toEqual(['5', method === 'GET' ? 'hello' : '']);
    }
    const { wrapped } = open({
      around: (handle) => async (req) => {
        const response = await handle(req);
        const text = await response.text();
        const headers = new Headers(response.headers);
        headers.set('content-length', String(text.length)); // of the words, not of what they stand for
        return new Response(text, { status: response.status, headers });
      },
    });
    for (let times = 0; times < 2; times++) {
      const reply = await wrapped('rows');
      expect([reply.headers.get('content-length'), (await reply.json()).result.data.json.length]).toEqual([null, 2]);
    }
  });

  test('an answer of tRPC that needs nothing is the very same, too', async () => {
    const { fetch, http } = createCache({ scope: 'public' });
    const t = initTRPC.create();
    const options = http({ router: t.router({ raw: t.procedure.query(() => 'raw') }) });
    let made: Response | undefined;
    const handler = fetch(async (req: Request) => {
      made = await fetchRequestHandler({ endpoint: '/trpc', req, ...options });
      return made;
    });
    expect(await handler(new Request('http://shop.test/trpc/raw'))).toBe(made);
  });

  test('the GET that stands for a HEAD has what the runtime put on the request, and is of its class', async () => {
    const secret = Symbol('secret');
    class PageRequest extends Request {
      readonly page = new URL(this.url);
      [secret] = 'kept';
      get query() {
        return this.page.searchParams.get('q');
      }
      override clone(): PageRequest {
        return new PageRequest(this);
      }
    }
    const seen: unknown[] = [];
    const handler = createCache({ scope: 'public' }).fetch(
      (req: Request) => {
        const page = req as PageRequest;
        seen.push([page instanceof PageRequest, page.method, page.page.pathname, page[secret], page.query]);
        seen.push([page.url, page.headers.get('x-a'), page.clone().method, (page as { cf?: unknown }).cf]);
        return new Response('{}');
      },
      { head: true },
    );
    const request = new PageRequest('http://shop.test/trpc?q=1', { method: 'HEAD', headers: { 'x-a': 'b' } });
    Object.assign(request, { cf: { colo: 'X' } });
    await handler(request);
    expect(seen).toEqual([
      [true, 'GET', '/trpc', 'kept', '1'],
      ['http://shop.test/trpc?q=1', 'b', 'GET', { colo: 'X' }],
    ]);
    expect(request.method).toBe('HEAD');
  });

  test('wrong arguments are refused', async () => {
    const { fetch } = createCache({ scope: 'public' });
    expect((await errorOf(() => fetch({} as never))).message).toMatch(
      /fetch: handler: expected a function of a Request/,
    );
    expect((await errorOf(() => fetch(() => new Response(), { heads: true } as never))).message).toMatch(
      /unknown option "heads"/,
    );
  });
});
