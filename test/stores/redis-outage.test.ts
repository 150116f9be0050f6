import { afterEach, describe, expect, test, vi } from 'vitest';
import { errorOf } from '../support/app.ts';
import { redisAvailable } from '../support/redis.ts';
import { kinds } from '../support/redis-clients.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { type OutageApp, outageApp } from './outage-app.ts';
import { useRedis } from './redis-harness.ts';

/** Where the server hangs, what a query waits for is its budget. */
const timeouts = { read: '100ms', write: '150ms' } as const;
/** Where it answers, or is gone: a busy machine is no outage. */
const patient = { read: '5s', write: '5s' } as const;

describe.skipIf(!redisAvailable)('law 4: a Redis server fails', () => {
  const redis = useRedis();
  const apps: OutageApp[] = [];
  const appOn = async (kind: (typeof kinds)[number], within: typeof timeouts | typeof patient, port?: number) => {
    const { store, command } = await redis.open(kind, {}, port === undefined ? {} : { port });
    const app = outageApp(store, { timeouts: within });
    apps.push(app);
    return { ...app, command };
  };
  afterEach(async () => {
    vi.useRealTimers();
    redis.server.resume();
    for (const { cache } of apps.splice(0)) await cache.close();
  });
  /** Whatever the breaker thinks of the store: its pause is over. */
  const muchLater = () => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  /** Cached again: of some calls that all see the new row, few run. */
  const recovers = async ({ caller, read }: OutageApp, value: number) => {
    muchLater();
    await vi.waitFor(async () => {
      read.mockClear();
      for (let call = 0; call < 3; call++) expect(await caller.read()).toEqual({ value });
      expect(read).not.toHaveBeenCalled();
    });
  };

  describe.each(kinds)('%s', (kind) => {
    test('it is paused: queries are answered by one run each, and after it nothing old is served', async () => {
      const app = await appOn(kind, timeouts);
      await app.caller.read();
      redis.server.pause();
      app.row.value = 2;
      const refused = errorOf(() => app.cache.invalidate('read'));
      app.read.mockClear();
      for (let call = 1; call <= 3; call++) {
        expect(await app.caller.read()).toEqual({ value: 2 });
        expect(app.read).toHaveBeenCalledTimes(call);
      }
      expect((await refused).code).toBe('NOT_ACKNOWLEDGED');
      expect(app.events.bypass.every(({ reason }) => reason === 'store')).toBe(true);
      redis.server.resume();
      await recovers(app, 2);
    });

    test('it is killed and comes back empty: queries are answered, and it is used again', async () => {
      const app = await appOn(kind, timeouts);
      await app.caller.read();
      await redis.server.kill();
      app.row.value = 2;
      const refused = errorOf(() => app.cache.invalidate('read'));
      for (let call = 0; call < 3; call++) expect(await app.caller.read()).toEqual({ value: 2 });
      expect((await refused).code).toBe('NOT_ACKNOWLEDGED');
      await redis.server.restart();
      await recovers(app, 2);
    });

    test('it is killed and comes back older: what was confirmed before stays invalidated', async () => {
      const app = await appOn(kind, timeouts);
      await app.caller.read();
      const saved = await redis.server.snapshot();
      app.row.value = 2;
      expect(await app.cache.invalidate('read')).toMatchObject({ acknowledged: true });
      await redis.server.restart(saved);
      for (let call = 0; call < 3; call++) expect(await app.caller.read()).toEqual({ value: 2 });
      await recovers(app, 2);
    });

    test('every connection is cut, again and again: no query fails, none gives what was invalidated', async () => {
      const proxy = await startTcpProxy(redis.server.port);
      const app = await appOn(kind, timeouts, proxy.port);
      for (let round = 2; round < 12; round++) {
        const reading = [app.caller.read(), app.caller.read()];
        proxy.cut();
        app.row.value = round;
        const told = await app.cache.invalidate('read').catch(({ code }: { code: string }) => code);
        expect(typeof told === 'string' ? told : told.acknowledged).toEqual(
          typeof told === 'string' ? 'NOT_ACKNOWLEDGED' : true,
        );
        for (const value of await Promise.all(reading)) expect(value.value).toBeGreaterThan(0);
        expect(await app.caller.read()).toEqual({ value: round });
      }
      await recovers(app, 11);
      await app.cache.close();
      await proxy.close();
    });

    test('a reply is lost: the query is answered by one run', async () => {
      const proxy = await startTcpProxy(redis.server.port);
      const app = await appOn(kind, patient, proxy.port);
      proxy.loseNextReply();
      expect(await app.caller.read()).toEqual({ value: 1 });
      expect(app.read).toHaveBeenCalledTimes(1);
      await recovers(app, 1);
      await app.cache.close();
      await proxy.close();
    });

    test('it is full: hits go on, and an invalidation is confirmed because its epoch is deleted', async () => {
      const app = await appOn(kind, patient);
      await app.caller.read();
      await redis.server.command('CONFIG', 'SET', 'maxmemory', '1');
      await app.caller.read();
      expect(app.events.hit).toHaveLength(1);
      app.row.value = 2;
      expect(await app.cache.invalidate('read')).toMatchObject({ acknowledged: true });
      expect(await app.caller.read()).toEqual({ value: 2 });
      await redis.server.command('CONFIG', 'SET', 'maxmemory', '0');
      await recovers(app, 2);
    });

    test('its keys are of another type: queries are answered, and invalidating puts it right', async () => {
      const app = await appOn(kind, patient);
      await app.caller.read();
      for (const key of (await redis.server.command('KEYS', '*')) as string[]) {
        await redis.server.command('DEL', key);
        await redis.server.command('RPUSH', key, 'list');
      }
      expect(await app.caller.read()).toEqual({ value: 1 });
      await app.cache.clear();
      app.row.value = 2;
      expect(await app.cache.invalidate('read')).toMatchObject({ acknowledged: true });
      expect(await app.caller.read()).toEqual({ value: 2 });
    });

    test('it became a replica: queries are answered, nothing is served, and no invalidation counts as confirmed', async () => {
      const app = await appOn(kind, patient);
      await app.caller.read();
      await redis.server.command('REPLICAOF', '127.0.0.1', '9');
      app.row.value = 2;
      expect(await app.caller.read()).toEqual({ value: 2 });
      expect((await errorOf(() => app.cache.invalidate('read'))).code).toBe('NOT_ACKNOWLEDGED');
      expect(app.events.hit).toEqual([]);
      await redis.server.command('REPLICAOF', 'NO', 'ONE');
      await recovers(app, 2);
    });
  });
});
