import { describe, expect, test } from 'vitest';
import { conditionalFetch } from '../../src/client/index.ts';
import { deferred, errorOf } from '../support/app.ts';
import { type Headers_, open, twice } from './kept-origin.ts';
import { counted, type Origin, serve } from './origin.ts';

/** A server that sends half of a body, and the rest when it is told to. */
async function openSlow(headers: Record<string, string>): Promise<Origin & { readonly rest: () => void }> {
  const more = deferred();
  const origin = await serve(async (_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json', ...headers });
    res.write('{"a":');
    await more.promise;
    res.end('1}');
  });
  return { ...origin, rest: more.resolve };
}

describe('a body', () => {
  test('without a tag comes as the server sends it: its beginning is there before its end', async () => {
    const { url, rest } = await openSlow({});
    const response = await conditionalFetch()(url);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('{"a":');
    rest();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('1}');
  });

  test('above the bound passes through whole, with and without a length, and is not kept', async () => {
    const text = JSON.stringify('x'.repeat(200_000));
    for (const full of [{ 'content-length': String(text.length) }, {}] as Headers_[]) {
      const origin = await open({ text, full }, { maxBytes: 100_000 });
      const { text: read, second } = await twice(origin as never);
      expect([read, await second.text()]).toEqual([text, text]);
      expect(origin.statuses).toEqual([200, 200]);
    }
  });

  test('above the bound is handed on before its end, and is not gathered', async () => {
    const more = deferred();
    const { url } = await serve(async (_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json', etag: '"1"' });
      res.write(`"${'x'.repeat(60_000)}`);
      await more.promise;
      res.end('"');
    });
    const response = await conditionalFetch({ maxBytes: 100_000 })(url);
    more.resolve();
    expect(await response.json()).toBe('x'.repeat(60_000));
  });

  test('above the bound, of which the caller wants nothing, holds no connection open', async () => {
    const origin = await open({ text: JSON.stringify('x'.repeat(2_000_000)) }, { maxBytes: 10_000 });
    const response = await origin.get(origin.url);
    await response.body?.cancel();
    await expect.poll(() => origin.seen.length, { timeout: 10_000 }).toBe(1);
  });

  test('that breaks off gives the error of fetch to its reader, and is not kept', async () => {
    let broken = true;
    const { url } = await serve((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json', etag: '"1"' });
      if (!broken) return void res.end('{}');
      res.write('{"a":');
      setImmediate(() => res.destroy());
    });
    const plain = await errorOf(async () => (await fetch(url)).json());
    const statuses: number[] = [];
    const get = conditionalFetch({ fetch: counted(statuses) });
    const kept = await errorOf(async () => (await get(url)).json());
    expect([kept.name, kept.message]).toEqual([plain.name, plain.message]);
    broken = false;
    expect(await (await get(url)).json()).toEqual({});
    expect(statuses).toEqual([200, 200]);
  });

  test('whose request is aborted gives the reason to its reader, before and behind the headers', async () => {
    const { url, rest } = await openSlow({ etag: '"1"' });
    const reason = new Error('changed my mind');
    const get = conditionalFetch();
    expect(await errorOf(() => get(url, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const abort = new AbortController();
    const reading = errorOf(async () => (await get(url, { signal: abort.signal })).text());
    abort.abort(reason);
    expect(await reading).toBe(reason);
    rest();
    expect(await (await get(url)).text()).toBe('{"a":1}');
  });
});

test('where there are no streams, as in React Native, copies are made of texts', async () => {
  const { url } = await open({ text: '{"b":1}' });
  const bare = (response: Response): Response => {
    const clone = response.clone.bind(response);
    return Object.defineProperties(response, {
      body: { value: undefined },
      clone: { value: () => bare(clone()) },
    });
  };
  const statuses: number[] = [];
  const send = counted(statuses);
  const get = conditionalFetch({ fetch: async (...args) => bare(await send(...args)) });
  for (let i = 0; i < 2; i++) expect(await (await get(url)).json()).toEqual({ b: 1 });
  expect(statuses).toEqual([200, 304]);
});
