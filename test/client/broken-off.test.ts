import { createTRPCUntypedClient, httpLink } from '@trpc/client';
import { describe, expect, test, vi } from 'vitest';
import { conditionalFetch, type Fetch } from '../../src/client/index.ts';
import { deferred, errorOf } from '../support/app.ts';
import { type Origin, serve } from './origin.ts';

/** A server that sends half of an answer and nothing more. It has said so when `begun` resolves. */
async function openHalf(): Promise<Origin & { readonly begun: Promise<void> }> {
  const begun = deferred();
  const origin = await serve((_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json', etag: '"1"' });
    res.write('{"result":');
    begun.resolve();
  });
  return { ...origin, begun: begun.promise };
}

const ways: [string, (abort: AbortController) => void][] = [
  ['abort()', (abort) => abort.abort()],
  ['abort(reason)', (abort) => abort.abort(new Error('changed my mind'))],
  ['a timeout', (abort) => abort.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))],
];

/** Lets an answer begin to come, ends its request, and gives what its reader was told. */
const endedBy = async (read: (url: string, signal: AbortSignal) => Promise<unknown>, end: (typeof ways)[number][1]) => {
  const { url, begun } = await openHalf();
  const abort = new AbortController();
  const failure = errorOf(() => read(url, abort.signal));
  await begun;
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  end(abort);
  return failure;
};

describe.each(ways)('a request that is ended by %s while its body comes', (_, end) => {
  test('gives the error that fetch gives', async () => {
    const reading = (get: Fetch) => async (url: string, signal: AbortSignal) => (await get(url, { signal })).json();
    const plain = await endedBy(reading(fetch), end);
    const kept = await endedBy(reading(conditionalFetch()), end);
    expect([kept.name, kept.message, kept.constructor]).toEqual([plain.name, plain.message, plain.constructor]);
    expect(['AbortError', 'TimeoutError', 'Error']).toContain(kept.name);
  });

  test('is told as such by a client of tRPC', async () => {
    const asking = (get: Fetch) => (url: string, signal: AbortSignal) =>
      createTRPCUntypedClient({ links: [httpLink({ url, fetch: get as never })] }).query('me', undefined, { signal });
    const plain = await endedBy(asking(fetch), end);
    const kept = await endedBy(asking(conditionalFetch()), end);
    expect(kept.name).toBe('TRPCClientError');
    expect([kept.message, (kept.cause as Error).name]).toEqual([plain.message, (plain.cause as Error).name]);
  });
});

test('a body that fails while it is read gives its own error, leaves the older copy, and no half of it is kept', async () => {
  const failure = new Error('the connection is gone');
  const held: (string | null)[] = [];
  const get = conditionalFetch({
    fetch: async (_input, init) => {
      held.push(new Headers(init?.headers).get('if-none-match'));
      const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
        controller.enqueue(new TextEncoder().encode('"half'));
        if (held.length === 2) controller.error(failure);
        else controller.enqueue(new TextEncoder().encode('"'));
        if (held.length !== 2) controller.close();
      };
      return new Response(new ReadableStream({ start }), {
        headers: { 'content-type': 'application/json', etag: `"${held.length}"` },
      });
    },
  });
  expect(await (await get('http://shop.test/')).json()).toBe('half');
  expect(await errorOf(async () => (await get('http://shop.test/')).json())).toBe(failure);
  await (await get('http://shop.test/')).text();
  expect(held).toEqual([null, '"1"', '"1"']);
});

test('an answer whose body somebody else reads already is handed on as it is', async () => {
  const answered = new Response('{}', { headers: { 'content-type': 'application/json', etag: '"1"' } });
  const read = vi.fn();
  const get = conditionalFetch({
    fetch: async () => {
      void answered.text().then(read);
      return answered;
    },
  });
  expect(await get('http://shop.test/')).toBe(answered);
  await vi.waitFor(() => expect(read).toHaveBeenCalledWith('{}'));
});
