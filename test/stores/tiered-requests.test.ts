import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryStore, tieredStore } from '../../src/index.ts';
import { cacheOf, requester, t } from '../support/app.ts';
import { redisAvailable } from '../support/redis.ts';
import { type ClientOptions, useUpstash } from './upstash-harness.ts';

const megabyte = 'x'.repeat(1_000_000);

describe.skipIf(!redisAvailable)('what a tier asks of Upstash', () => {
  const upstash = useUpstash();
  let bodies: string[];
  beforeEach(() => {
    bodies = [];
    const send = globalThis.fetch;
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (...given) => {
      const response = await send(...given);
      bodies.push(await response.clone().text());
      return response;
    });
  });
  afterEach(() => void vi.restoreAllMocks());

  const processOn = (options: ClientOptions, trust: 0 | '1h' = 0) => {
    const cache = cacheOf({
      store: tieredStore(memoryStore(), upstash.store(options), { trust }),
      namespace: 'tiers',
      timeouts: { read: '5s', write: '5s' },
    });
    const run = vi.fn(({ input }: { input: unknown }) => ({ id: input, text: megabyte }));
    const byId = t.procedure
      .input((value) => value as number)
      .use(cache.cached('1h'))
      .query(run);
    const router = cache.register(t.router({ byId }));
    return { cache, run, router, caller: router.createCaller({}) };
  };
  const costOf = async (work: () => unknown) => {
    upstash.gateway.reset();
    bodies.length = 0;
    await work();
    return { requests: upstash.gateway.count(), bytes: bodies.join('').length };
  };
  const nothing = 1_000; // some ids, and no value of a megabyte

  describe.each<[string, ClientOptions]>([
    ['the client as it comes', {}],
    ['values not parsed', { automaticDeserialization: false }],
    ['no automatic pipelines', { enableAutoPipelining: false }],
    ['no base64', { responseEncoding: false } as ClientOptions],
  ])('with %s', (_, options) => {
    test('a miss is two requests, a hit one that carries nothing of the value, in every process after its first', async () => {
      const [a, b] = [processOn(options), processOn(options)];
      expect((await costOf(() => a.caller.byId(1))).requests).toBe(2);
      expect((await costOf(() => b.caller.byId(1))).bytes).toBeGreaterThan(1_000_000);
      for (const { caller } of [a, b, a, b]) {
        const cost = await costOf(async () => expect((await caller.byId(1)).text).toBe(megabyte));
        expect(cost.requests).toBe(1);
        expect(cost.bytes).toBeLessThan(nothing);
        expect(bodies.join()).not.toMatch(/xxxx|eHh4eHh4/);
      }
      expect([a.run.mock.calls.length, b.run.mock.calls.length]).toEqual([1, 0]);
    });

    test('a batch of ten hits is one request, an invalidation one', async () => {
      const { cache, router, caller } = processOn(options);
      const inputs = Array.from({ length: 10 }, (_, id) => id);
      await Promise.all(inputs.map((id) => caller.byId(id)));
      const calls = await costOf(() => Promise.all(inputs.map((id) => caller.byId(id))));
      expect(calls.requests).toBe(1);
      expect(calls.bytes).toBeLessThan(10 * nothing);

      const request = await requester(cache.http({ router }));
      const path = `${inputs.map(() => 'byId').join()}?batch=1&input=${encodeURIComponent(JSON.stringify({ ...inputs }))}`;
      const batch = await costOf(() => request(path));
      expect(batch.requests).toBe(1);
      expect(batch.bytes).toBeLessThan(10 * nothing);

      expect((await costOf(() => cache.invalidate('byId'))).requests).toBe(1);
      expect((await costOf(() => caller.byId(1))).requests).toBe(2);
    });
  });

  test('with trust, hits are no request at all once the copy was confirmed', async () => {
    const { cache, caller, run } = processOn({}, '1h');
    await caller.byId(1);
    expect((await costOf(() => caller.byId(1))).requests).toBe(1); // a fill does not read the guard of tags
    for (let hit = 0; hit < 3; hit++) expect((await costOf(() => caller.byId(1))).requests).toBe(0);
    await cache.invalidate('byId');
    await caller.byId(1);
    expect(run).toHaveBeenCalledTimes(2);
  });
});
