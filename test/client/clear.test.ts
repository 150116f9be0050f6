import { describe, expect, test } from 'vitest';
import { conditionalFetch, type Fetch } from '../../src/client/index.ts';
import { deferred } from '../support/app.ts';

const url = 'http://shop.test/trpc/me';

/** An origin whose user is known by a cookie that no code sees. Each answer waits until the test lets it go. */
const open = (options: { fresh?: boolean; bodyLater?: boolean } = {}) => {
  const state = { user: 'ann' };
  const held: (string | null)[] = [];
  const gates: ReturnType<typeof deferred<void>>[] = [];
  const send: Fetch = async (_input, init) => {
    const { user } = state;
    const tag = `"${user}"`;
    const known = new Headers(init?.headers).get('if-none-match');
    held.push(known);
    const gate = deferred();
    gates.push(gate);
    if (options.bodyLater !== true) await gate.promise;
    const headers = { 'content-type': 'application/json', etag: tag, 'cache-control': 'private, max-age=60' };
    if (known === tag) return new Response(null, { status: 304, headers });
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await gate.promise;
        controller.enqueue(new TextEncoder().encode(JSON.stringify(user)));
        controller.close();
      },
    });
    return new Response(body, { headers });
  };
  const get = conditionalFetch({ fetch: send, fresh: options.fresh ?? true });
  const read = async (init?: RequestInit) => (await get(url, init)).json();
  /** Reads with an answer that comes at once. */
  const readNow = async (init?: RequestInit) => {
    const reading = read(init);
    gates.at(-1)?.resolve();
    return reading;
  };
  return { state, held, gates, get, read, readNow };
};

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('clear, while an answer is on its way', () => {
  test.each([
    ['whose headers are still to come', false],
    ['whose body is still to come', true],
  ])('forgets that one too (%s): the next user is shown his own', async (_, bodyLater) => {
    for (const fresh of [true, false]) {
      const { state, gates, get, read, readNow, held } = open({ fresh, bodyLater });
      const early = read();
      await settled();
      state.user = 'bob';
      get.clear();
      gates[0]?.resolve();
      expect(await early).toBe('ann');
      expect(await readNow()).toBe('bob');
      expect(held).toEqual([null, null]);
    }
  });

  test('brings no copy back that a 304 confirms', async () => {
    const { gates, get, read, readNow, held } = open({ fresh: false });
    await readNow();
    const early = read();
    get.clear();
    gates[1]?.resolve();
    expect(await early).toBe('ann');
    await readNow();
    expect(held).toEqual([null, '"ann"', null]);
  });

  test('leaves the copies of those who ask afterwards alone', async () => {
    const { state, gates, get, read, readNow, held } = open();
    const early = read();
    state.user = 'bob';
    get.clear();
    expect(await readNow()).toBe('bob');
    gates[0]?.resolve();
    expect(await early).toBe('ann');
    expect(await read()).toBe('bob');
    expect(held).toHaveLength(2);
  });
});

test('an answer that was asked for before a write to its URL is not shown after it', async () => {
  const { state, gates, get, read, readNow, held } = open();
  const early = read();
  const other = get(`${url}?other`);
  state.user = 'as written';
  const writing = get(url, { method: 'POST', body: '{}' });
  gates[2]?.resolve();
  await writing;
  gates[0]?.resolve();
  gates[1]?.resolve();
  expect(await early).toBe('ann');
  await (await other).text();
  expect(await readNow()).toBe('as written');
  // A write says nothing of other URLs.
  await get(`${url}?other`);
  expect(held).toHaveLength(4);
});
