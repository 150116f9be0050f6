import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { upstashStore } from '../../src/stores/upstash.ts';
import { cacheOf, t } from '../support/app.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts';
import { upstashClient } from '../support/upstash.ts';
import { typed } from './typed.ts';

describe.skipIf(!redisAvailable)('the command line, on Upstash', () => {
  let server: RedisServer;
  let gateway: Gateway;
  let env: Record<string, string>;
  beforeAll(async () => {
    server = await startRedis();
    gateway = await startGateway({ redisPort: server.port });
    env = { UPSTASH_REDIS_REST_URL: gateway.url, UPSTASH_REDIS_REST_TOKEN: gateway.token };
  });
  afterAll(async () => {
    await gateway?.close();
    await server?.stop();
  });

  it('lists, explains, invalidates and examines', async () => {
    const cache = cacheOf({ store: upstashStore(upstashClient(gateway)), namespace: 'shop', timeouts: { read: '5s' } });
    let runs = 0;
    const router = t.router({ post: t.router({ list: t.procedure.use(cache.cached('1h')).query(() => ++runs) }) });
    const caller = cache.register(router).createCaller({});
    await caller.post.list();
    const type = (...argv: string[]) => typed([...argv, '-n', 'shop', '--json'], { env });

    expect((await type('ls', 'post.*')).json.entries).toMatchObject([{ path: 'post.list', state: 'fresh' }]);
    expect((await type('stats')).json.total).toMatchObject({ entries: 1, fresh: 1 });
    expect((await type('invalidate', 'post.*', '--yes')).json).toMatchObject({ acknowledged: true });
    expect((await type('explain', 'post.list')).json.entries).toMatchObject([{ state: 'invalidated' }]);
    expect(await caller.post.list()).toBe(2);

    const keys = await server.command('DBSIZE');
    const { code, json } = await type('doctor');
    const levels = Object.fromEntries(json.findings.map(({ check, level }: any) => [check, level]));
    expect(levels).toEqual({
      reachable: 'ok',
      version: 'ok',
      eviction: 'info',
      region: 'info',
      clock: 'ok',
      invalidation: 'ok',
      latency: 'ok',
      namespace: 'ok',
    });
    expect(code).toBe(0);
    expect(await server.command('DBSIZE')).toEqual(keys);
    expect(gateway.requests.flatMap(({ commands }) => commands).filter(([name]) => /^keys$/i.test(name ?? ''))).toEqual(
      [],
    );
  });

  it('says that a token is wrong without showing it, and that a region is far', async () => {
    const wrong = await typed(['stats', '-n', 'shop', '--upstash', gateway.url, '--token', 'WRONG-TOKEN']);
    expect(wrong).toMatchObject({ code: 1, err: expect.stringMatching(/WRONGPASS|Unauthorized|401/) });
    expect(wrong.err).not.toContain('WRONG-TOKEN');
  });
});
