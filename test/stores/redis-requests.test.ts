import { beforeEach, describe, expect, test } from 'vitest';
import type { CreateCacheOptions } from '../../src/index.ts';
import { type Context, cacheOf, contextOf, t } from '../support/app.ts';
import { overFetch } from '../support/http-adapters.ts';
import { redisAvailable } from '../support/redis.ts';
import { kinds } from '../support/redis-clients.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { freshNames } from './contract-entries.ts';
import { useRedis } from './redis-harness.ts';

const minute = 60_000;
const patient: Partial<CreateCacheOptions<Context>> = { timeouts: { read: '5s', write: '5s' } };

describe.skipIf(!redisAvailable)('what Redis is asked for: one command is one trip', () => {
  const redis = useRedis();
  beforeEach(async () => void (await redis.server.command('SCRIPT', 'FLUSH')));

  describe.each(kinds)('%s', (kind) => {
    /** A site on a warm store behind a wire that counts: every command that a client sends begins with `*` on a line. */
    const site = async () => {
      const proxy = await startTcpProxy(redis.server.port);
      const { store } = await redis.open(kind, {}, { port: proxy.port });
      const cache = cacheOf({ store, namespace: 'requests', ...patient });
      const router = cache.register(
        t.router({
          row: t.procedure
            .input((input) => input as number)
            .use(cache.cached('1h'))
            .query(({ input }) => ({ id: input })),
          plain: t.procedure.use(cache.cached('1h')).query(() => 'plain'),
        }),
      );
      const caller = router.createCaller({});
      const { send } = await overFetch.serve(cache.http({ router, createContext: contextOf }));
      await caller.row(-1);
      await cache.invalidate({ path: 'row', input: -2 });
      const askedFor = async (work: () => unknown) => {
        const before = proxy.sent().length;
        await work();
        return Array.from(
          proxy
            .sent()
            .slice(before)
            .matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g),
          ([, name]) => name,
        );
      };
      return { proxy, store, cache, caller, send, askedFor };
    };

    test('a miss is two, a hit one, a batch of ten hits one, a 304 one, an invalidation one', async () => {
      const { caller, send, cache, askedFor, proxy } = await site();
      expect(await askedFor(() => caller.row(1))).toEqual(['EVALSHA', 'EVALSHA']);
      expect(await askedFor(() => caller.row(1))).toEqual(['EVALSHA']);

      const ids = Array.from({ length: 10 }, (_, id) => id + 1);
      await Promise.all(ids.map((id) => caller.row(id)));
      const batch = `${ids.map(() => 'row').join()}?batch=1&input=${encodeURIComponent(JSON.stringify({ ...ids }))}`;
      expect(await askedFor(async () => expect((await send(batch)).status).toBe(200))).toEqual(['EVALSHA']);

      const whole = await send('plain');
      const etag = String(whole.headers.get('etag'));
      const again = () => send('plain', { headers: { 'if-none-match': etag } });
      expect(await askedFor(async () => expect((await again()).status).toBe(304))).toEqual(['EVALSHA']);

      expect(await askedFor(() => cache.invalidate('row'))).toEqual(['EVALSHA']);
      await proxy.close();
    });

    test('an invalidation is one command and the same work in the server, with one entry or with 10,000', async () => {
      const { store, cache, caller, askedFor, proxy } = await site();
      const work = async () => {
        await redis.server.command('CONFIG', 'RESETSTAT');
        expect(await askedFor(() => cache.invalidate('row'))).toEqual(['EVALSHA']);
        const stats = String(await redis.server.command('INFO', 'commandstats'));
        const calls = Array.from(
          stats.matchAll(/cmdstat_(\w+)[^:]*:calls=(\d+)/g),
          ([, name, count]) => `${name} ${count}`,
        );
        return calls.filter((one) => !/^(?:info|config)/.test(one)).sort();
      };
      await caller.row(0);
      const one = await work();
      for (let start = 0; start < 10_000; start += 500)
        await Promise.all(Array.from({ length: 500 }, (_, id) => caller.row(start + id)));
      expect(Number(await redis.server.command('DBSIZE'))).toBeGreaterThan(10_000);
      expect(await work()).toEqual(one);
      expect((await store.lookup({ epochs: freshNames(1), keepMs: minute })).ids).toHaveLength(1);
      await proxy.close();
    });
  });
});
