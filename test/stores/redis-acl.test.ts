import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cacheOf, errorOf, listen, t } from '../support/app.ts';
import { redisAvailable } from '../support/redis.ts';
import { type ClientSettings, kinds } from '../support/redis-clients.ts';
import { useRedis } from './redis-harness.ts';

/** The rule that docs/stores.md gives, as a command. */
const told = (): string[] => {
  const [rule = ''] = /^ACL SETUSER .*$/m.exec(readFileSync('docs/stores.md', 'utf8')) ?? [];
  return rule.split(' ');
};
const asApp: ClientSettings = {
  ioredis: { username: 'app', password: 'password' },
  redis: { username: 'app', password: 'password' },
};

describe.skipIf(!redisAvailable)('a user who may run the commands that the page names', () => {
  const redis = useRedis();
  const allow = (...rules: string[]) => redis.server.command('ACL', 'SETUSER', 'app', ...rules);
  beforeEach(async () => void (await redis.server.command(...(told() as [string]))));
  afterEach(async () => void (await redis.server.command('ACL', 'DELUSER', 'app')));

  const appOn = async (kind: (typeof kinds)[number]) => {
    const { store } = await redis.open(kind, asApp);
    const cache = cacheOf({ store, namespace: 'shop-production', coalesce: 'store' });
    const router = t.router({
      row: t.procedure.use(cache.cached('1h')).query((opts) => {
        cache.control(opts).tag('row');
        return 1;
      }),
    });
    const outcomes = ['miss', 'hit', 'bypass', 'error'] as const;
    const heard = outcomes.map((name) => [name, listen(cache, name)] as const);
    return { store, cache, caller: cache.register(router).createCaller({}), heard };
  };

  describe.each(kinds)('%s', (kind) => {
    test('has all that it needs: hits, tags, leases, invalidations of both modes, listings and the bus', async () => {
      const { store, cache, caller, heard } = await appOn(kind);
      const moved = vi.fn();
      const lost = vi.fn();
      store.subscribe?.({ moved, lost });
      await vi.waitFor(() => expect(lost).toHaveBeenCalled());
      await caller.row();
      await caller.row();
      expect(heard.map(([name, events]) => [name, events.length])).toEqual([
        ['miss', 1],
        ['hit', 1],
        ['bypass', 0],
        ['error', 0],
      ]);
      expect((await cache.entries()).entries.map(({ path }) => path)).toEqual(['row']);
      for (const mode of ['expire', 'remove'] as const) {
        await cache.invalidate({ tag: 'row' }, { mode });
        await vi.waitFor(() => expect(moved).toHaveBeenCalled());
        moved.mockClear();
      }
      expect(heard.at(-1)?.[1]).toEqual([]);
    });

    test.each(['getrange', 'strlen', 'scan'])(
      'without %s a listing is refused: it is not said that there are no entries',
      async (command) => {
        const { cache, caller } = await appOn(kind);
        await caller.row();
        await allow(`-${command}`);
        const { message, cause } = await errorOf(() => cache.entries());
        expect(`${message} ${(cause as Error | undefined)?.message}`).toMatch(/permission|can't run this command/);
      },
    );

    test('a key of another type is still no entry', async () => {
      const { cache, caller } = await appOn(kind);
      await caller.row();
      await redis.server.command('RPUSH', 'shop-production:q:a', '1');
      expect((await cache.entries()).entries).toHaveLength(1);
    });
  });
});
