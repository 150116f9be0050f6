import { describe, expect, test } from 'vitest';
import { upstashStore } from '../../src/stores/upstash.ts';
import { cacheOf, requester, t } from '../support/app.ts';
import { type RedisServer, redisAvailable } from '../support/redis.ts';
import { freshNames, lookUpAndFill } from './contract.ts';
import { type ClientOptions, useUpstash } from './upstash-harness.ts';

const minute = 60_000;

/** The commands that a server ran meanwhile, those of scripts too, by name and together. */
async function commandsOf(server: RedisServer, work: () => unknown): Promise<Record<string, number>> {
  await server.command('CONFIG', 'RESETSTAT');
  await work();
  const stats = String(await server.command('INFO', 'commandstats'));
  const ran: Record<string, number> = { all: 0 };
  for (const [, name = '', count] of stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
    if (/^(?:config|info)/.test(name)) continue;
    ran[name] = Number(count);
    ran.all = (ran.all as number) + Number(count);
  }
  return ran;
}

describe.skipIf(!redisAvailable)('what Upstash is asked for: requests are what callers wait for', () => {
  const upstash = useUpstash();
  const clients: [string, ClientOptions][] = [
    ['with automatic pipelines', { enableAutoPipelining: true }],
    ['without automatic pipelines', { enableAutoPipelining: false }],
  ];
  const requestsOf = async (work: () => unknown) => {
    upstash.gateway.reset();
    await work();
    return upstash.gateway.count();
  };

  describe.each(clients)('%s', (_, options) => {
    test('a lookup is one request, of a missing entry with epochs to plant as of a stored one', async () => {
      const store = upstash.store(options);
      const epochs = freshNames(8);
      const lookup = () => store.lookup({ key: 'one', epochs, keepMs: minute });
      expect(await requestsOf(lookup)).toBe(1);
      await lookUpAndFill(store, 'one', epochs);
      expect(await requestsOf(lookup)).toBe(1);
    });

    test.each(['primary', 'nearest'] as const)(
      'ten lookups of one tick are one request when reads are %s',
      async (reads) => {
        const store = upstash.store(options, { reads });
        const epochs = freshNames(4);
        const keys = Array.from({ length: 10 }, (_, index) => `ten-${index}`);
        for (const key of keys) await lookUpAndFill(store, key, epochs);
        let answers: { entry: { key: string } | undefined }[] = [];
        const asked = await requestsOf(async () => {
          answers = await Promise.all(keys.map((key) => store.lookup({ key, epochs, keepMs: minute })));
        });
        expect(asked).toBe(1);
        expect(answers.map(({ entry }) => entry?.key)).toEqual(keys);
      },
    );

    test('lookups some microtasks apart, as the calls of a batch come, are one request; a later one is its own', async () => {
      const store = upstash.store(options);
      const epochs = freshNames();
      const asked = await requestsOf(async () => {
        const lookups = [];
        for (let index = 0; index < 5; index++) {
          lookups.push(store.lookup({ key: `apart-${index}`, epochs, keepMs: minute }));
          await undefined;
        }
        await Promise.all(lookups);
        await store.lookup({ key: 'later', epochs, keepMs: minute });
      });
      expect(asked).toBe(2);
    });

    test('a fill is one request', async () => {
      const store = upstash.store(options);
      const epochs = freshNames(8);
      await store.lookup({ key: 'fill', epochs, keepMs: minute });
      expect(await requestsOf(() => lookUpAndFill(store, 'fill', epochs))).toBe(2);
    });

    test.each([1, 100])('moving %i epochs on is one request', async (count) => {
      const store = upstash.store(options);
      expect(await requestsOf(() => store.advance(freshNames(count)))).toBe(1);
    });

    test("a command of the user's that breaks the automatic pipeline of its tick does not touch ours", async () => {
      const client = upstash.client(options);
      const store = upstashStore(client);
      const epochs = freshNames();
      const { entry } = await lookUpAndFill(store, 'mine', epochs);
      const theirs = async (key: unknown) => client.get(key as string);
      const refused = theirs(1n).catch(() => 'refused');
      const mine = [store.lookup({ key: 'mine', epochs, keepMs: minute }), store.advance(freshNames(1))] as const;
      const other = theirs('theirs').catch(() => 'refused too');
      const [found] = await Promise.all([...mine, other]);
      expect(await refused).toBe('refused');
      expect(found.entry).toMatchObject({ ...entry });
    });
  });

  test.each([10, 10_000])('moving an epoch on costs the same with %i entries stored', async (entries) => {
    const store = upstash.store();
    const epochs = freshNames();
    const { ids } = await lookUpAndFill(store, 'cost', epochs);
    const keys = Array.from({ length: entries }, (_, index) => [
      `cost-${index}`,
      `~{"e":${JSON.stringify(epochs)}}\n1`,
    ]);
    await upstash.server.command('MSET', ...keys.flat());
    const ran = await commandsOf(upstash.server, async () => {
      expect(await requestsOf(() => store.advance([epochs[0] as string]))).toBe(1);
    });
    expect(ran).toEqual({ all: 5, eval: 1, time: 1, set: 1, mget: 1, incr: 1 });
    const { own } = await store.lookup({ key: 'cost', epochs, keepMs: minute });
    expect(own[0]).not.toBe(ids[0]);
  });
});

describe.skipIf(!redisAvailable)('what Upstash bills: scripts, and the commands that they run', () => {
  const upstash = useUpstash();

  /** A site that everybody shares, with a query of one segment and one of two, on a client as it is made by default. */
  async function site() {
    const cache = cacheOf({
      store: upstash.store(),
      namespace: 'shop-production',
      timeouts: { read: '30s', write: '30s' }, // a busy machine is no slow store
    });
    const query = t.procedure
      .input((input) => input as number)
      .use(cache.cached('1m'))
      .query(({ input }) => {
        const until = performance.now() + 3; // in which epochs come nearer to their end: the fill extends them
        while (performance.now() < until);
        return { id: input };
      });
    const tagged = t.procedure.use(cache.cached('1m')).query((opts) => {
      cache.control(opts).tag('learned');
      return 'tagged';
    });
    const router = cache.register(t.router({ row: query, a: t.router({ b: query }), tagged }));
    const { row, a, tagged: withTag } = router.createCaller({});
    const send = await requester(cache.http({ router, createContext: () => ({}) }));
    await row(0); // plants what all inputs share
    await a.b(0);
    return { cache, row, a, withTag, send, billed: (work: () => unknown) => commandsOf(upstash.server, work) };
  }

  test('a hit is 2 commands, of a query of one segment as of `a.b`', async () => {
    const { row, a, billed } = await site();
    expect(await billed(() => row(0))).toEqual({ all: 2, eval: 1, mget: 1 });
    expect(await billed(() => a.b(0))).toEqual({ all: 2, eval: 1, mget: 1 });
  });

  test('a hit on an entry with tags that its resolver added is 3: only the entry names them', async () => {
    const { withTag, billed } = await site();
    await withTag();
    expect(await billed(() => withTag())).toEqual({ all: 3, eval: 1, mget: 2 });
  });

  test('a batch of ten hits is 2 commands', async () => {
    const { a, send, billed } = await site();
    const ids = Array.from({ length: 10 }, (_, id) => id);
    for (const id of ids) await a.b(id);
    const path = `${ids.map(() => 'a.b').join()}?batch=1&input=${encodeURIComponent(JSON.stringify({ ...ids }))}`;
    const ran = await billed(async () => {
      const { headers } = await send(path);
      expect(headers.get('x-cache')).toBe(ids.map(() => 'HIT').join(', '));
    });
    expect(ran).toEqual({ all: 2, eval: 1, mget: 1 });
  });

  test('a miss is 18 commands, of `a.b` 20; after an invalidation 13 and 15: lookup and fill', async () => {
    const { cache, row, a, billed } = await site();
    const once = { eval: 2, time: 1, mget: 4, set: 3 }; // two epochs of an input are planted
    expect(await billed(() => row(1))).toEqual({ all: 18, ...once, pttl: 4, pexpire: 4 });
    expect(await billed(() => a.b(1))).toEqual({ all: 20, ...once, pttl: 5, pexpire: 5 });
    await cache.invalidate({ path: 'row', input: 1 }, { path: 'a.b', input: 1 });
    const again = { eval: 2, mget: 2, set: 1 };
    expect(await billed(() => row(1))).toEqual({ all: 13, ...again, pttl: 4, pexpire: 4 });
    expect(await billed(() => a.b(1))).toEqual({ all: 15, ...again, pttl: 5, pexpire: 5 });
  });

  test('an invalidation is 5 commands, of one input as of all below a path; 3 more for each further target', async () => {
    const { cache, billed } = await site();
    const five = { all: 5, eval: 1, time: 1, set: 1, mget: 1, incr: 1 };
    expect(await billed(() => cache.invalidate({ path: 'a.b', input: 0 }))).toEqual(five);
    expect(await billed(() => cache.invalidate('a.*'))).toEqual(five);
    const both = await billed(() => cache.invalidate('row', 'a.*'));
    expect(both).toEqual({ all: 8, eval: 1, time: 1, set: 2, mget: 2, incr: 2 });
  });
});
