import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/index.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { compiled } from '../support/compiled.ts';
import { redisAvailable } from '../support/redis.ts';
import { kinds } from '../support/redis-clients.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { useRedis } from './redis-harness.ts';

/** Listens, and knows what it heard: names, or `lost`. */
const listenTo = (store: Store) => {
  const heard: string[] = [];
  const end = store.subscribe?.({
    moved: (epochs) => void heard.push(...epochs),
    lost: () => void heard.push('lost'),
  }) as () => void;
  const count = (what: string) => heard.filter((one) => one === what).length;
  return { heard, count, end };
};

describe.skipIf(!redisAvailable)('the bus of a Redis server', () => {
  const redis = useRedis();
  const subscribers = async (channel = 'trpc-cached') =>
    ((await redis.server.command('PUBSUB', 'NUMSUB', channel)) as [string, number])[1];
  const subscribed = (count: number, channel?: string) =>
    vi.waitFor(async () => expect(await subscribers(channel)).toBe(count), { timeout: 5_000 });
  const connections = async () =>
    String(await redis.server.command('CLIENT', 'LIST'))
      .trim()
      .split('\n').length;

  describe.each(kinds)('%s', (kind) => {
    test('tells every store what moved on anywhere, removed or expired', async () => {
      const [one, other] = [await redis.open(kind), await redis.open(kind)];
      const listeners = [listenTo(one.store), listenTo(other.store), listenTo(other.store)];
      await subscribed(2);
      await one.store.advance(['bus:e:a', 'bus:e:ż "b"']);
      await other.store.advance(['bus:e:c'], 'expire');
      for (const { heard } of listeners) {
        await vi.waitFor(() =>
          expect(heard.filter((name) => name !== 'lost')).toEqual(['bus:e:a', 'bus:e:ż "b"', 'bus:e:c']),
        );
      }
    });

    test('opens one connection with the first listener, ends it with the last, and opens another for a later one', async () => {
      const { store } = await redis.open(kind);
      const before = await connections();
      const listeners = [listenTo(store), listenTo(store)];
      await subscribed(1);
      expect(await connections()).toBe(before + 1);
      listeners[0]?.end();
      listeners[0]?.end();
      expect(await subscribers()).toBe(1);
      listeners[1]?.end();
      await subscribed(0);
      listenTo(store);
      await subscribed(1);
    });

    test('says that messages may be lost when it begins to hear them, and never for a quiet connection', async () => {
      const { store } = await redis.open(kind);
      const { heard, count } = listenTo(store);
      await store.advance(['bus:e:before']); // nobody knows whether it was heard
      await vi.waitFor(() => expect(count('lost')).toBe(1));
      await store.advance(['bus:e:after']);
      await vi.waitFor(() => expect(heard.at(-1)).toBe('bus:e:after'));
      expect(count('lost')).toBe(1);
    });

    test('a lost connection is told at once and again when messages come again; none of the time between is missing', async () => {
      const proxy = await startTcpProxy(redis.server.port);
      const { store } = await redis.open(kind, {}, { port: proxy.port });
      const { heard, count } = listenTo(store);
      await vi.waitFor(() => expect(count('lost')).toBe(1));
      for (let round = 1; round <= 3; round++) {
        proxy.cut();
        await vi.waitFor(() => expect(count('lost')).toBe(2 * round));
        await vi.waitFor(() => expect(count('lost')).toBe(2 * round + 1), { timeout: 5_000 });
        await redis.server.command('PUBLISH', 'trpc-cached', `["round ${round}"]`);
        await vi.waitFor(() => expect(heard.at(-1)).toBe(`round ${round}`));
      }
      await store.close?.();
      await proxy.close();
    });

    test('a server that is killed and comes back is heard again, and until then no error ends the process', async () => {
      const { store } = await redis.open(kind);
      const { heard, count } = listenTo(store);
      await vi.waitFor(() => expect(count('lost')).toBe(1));
      await redis.server.kill();
      await vi.waitFor(() => expect(count('lost')).toBeGreaterThan(3), { timeout: 10_000 });
      await redis.server.restart();
      await subscribed(1);
      await vi.waitFor(async () => {
        await redis.server.command('PUBLISH', 'trpc-cached', '["back"]');
        expect(heard).toContain('back');
      });
    });

    test('what others publish on the channel is ignored unless it is a list of names', async () => {
      const { store } = await redis.open(kind);
      const { heard } = listenTo(store);
      await subscribed(1);
      const foreign = ['', 'hello', '{}', '{"0":"a"}', 'null', '[1]', '["a",null]', '[["a"]]', '"a"', '[', '\u0000'];
      for (const text of foreign) await redis.server.command('PUBLISH', 'trpc-cached', text);
      await redis.server.command('PUBLISH', 'trpc-cached', '["end"]');
      await vi.waitFor(() => expect(heard.at(-1)).toBe('end'));
      expect(heard.filter((name) => name !== 'lost')).toEqual(['end']);
    });

    test('a channel of its own hears nothing of the others', async () => {
      const { store } = await redis.open(kind, {}, { channel: 'mine' });
      const { heard } = listenTo(store);
      await subscribed(1, 'mine');
      await (await redis.open(kind)).store.advance(['bus:e:theirs']);
      await store.advance(['bus:e:mine']);
      await vi.waitFor(() => expect(heard.at(-1)).toBe('bus:e:mine'));
      expect(heard).not.toContain('bus:e:theirs');
    });

    test('a listener that throws breaks neither the others nor the process', async () => {
      const { store } = await redis.open(kind);
      const fail = () => {
        throw new Error('broken');
      };
      store.subscribe?.({ moved: fail, lost: fail });
      const { heard } = listenTo(store);
      await subscribed(1);
      await store.advance(['bus:e:a']);
      await vi.waitFor(() => expect(heard.at(-1)).toBe('bus:e:a'));
    });

    test('close ends it for good, also twice, also while it is connecting; the client stays open', async () => {
      const { store, command } = await redis.open(kind);
      const { heard } = listenTo(store);
      await store.close?.();
      await store.close?.();
      listenTo(store).end();
      await subscribed(0);
      const second = redisStore((await redis.open(kind)).client);
      listenTo(second);
      await subscribed(1);
      await second.close?.();
      await subscribed(0);
      expect(heard).toEqual([]);
      expect(await command('PING')).toBe('PONG');
      await store.advance(['bus:e:a']);
    });

    test.each(['there', 'gone', 'paused'])(
      'a process ends with the client of the user, whether the server is %s or not, without close',
      async (server) => {
        const script = await compiled(new URL('./redis-bus-process.ts', import.meta.url));
        const child = spawn(process.execPath, [script, kind, String(redis.server.port)], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        const ended = once(child, 'exit');
        await once(child.stdout, 'data'); // it has heard a message
        if (server === 'gone') await redis.server.kill();
        if (server === 'paused') redis.server.pause();
        child.stdin.end('end your client\n');
        expect(await ended).toEqual([0, null]);
        if (server === 'gone') await redis.server.restart();
      },
    );
  });
});
