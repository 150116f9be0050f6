import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadInstalled } from '../../src/cli/connect.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { upstashStore } from '../../src/stores/upstash.ts';
import { cacheOf, counter, t } from '../support/app.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts';
import { type Connected, connect, kinds } from '../support/redis-clients.ts';
import { upstashClient } from '../support/upstash.ts';
import { typed } from './typed.ts';

describe.skipIf(!redisAvailable)('the command line, connected otherwise than the application', () => {
  let server: RedisServer;
  let gateway: Gateway;
  let client: Connected;
  let url: string;
  beforeAll(async () => {
    server = await startRedis();
    gateway = await startGateway({ redisPort: server.port });
    client = await connect('ioredis', server.port);
    url = `redis://127.0.0.1:${server.port}`;
  });
  afterAll(async () => {
    client?.end();
    await gateway?.close();
    await server?.stop();
  });

  /** An application whose entry of `post.byId` with the id 3 was filled and found. */
  const shopOn = async (store: ReturnType<typeof redisStore>, namespace: string, hashKeys = false) => {
    const cache = cacheOf({ store, namespace, hashKeys, timeouts: { read: '5s' } });
    const byId = t.procedure
      .input(z.object({ id: z.number() }))
      .use(cache.cached({ ttl: '1h', tags: ({ input }) => [`author:${input.id}`] }))
      .query(counter());
    const router = cache.register(t.router({ post: t.router({ byId }) }));
    const call = () => router.createCaller({}).post.byId({ id: 3 });
    expect([await call(), await call()]).toEqual([1, 1]);
    return { cache, call };
  };
  const only = (kind: string) => async (wanted: string) => (wanted === kind ? loadInstalled(wanted) : undefined);

  it.each(kinds)('works on no other database than the one that was named, through %s', async (kind) => {
    const { cache, call } = await shopOn(redisStore(client.client), `database-${kind}`);
    await server.command('ACL', 'SETUSER', 'viewer', 'on', '>pw', '~*', '&*', '+@all', '-select');
    const refused = [
      [`${url}/99`, /out of range/],
      [`redis://viewer:pw@127.0.0.1:${server.port}/3`, /NOPERM/],
    ] as const;
    for (const [wrong, why] of refused) {
      for (const command of [['stats'], ['doctor'], ['invalidate', '*', '--yes']]) {
        const argv = [...command, '-n', `database-${kind}`, '--redis', wrong];
        const { code, out, err } = await typed(argv, { load: only(kind) });
        expect([code, out]).toEqual([1, '']);
        expect(err).toMatch(why);
      }
    }
    const other = await typed(['stats', '-n', `database-${kind}`, '--json', '--redis', `${url}/3`], {
      load: only(kind),
    });
    expect(other.json.total).toMatchObject({ entries: 0 });
    expect(await call()).toBe(1);
    await cache.close();
  });

  it.each([false, true])('reaches tags and inputs whose names are hashed or not (%s)', async (hashKeys) => {
    const { cache, call } = await shopOn(redisStore(client.client), `hashed-${hashKeys}`, hashKeys);
    const where = ['-n', `hashed-${hashKeys}`, '--redis', url, ...(hashKeys ? [] : ['--hash-keys'])];
    const input = ['post.byId', '--input', '{"id":3}'];
    expect((await typed(['explain', ...input, '--json', ...where])).json.entries).toMatchObject([{ state: 'fresh' }]);
    let runs = 1;
    for (const what of [['--tag', 'author:3'], input, ['--everyone'], ['post.byId', '--everyone']]) {
      const { code, out } = await typed(['invalidate', ...what, '--yes', ...where]);
      expect(code).toBe(0);
      // Both names of an epoch are one.
      expect(out).toContain(what[0] === '--tag' ? '2 epochs moved on' : ' moved on');
      expect(await call()).toBe(++runs);
    }
    await cache.close();
  });

  it.each(['redisStore', 'upstashStore'])('calls entries of %s by REST and by TCP what they are', async (name) => {
    const namespace = `mixed-${name}`;
    const store = name === 'redisStore' ? redisStore(client.client) : upstashStore(upstashClient(gateway));
    const { cache, call } = await shopOn(store, namespace);
    const ways = [
      ['--redis', url],
      ['--upstash', gateway.url, '--token', gateway.token],
    ];
    const views = async (command: string[]) =>
      Promise.all(ways.map(async (way) => (await typed([...command, '--json', '-n', namespace, ...way])).json));
    for (const way of ways) {
      expect(await views(['stats'])).toMatchObject([{ total: { fresh: 1 } }, { total: { fresh: 1 } }]);
      const explained = await views(['explain', 'post.byId']);
      for (const { entries } of explained) {
        expect(new Set(entries[0].epochs.map(({ state }: any) => state))).toEqual(new Set(['unchanged']));
      }
      const before = await call();
      await typed(['invalidate', 'post.*', '--yes', '-n', namespace, ...way]);
      expect(await views(['stats'])).toMatchObject([{ total: { invalidated: 1 } }, { total: { invalidated: 1 } }]);
      expect(await call()).toBe(before + 1);
      await typed(['invalidate', '*', '--mode', 'expire', '--yes', '-n', namespace, ...way]);
      expect(await views(['stats'])).toMatchObject([{ total: { expired: 1 } }, { total: { expired: 1 } }]);
      expect(await call()).toBe(before + 2);
    }
    await cache.close();
  });
});
