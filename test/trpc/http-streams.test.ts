import { describe, expect, test } from 'vitest';
import { adapters, openShop, without } from '../support/http-adapters.ts';
import { directives, expectNoShare, useClock } from '../support/http-checks.ts';

useClock();

/** A promise and the function that fulfils it. */
function gate(): { readonly opened: Promise<string>; readonly open: (value: string) => void } {
  let open: (value: string) => void = () => {};
  const opened = new Promise<string>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Reads a body until it has `text`; fails when it ends before. */
async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, text: string): Promise<string> {
  const decoder = new TextDecoder();
  let read = '';
  while (!read.includes(text)) {
    const { done, value } = await reader.read();
    expect(done, `the body ended with ${read}`).toBe(false);
    read += decoder.decode(value, { stream: true });
  }
  return read;
}

async function rest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let read = '';
  for (let next = await reader.read(); !next.done; next = await reader.read())
    read += decoder.decode(next.value, { stream: true });
  return read;
}

describe.each(adapters)('streams over $name', (adapter) => {
  const isStreamed = without('collects').includes(adapter);

  test('A34: a subscription keeps the headers of tRPC, and its first event comes before its last', async () => {
    const shop = await openShop(adapter);
    const { opened, open } = gate();
    shop.data.first = 'one';
    shop.data.second = opened;
    if (!isStreamed) open('two');
    const response = await shop.fetch(`${shop.url}/sub`, { headers: { accept: 'text/event-stream' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(response.headers.get('etag')).toBeNull();
    expect(response.headers.get('x-cache')).toBeNull();
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const read = await readUntil(reader, 'one');
    open('two');
    expect(read + (await rest(reader))).toContain('two');
  });

  test('A35: a streamed batch promises nothing, and a slow member does not hold back a fast one', async () => {
    const shop = await openShop(adapter);
    await shop.send('pub');
    const { opened, open } = gate();
    shop.data.long = opened;
    if (!isStreamed) open('late');
    const response = await shop.fetch(`${shop.url}/pub,long?batch=1`, {
      headers: { 'trpc-accept': 'application/jsonl', 'if-none-match': '*' },
    });
    const headers = { status: response.status, headers: response.headers, body: '' };
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).toBeNull();
    expect(directives(headers).size).toBe(0);
    expectNoShare(headers);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const read = await readUntil(reader, '"name":"pub"');
    open('late');
    expect(read + (await rest(reader))).toContain('late');
    expect(shop.runs).toEqual({ pub: 1, long: 1 });
  });

  test('A35: what a stream computed is cached for the next request', async () => {
    const shop = await openShop(adapter);
    const streamed = await shop.fetch(`${shop.url}/pub,long?batch=1`, {
      headers: { 'trpc-accept': 'application/jsonl' },
    });
    expect(await streamed.text()).toContain('"name":"long"');
    const reply = await shop.send('pub,long?batch=1');
    expect(reply.headers.get('x-cache')).toBe('HIT, HIT');
    expect(shop.runs).toEqual({ pub: 1, long: 1 });
  });
});
