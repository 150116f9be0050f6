import { createTRPCClient, httpLink } from '@trpc/client';
import { Agent, interceptors, fetch as undiciFetch } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Adapter, openShop, without } from '../support/http-adapters.ts';
import { useClock } from '../support/http-checks.ts';
import type { Shop } from '../support/http-router.ts';

useClock();

/** A shop, and a tRPC client whose `fetch` keeps a private cache as a browser does; `seen` is what reached the server. */
async function openBehindPrivateCache(adapter: Adapter) {
  const seen: { method: string; held: string | undefined; status: number }[] = [];
  const shop = await openShop(adapter, {
    observe: (req, res) => {
      res.on('finish', () => {
        seen.push({ method: req.method ?? '', held: req.headers['if-none-match'], status: res.statusCode });
      });
    },
  });
  const agent = new Agent().compose(interceptors.cache({ type: 'private' }));
  onTestFinished(() => agent.close());
  const client = createTRPCClient<Shop['router']>({
    links: [
      httpLink({
        url: shop.url,
        fetch: (url, init) => undiciFetch(url as string, { ...(init as object), dispatcher: agent }) as never,
      }),
    ],
  });
  return { ...shop, client, seen };
}

describe.each(without('noSocket'))('a tRPC client behind a private cache over $name', (adapter) => {
  test('A59: the second query is asked with the tag, answered 304, and the client gets equal data', async () => {
    const { client, seen, runs } = await openBehindPrivateCache(adapter);
    const first = await client.def.query();
    const second = await client.def.query();
    expect(second).toEqual(first);
    expect(second).toEqual({ name: 'def', stock: 1 });
    expect(seen).toEqual([
      { method: 'GET', held: undefined, status: 200 },
      { method: 'GET', held: expect.stringMatching(/^W\/"/), status: 304 },
    ]);
    expect(runs.def).toBe(1);
  });

  test('A59: what may be reused without asking does not reach the server', async () => {
    const { client, seen } = await openBehindPrivateCache(adapter);
    const first = await client.pub.query();
    expect(await client.pub.query()).toEqual(first);
    expect(seen).toEqual([{ method: 'GET', held: undefined, status: 200 }]);
  });

  test('A64: a query after a mutation is asked about, and gives the new data', async () => {
    const { client, seen, data } = await openBehindPrivateCache(adapter);
    expect(await client.def.query()).toEqual({ name: 'def', stock: 1 });
    data.def = { name: 'def', stock: 2 };
    await client.m.mutate();
    expect(await client.def.query()).toEqual({ name: 'def', stock: 2 });
    expect(seen.map(({ method, status }) => `${method} ${status}`)).toEqual(['GET 200', 'POST 200', 'GET 200']);
  });

  test('A64: a query after a mutation that changed nothing of it keeps the copy of the client', async () => {
    const { client, data } = await openBehindPrivateCache(adapter);
    const first = await client.def.query();
    data.def = { name: 'def', stock: 1 };
    await client.m.mutate();
    expect(await client.def.query()).toEqual(first);
  });
});
