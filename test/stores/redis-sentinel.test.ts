import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { memoryStore, type Store, tieredStore } from '../../src/index.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { cacheOf } from '../support/app.ts';
import { executable } from '../support/executables.ts';
import { freePort, type RedisServer, redisAvailable, startRedis } from '../support/redis.ts';
import { RespConnection } from '../support/resp.ts';
import { end, tieToThisProcess } from '../support/server-process.ts';

const patiently = { timeout: 15_000, interval: 20 };

/** A sentinel that watches a primary, and replaces it when it has been silent for a fifth of a second. */
const startSentinel = async (primary: RedisServer) => {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-of-tests-'));
  const settings = [
    ...[`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`],
    `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
    ...['sentinel down-after-milliseconds main 200', 'sentinel failover-timeout main 3000'],
  ];
  writeFileSync(join(folder, 'sentinel.conf'), settings.join('\n'));
  const server = spawn(executable('redis-server') as string, [join(folder, 'sentinel.conf'), '--sentinel'], {
    stdio: 'ignore',
  });
  tieToThisProcess(server, folder);
  const connection = new RespConnection(port);
  await vi.waitFor(async () => {
    const known = String(await connection.command('SENTINEL', 'MASTER', 'main'));
    expect(known).toContain('num-slaves,1');
    const replicas = String(await connection.command('SENTINEL', 'REPLICAS', 'main'));
    expect(replicas).toContain('master-link-status,ok');
  }, patiently);
  const stop = async () => {
    await end(server);
    connection.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { port, stop };
};

describe.skipIf(!redisAvailable)('law 1: Redis behind sentinels, through ioredis', () => {
  const args = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];
  let servers: readonly [RedisServer, RedisServer];
  let sentinel: Awaited<ReturnType<typeof startSentinel>>;
  const clients: Redis[] = [];
  beforeAll(async () => {
    const [primary, replica] = (servers = [await startRedis({ args }), await startRedis({ args })]);
    await replica.command('REPLICAOF', '127.0.0.1', String(primary.port));
    await vi.waitFor(async () => {
      expect(String(await primary.command('INFO', 'replication'))).toContain('state=online');
    }, patiently);
    sentinel = await startSentinel(primary);
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await sentinel?.stop();
    for (const server of servers ?? []) await server.stop();
  });
  /** A process that reads one row. */
  const processOn = (tier: (remote: Store) => Store = (remote) => remote) => {
    const client = new Redis({ sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'main' });
    client.on('error', () => {});
    clients.push(client);
    const cache = cacheOf({ store: tier(redisStore(client)), namespace: 'shop' });
    return { cache, read: cache.wrap('row', () => row.value, { ttl: '1h' }) };
  };
  const row = { value: 1 };

  test('an invalidation is heard by others; when the primary is replaced, nothing old is served behind an acknowledgment', async () => {
    const one = processOn((remote) => tieredStore(memoryStore(), remote, { trust: '1m' }));
    const two = processOn();
    const answers = async () => [await one.read(), await two.read()];
    await vi.waitFor(async () => {
      await two.cache.invalidate('nothing'); // its client has found the primary
      expect(await answers()).toEqual([1, 1]);
    }, patiently);
    row.value = 2;
    await two.read.invalidate();
    await vi.waitFor(async () => expect(await answers()).toEqual([2, 2]), patiently);

    await servers[0].kill();
    row.value = 3;
    // The client keeps it until there is a primary again, which may be soon enough.
    const told = await two.read.invalidate().catch((error: { code?: string }) => error);
    expect([{ acknowledged: true }, { code: 'NOT_ACKNOWLEDGED' }]).toContainEqual(
      'acknowledged' in told ? { acknowledged: told.acknowledged } : { code: told.code },
    );
    expect(await two.read()).toBe(3);
    await vi.waitFor(() => two.read.invalidate(), patiently);
    expect(String(await servers[1].command('INFO', 'replication'))).toContain('role:master');
    await vi.waitFor(async () => expect(await answers()).toEqual([3, 3]), patiently);
    row.value = 4;
    expect(await two.read()).toBe(3); // cached again
    for (const { cache } of [one, two]) await cache.close();
  });
});
