import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Redis } from '@upstash/redis';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { useUpstash } from '../stores/upstash-harness.ts';
import { compiled } from './compiled.ts';
import type { Gateway } from './gateway.ts';
import { type RedisServer, redisAvailable, startRedis } from './redis.ts';
import { RespConnection, RespError, RespParser, toText } from './resp.ts';
import { upstashClient } from './upstash.ts';

describe.skipIf(!redisAvailable)('the gateway, with the real client in front and a real Redis behind', () => {
  let server: RedisServer;
  let gateway: Gateway;
  let redis: Redis;
  const upstash = useUpstash();
  beforeAll(() => {
    ({ server, gateway } = upstash);
    redis = upstash.client();
  });

  /** One try and one request for each command, so that a fault shows as it is. */
  const bareClient = () =>
    upstashClient(gateway, { automaticDeserialization: false, enableAutoPipelining: false, retry: { retries: 0 } });

  test('it sets and gets, with px and nx', async () => {
    expect(await redis.set('a', 'text', { px: 60_000 })).toBe('OK');
    expect(await redis.set('a', 'other', { nx: true })).toBeNull();
    expect(await redis.get('a')).toBe('text');
    expect(await redis.get('absent')).toBeNull();
    expect(await redis.pttl('a')).toBeGreaterThan(0);
    expect(await server.command('GET', 'a')).toBe('text');
  });

  test('it answers mget, pipelines and transactions in order', async () => {
    await redis.mset({ a: 'x', c: 'z' });
    expect(await redis.mget('a', 'b', 'c')).toEqual(['x', null, 'z']);
    expect(await redis.pipeline().incr('n').get('a').mget('a', 'b').exec()).toEqual([1, 'x', ['x', null]]);
    expect(await redis.multi().set('m', 'one').incr('n').get('m').exec()).toEqual(['OK', 2, 'one']);
    expect(gateway.requests.map(({ path }) => path)).toEqual(['/pipeline', '/pipeline', '/pipeline', '/multi-exec']);
  });

  test('it runs scripts with keys and arguments, by text and by digest, and returns nested arrays', async () => {
    const script = 'return {KEYS[1], ARGV[1], {1, "OK", {ARGV[2]}, false}, redis.status_reply("OK")}';
    const reply = ['k', 'á', [1, 'OK', ['x'], null], 'OK'];
    expect(await redis.eval(script, ['k'], ['á', 'x'])).toEqual(reply);
    const digest = await redis.scriptLoad(script);
    expect(await redis.evalsha(digest, ['k'], ['á', 'x'])).toEqual(reply);
    await expect(redis.evalsha('0'.repeat(40), [], [])).rejects.toThrow('NOSCRIPT');
  });

  test.each([
    { written: '123', read: 123 },
    { written: 'true', read: true },
    { written: '{"a":["1",null]}', read: { a: ['1', null] } },
    { written: 'OK', read: 'OK' },
    { written: 'abcd', read: 'abcd' },
    { written: '', read: '' },
    { written: 'żółw 🐢 \u0000 \r\n " \u2028', read: 'żółw 🐢 \u0000 \r\n " \u2028' },
  ])('it keeps the text $written, which the client reads as text or as a value', async ({ written, read }) => {
    await redis.set('v', written);
    expect(await server.command('GET', 'v')).toBe(written);
    expect(await redis.get('v')).toEqual(read);
    expect(await redis.mget('v')).toEqual([read]);
    for (const responseEncoding of ['base64', false] as const) {
      const raw = upstashClient(gateway, { automaticDeserialization: false, responseEncoding });
      expect(await raw.get('v')).toBe(written);
      expect(await raw.eval('return {{ARGV[1]}}', [], [written])).toEqual([[written]]);
    }
  });

  test('it carries a value of 5 MB', async () => {
    const large = 'ż1'.repeat(2_500_000);
    await redis.set('large', large);
    expect((await redis.get('large')) === large).toBe(true);
    expect(await redis.strlen('large')).toBe(7_500_000);
  });

  test('it records what the client sent: one request for the commands of a tick, or one for each', async () => {
    await Promise.all([redis.get('a'), redis.mget('b', 'c')]);
    expect(gateway.requests).toEqual([
      {
        path: '/pipeline',
        commands: [
          ['get', 'a'],
          ['mget', 'b', 'c'],
        ],
      },
    ]);
    gateway.reset();
    expect(gateway.count()).toBe(0);
    const single = upstashClient(gateway, { enableAutoPipelining: false });
    await Promise.all([single.set('n', 5), single.get('b')]);
    expect(gateway.count()).toBe(2);
    expect(gateway.requests).toContainEqual({ path: '/', commands: [['set', 'n', '5']] });
  });

  test('it gives a token that orders reads after writes', async () => {
    await redis.set('a', 1);
    const first = redis.readYourWritesSyncToken;
    await redis.set('a', 2);
    expect(first).toMatch(/./);
    expect(redis.readYourWritesSyncToken).not.toBe(first);
  });

  test('it refuses a wrong token on every path', async () => {
    const stranger = upstashClient({ url: gateway.url, token: 'wrong' }, { enableAutoPipelining: false });
    await expect(stranger.set('a', 1)).rejects.toThrow('WRONGPASS');
    await expect(stranger.pipeline().set('a', 1).exec()).rejects.toThrow('WRONGPASS');
    await expect(stranger.multi().set('a', 1).exec()).rejects.toThrow('WRONGPASS');
    expect((await fetch(gateway.url, { method: 'POST', body: '["get","a"]' })).status).toBe(401);
    expect(await server.command('DBSIZE')).toBe(0);
  });

  test('it tells the error of a command alone, or beside the results of the others', async () => {
    const client = bareClient();
    await client.set('text', 'x');
    await expect(client.incr('text')).rejects.toThrow('ERR value is not an integer');
    const results = await client.pipeline().incr('text').get('text').exec({ keepErrors: true });
    expect(results).toMatchObject([{ error: expect.stringContaining('not an integer') }, { result: 'x' }]);
    await expect(client.multi().incr('text').set('text', 'y').exec()).rejects.toThrow('not an integer');
    expect(await client.get('text')).toBe('y');
    await expect(client.eval('return redis.call("nonsense")', [], [])).rejects.toThrow('Unknown Redis command');
    await expect(client.get(undefined as unknown as string)).rejects.toThrow('ERR null args');
    await expect(client.exec(['MULTI'])).rejects.toThrow('ERR Command is not available');
  });

  test('it discards a transaction whose commands are not all understood', async () => {
    const headers = { authorization: `Bearer ${gateway.token}` };
    const body = '[["set","a","1"],["nonsense"]]';
    const response = await fetch(`${gateway.url}/multi-exec`, { method: 'POST', headers, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringContaining('EXECABORT') });
    expect(await server.command('EXISTS', 'a')).toBe(0);
  });

  describe('when told to fail', () => {
    test('it hangs until the client gives up', async () => {
      gateway.fault = { kind: 'hang' };
      const hasty = upstashClient(gateway, { signal: () => AbortSignal.timeout(50) });
      await expect(hasty.set('a', 1)).rejects.toThrow(expect.objectContaining({ name: 'TimeoutError' }));
      expect(gateway.count()).toBe(1);
      expect(await server.command('EXISTS', 'a')).toBe(0);
    });

    test('it answers with an error', async () => {
      gateway.fault = { kind: 'error', status: 429, body: '{"error":"ERR max requests limit exceeded"}' };
      await expect(redis.set('a', 1)).rejects.toThrow('ERR max requests limit exceeded');
      gateway.fault = { kind: 'error', status: 502, body: '<html>Bad Gateway</html>' };
      await expect(redis.set('a', 1)).rejects.toThrow(expect.objectContaining({ name: 'UpstashJSONParseError' }));
      expect(await server.command('EXISTS', 'a')).toBe(0);
    });

    test('it answers with garbage', async () => {
      gateway.fault = { kind: 'garbage', body: '<html>' };
      await expect(redis.set('a', 1)).rejects.toThrow(expect.objectContaining({ name: 'UpstashJSONParseError' }));
      expect(await server.command('EXISTS', 'a')).toBe(0);
    });

    test('it drops a request before the command runs, and the client tries again', async () => {
      gateway.fault = { kind: 'drop' };
      await expect(bareClient().incr('n')).rejects.toThrow('fetch failed');
      expect(await server.command('EXISTS', 'n')).toBe(0);
      gateway.fault = { kind: 'drop', times: 2 };
      expect(await upstashClient(gateway, { retry: { retries: 2, backoff: () => 0 } }).incr('n')).toBe(1);
      expect(gateway.count()).toBe(4);
      expect(gateway.fault).toBeUndefined();
    });

    test('it loses a reply after the command ran, and the client runs it twice', async () => {
      gateway.fault = { kind: 'lose-reply', times: 1 };
      await expect(bareClient().incr('n')).rejects.toThrow('fetch failed');
      expect(await server.command('GET', 'n')).toBe('1');
      gateway.fault = { kind: 'lose-reply', times: 1 };
      expect(await upstashClient(gateway, { retry: { retries: 1, backoff: () => 0 } }).incr('n')).toBe(3);
    });

    test('it holds a request back, so that a later one overtakes it', async () => {
      gateway.fault = { kind: 'delay', ms: 300, times: 1 };
      const early = redis.set('a', 'early');
      await vi.waitUntil(() => gateway.count() === 1);
      expect(await redis.set('a', 'late', { get: true })).toBeNull();
      await early;
      expect(await redis.get('a')).toBe('early');
    });

    test('it holds a reply back, so that it is out of date when it comes', async () => {
      await redis.set('a', 'old');
      gateway.fault = { kind: 'delay', ms: 300, at: 'reply', match: ([command]) => command?.[0] === 'get' };
      const read = bareClient().get('a');
      await vi.waitUntil(() => gateway.count() === 2);
      await redis.set('a', 'new');
      expect(await server.command('GET', 'a')).toBe('new');
      expect(await read).toBe('old');
    });

    test('it fails only the requests that match', async () => {
      gateway.fault = { kind: 'drop', times: 1, match: (commands) => commands.some(([name]) => name === 'set') };
      const client = bareClient();
      expect(await client.get('a')).toBeNull();
      await expect(client.set('a', 1)).rejects.toThrow();
      expect(await client.set('a', 1)).toBe('OK');
    });

    test('it answers 503 while Redis is down, and works again with the empty one that follows', async () => {
      const client = bareClient();
      await client.set('a', 'x');
      await server.kill();
      await expect(client.get('a')).rejects.toThrow('ERR the database is not reachable');
      await server.restart();
      expect(await client.get('a')).toBeNull();
    });

    test('it waits while Redis is paused', async () => {
      server.pause();
      const read = redis.get('a');
      const first = await Promise.race([read, new Promise((resolve) => setTimeout(resolve, 50, 'nothing yet'))]);
      server.resume();
      expect(first).toBe('nothing yet');
      expect(await read).toBeNull();
    });
  });
});

describe.skipIf(!redisAvailable)('a Redis of the tests', () => {
  test('it keeps to its memory limit', async () => {
    const server = await startRedis({ maxmemory: '2mb', args: ['--maxmemory-policy', 'noeviction'] });
    try {
      await expect(
        (async () => {
          for (let i = 0; i < 40; i++) await server.command('SET', `k${i}`, 'x'.repeat(100_000));
        })(),
      ).rejects.toThrow('OOM');
    } finally {
      await server.stop();
    }
  });

  test('it says why it did not start', async () => {
    await expect(startRedis({ args: ['--nonsense', '1'] })).rejects.toThrow('Bad directive');
  });

  test('it keeps bytes that are no text', async () => {
    const server = await startRedis();
    try {
      await server.command('SET', 'bytes', Buffer.from([0xff, 0x0d, 0x0a, 0x00]));
      expect(await server.command('STRLEN', 'bytes')).toBe(4);
    } finally {
      await server.stop();
    }
  });

  test('it ends with the process that started it, even when that is killed', async () => {
    const owner = spawn(process.execPath, [await compiled(new URL('./redis-process.ts', import.meta.url))]);
    const connection = new RespConnection(Number(String((await once(owner.stdout, 'data'))[0])));
    expect(await connection.command('PING')).toBe('PONG');
    owner.kill('SIGKILL');
    const refused = () => connection.command('PING').catch((error) => error.code === 'ECONNREFUSED');
    await vi.waitUntil(async () => (await refused()) === true, 5_000);
  });
});

describe('the parser of replies', () => {
  const stream = Buffer.from(
    '+OK\r\n:-7\r\n$4\r\n\r\nż\r\n$0\r\n\r\n$-1\r\n*3\r\n*1\r\n$1\r\nx\r\n-ERR no\r\n*0\r\n*-1\r\n',
  );
  const replies = ['OK', -7, '\r\nż', '', null, [['x'], new RespError('ERR no'), []], null];

  test.each([1, 2, 3, 5, 8, 1_000])('it reads the same replies from pieces of %i bytes', (size) => {
    const parser = new RespParser();
    const read = [];
    for (let at = 0; at < stream.length; at += size) read.push(...parser.push(stream.subarray(at, at + size)));
    expect(read.map(toText)).toEqual(replies);
  });
});
