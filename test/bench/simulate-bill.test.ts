import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { upstash as prices, usdOf } from '../../bench/simulate/prices.ts';
import { memoryDefaults, plain, simulate } from '../../bench/simulate/simulate.ts';
import { bytesDown, bytesUp, commands, epochCounts } from '../../bench/simulate/wire.ts';
import type { Settings } from '../../bench/simulate/world.ts';
import { createCache, type Lease, memoryStore, tieredStore } from '../../src/index.ts';
import { useUpstash } from '../stores/upstash-harness.ts';
import { t } from '../support/app.ts';
import { redisAvailable } from '../support/redis.ts';

const rows = Array.from({ length: 100 }, () => ({ id: 1234567, title: 'A title of some words' }));
const payload = JSON.stringify(rows).length;

describe.skipIf(!redisAvailable)('what a simulated operation is billed is what a server counts', () => {
  const upstash = useUpstash();

  afterEach(() => void vi.restoreAllMocks());

  function open(settings: Partial<Settings> = {}) {
    const { lease, tier, jitter, staleWhileRevalidateMs: staleMs } = { ...plain, ...settings };
    const store = upstash.store();
    const cache = createCache<object>({
      store: tier === false ? store : tieredStore(memoryStore(), store),
      namespace: 'shop-production',
      scope: 'public',
      coalesce: lease ? 'store' : 'process',
      timeouts: { read: '30s', lease: '30s' }, // a busy machine is no slow store
    });
    const byId = t.procedure
      .input(z.object({ id: z.number() }))
      .use(cache.cached({ ttl: '1m', jitter, ...(staleMs > 0 && { staleWhileRevalidate: staleMs / 1000 }) }))
      .query(() => {
        const until = performance.now() + 3; // in which epochs come nearer to their end: the fill extends them
        while (performance.now() < until);
        return rows;
      });
    const router = cache.register(t.router({ post: t.router({ byId }) }));
    const caller = router.createCaller({});
    return {
      read: (id = 1234567) => caller.post.byId({ id }),
      invalidate: (id = 1234567) => cache.invalidate({ path: 'post.byId', input: { id } }),
    };
  }

  /** The commands that the server ran, those of scripts too, and the bytes of the requests. */
  async function counted(work: () => Promise<unknown>): Promise<{ commands: number; up: number[] }> {
    upstash.gateway.reset();
    await upstash.server.command('CONFIG', 'RESETSTAT');
    await work();
    const stats = String(await upstash.server.command('INFO', 'commandstats'));
    const calls = Array.from(stats.matchAll(/^cmdstat_(?!config|info)[^:]+:calls=(\d+)/gm), ([, count]) =>
      Number(count),
    );
    const up = upstash.gateway.requests.map((one) => JSON.stringify(one.commands).length);
    return { commands: calls.reduce((sum, count) => sum + count, 0), up };
  }

  /** Ids have a digit more or less. */
  const near = (measured: number | undefined, expected: number) =>
    expect(Math.abs((measured ?? 0) / expected - 1)).toBeLessThan(0.02);

  test('for a miss, a hit, an invalidation, and a miss after it', async () => {
    const { read, invalidate } = open();
    const { ofInput, shared, timed } = epochCounts;
    const all = await counted(() => read(7654321)); // plants the epochs that all inputs share, too
    expect(all.commands).toBe(commands.lookup(shared + ofInput) + commands.fill(timed + ofInput));
    const miss = await counted(() => read());
    expect(miss.commands).toBe(commands.lookup(ofInput) + commands.fill(timed + ofInput));
    near(miss.up[0], bytesUp.lookup);
    near(miss.up[1], bytesUp.fill(payload));
    expect((await counted(() => read())).commands).toBe(commands.lookup(0));
    const invalidation = await counted(() => invalidate());
    expect(invalidation.commands).toBe(commands.advance);
    near(invalidation.up[0], bytesUp.advance);
    const again = await counted(() => read());
    expect(again.commands).toBe(commands.lookup(0) + commands.fill(timed + ofInput));
  });

  test('for a hit on a copy: as many commands, and no entry', async () => {
    const { read } = open({ tier: { trustMs: 0 } });
    await read();
    const hit = await counted(() => read());
    expect(hit.commands).toBe(commands.lookup(0));
    near(hit.up[0], bytesUp.held);
  });

  test('for a miss with a lease', async () => {
    const { read } = open({ lease: true });
    await read(7654321);
    const miss = await counted(() => read());
    const { ofInput, timed } = epochCounts;
    const fill = commands.fill(timed + ofInput) + commands.release;
    expect(miss.commands).toBe(commands.lookup(ofInput) + commands.lease + fill);
    near(miss.up[1], bytesUp.lease);
    near(miss.up[2], bytesUp.leasedFill(payload));
  });

  test('for a lease that is taken, one that is given back, and what who waited is told of an entry', async () => {
    const { lease, release } = upstash.store();
    const ask = async (token: string, waitsFor?: Lease['waitsFor']) => {
      const work = async () => lease?.({ name: 'n', token, ...(waitsFor && { waitsFor }) }, 'k', 5_000);
      return (await counted(work)).commands;
    };
    const giveBack = async () =>
      (await counted(async () => release?.({ name: 'n', token: '1' }))).commands - commands.releaseAlone;
    for (const waitsFor of ['entry', 'holder'] as const) {
      expect(await ask('1', waitsFor)).toBe(commands.lease + commands.waiting);
      expect(await giveBack()).toBe(commands.release);
    }
    expect(await ask('1')).toBe(commands.lease);
    expect(await ask('2')).toBe(commands.leaseTaken);
    expect(await ask('2', 'holder')).toBe(commands.leaseTaken);
    expect(await ask('2', 'entry')).toBe(commands.leaseTaken + commands.waiting);
    await upstash.server.command('SET', 'k', 'anything');
    expect(await ask('2', 'holder')).toBe(commands.leaseTaken);
    expect(await ask('2', 'entry')).toBe(commands.leaseThere);
    expect([await giveBack(), await giveBack()]).toEqual([commands.release, 0]);
    expect(await ask('2', 'holder')).toBe(commands.leaseTaken + commands.waiting);
    expect(await ask('2', 'entry')).toBe(commands.leaseThere);
  });

  test('for a fill that comes after an invalidation', async () => {
    const store = upstash.store();
    const epochs = Array.from({ length: 8 }, (_, index) => `shop-production:e:qi:x:${index}`);
    const { ids } = await store.lookup({ key: 'k', epochs, keepMs: 60_000 });
    await store.advance([epochs[6] as string]); // where that of the input stands
    const entry = { key: 'k', epochs, ids: ids as string[], storedAt: 1, freshUntil: 2, body: { text: '1' } };
    const unchanged = epochs.map((name, index) => [name, ids[index] as string] as const);
    const dead = await counted(async () => store.fill({ entry, unchanged, keepMs: 60_000 }));
    expect(dead.commands).toBe(commands.deadFill);
  });

  const story = ['read 1', 'read 1', 'write 1', 'read 1', 'read 2', 'write 3', 'read 3', 'write 2', 'read 2', 'read 1'];

  test.each<[string, Partial<Settings>]>([
    ['no option', {}],
    ['leases', { lease: true }],
    ['a tier', { tier: { trustMs: 0 } }],
    ['a stale window', { staleWhileRevalidateMs: 60_000 }],
    ['lifetimes that are shorter than they are planted for', { jitter: 0.2 }],
  ])('for a whole story with %s', async (_, settings) => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const steps = story.map((step) => ({ kind: step.split(' ')[0] as 'read' | 'write', key: Number(step.at(-1)) }));
    const { read, invalidate } = open(settings);
    const real = await counted(async () => {
      for (const { kind, key } of steps) await (kind === 'read' ? read(key) : invalidate(key));
    });
    const { store } = simulate({
      isolates: 1,
      settings: { ...plain, ...settings },
      memory: memoryDefaults,
      traffic: steps.map((step, at) => ({ ...step, at: at * 50, isolate: 0 })),
      delays: { trip: () => 5, run: () => 5 },
      keys: { ttlMs: () => 60_000, payload: () => payload },
      random: () => 0.5,
      warmUpMs: 0,
      untilMs: 60_000,
    });
    expect({ requests: store.requests.all, commands: store.commands }).toEqual({
      requests: real.up.length,
      commands: real.commands,
    });
  });

  test('the entry that a hit transfers', async () => {
    const { read } = open();
    await read();
    const frame = (upstash.gateway.requests.at(-1)?.commands[0] ?? []).find((text) => text.startsWith('~')) ?? '';
    const ids = 9 + 8; // of the epochs and the guard, and those of the entry's own
    near(bytesDown.lookup(payload), (frame.length * 4) / 3 + ids * 27);
  });
});

test('the price is that of commands, and of bytes that come down', () => {
  expect(usdOf(1_000_000, 100_000, 10e9)).toEqual({
    commands: expect.closeTo(2),
    requestsOnly: expect.closeTo(0.2),
    bandwidth: expect.closeTo(0.3),
  });
  expect(prices.readAt).toMatch(/^\d{4}-\d{2}$/);
});
