import { describe, expect, test, vi } from 'vitest';
import { type UpstashStoreOptions, upstashStore } from '../../src/stores/upstash.ts';
import { cacheOf, counter, t } from '../support/app.ts';

/** A client that notes which commands it is asked for, and answers none. */
const openOn = (options?: UpstashStoreOptions) => {
  const commands = vi.fn((_name: string) => {});
  const redis = {
    pipeline: () => ({
      eval: () => commands('eval'),
      mget: () => commands('mget'),
      exec: async () => {
        throw new Error('not reachable');
      },
    }),
  };
  const cache = cacheOf({ store: upstashStore(redis, options), namespace: 'test' });
  const router = cache.register(t.router({ one: t.procedure.use(cache.cached('1m')).query(counter()) }));
  return { call: () => router.createCaller({}).one(), commands: () => commands.mock.calls.flat() };
};

describe('replicas of Upstash', () => {
  test('lookups read the primary by default: a script is a write-class command, which no replica answers', async () => {
    const { call, commands } = openOn();
    await call();
    expect(commands()).toEqual(['eval']);
  });

  test("only reads: 'nearest' asks with a command that a replica may answer", async () => {
    const { call, commands } = openOn({ reads: 'nearest' });
    await call();
    expect(commands()).toEqual(['mget']);
  });
});
