import { describe, expect, it } from 'vitest';
import { readArguments } from '../../src/cli/arguments.ts';
import { typed } from './typed.ts';

const where = ['--namespace', 'shop', '--redis', 'redis://localhost:6379'];
const read = (argv: readonly string[], env: Record<string, string> = {}) => readArguments(argv, env) as any;

describe('the command line', () => {
  it.each([
    [['stats'], /--namespace is missing/],
    [['stats', '--namespace', 'shop'], /Where is the store/],
    [['shop', ...where], /"shop" is no command/],
    [[...where], /Name a command/],
    [['stats', 'post.*', ...where], /takes nothing behind it/],
    [['ls', 'post.a', 'post.b', ...where], /not quoted/],
    [['ls', 'post*', ...where], /no path pattern/],
    [['ls', '--limit', '0', ...where], /--limit/],
    [['ls', '--yes', ...where], /--yes has no meaning for ls/],
    [['stats', '--frobnicate', ...where], /--frobnicate/],
    [['explain', ...where], /takes a path, or a key/],
    [['explain', 'post.*', ...where], /neither a path nor a key/],
    [['explain', '#abc', ...where], /too short/],
    [['explain', 'post.byId', '--input', '{id:1}', ...where], /expected JSON/],
    [['invalidate', ...where], /^trpc-cached: What\?/],
    [['invalidate', '*.list', '--yes', ...where], /expanded over the router/],
    [['invalidate', '.list', '--yes', ...where], /relative to a mutation/],
    [['invalidate', 'post.*', '--input', '1', '--yes', ...where], /not with a pattern/],
    [['invalidate', '--tag', 'a', '--scope', 'b', '--yes', ...where], /--tag goes with no --scope/],
    [['invalidate', '--scope', 'a', '--everyone', '--yes', ...where], /name one of them/],
    [['invalidate', 'a', '--scope', '', ...where], /--scope: expected a text/],
    [['invalidate', 'a', '--mode', 'soft', ...where], /remove or expire/],
    [['stats', '-n', 'shop', '--redis', 'localhost:6379'], /begins with redis:\/\/ or rediss:\/\//],
    [['stats', '-n', 'shop', '--redis', 'redis://localhost/abc'], /redis:\/\/host:6379\/0/],
    [['stats', '-n', 'shop', '--redis', 'redis://localhost/0/1'], /redis:\/\/host:6379\/0/],
    [['stats', '-n', 'shop', '--redis', 'redis://localhost?db=3'], /redis:\/\/host:6379\/0/],
    [['stats', '-n', 'shop', '--redis', 'redis:///3'], /names a host/],
    [['stats', '-n', 'shop', '--redis', 'redis:localhost'], /names a host/],
    [['stats', '-n', 'shop', '--cluster', '--redis', 'redis://localhost/3'], /database 0 alone/],
    [['stats', '-n', 'shop', '--upstash', 'https://x.upstash.io'], /--token is missing/],
    [['stats', ...where, '--upstash', 'https://x.upstash.io'], /name one of them/],
  ])('%j is refused with what to write, and exit code 2', async (argv, message) => {
    // None of them is a reason to connect, but some are seen only by their command.
    const load = async () => ({ Redis: Unconnected });
    const { code, out, err } = await typed(argv, { load });
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).toContain('--help');
  });

  it('shows help, and the version, without a store', async () => {
    expect(await typed([])).toMatchObject({ code: 0, out: expect.stringContaining('doctor') });
    expect(await typed(['stats', '--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes') });
    expect(await typed(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n' });
  });

  it('takes addresses and secrets from the environment, but what is typed wins', () => {
    const upstash = { UPSTASH_REDIS_REST_URL: 'https://a.upstash.io', UPSTASH_REDIS_REST_TOKEN: 'secret' };
    const redis = { REDIS_URL: 'redis://b' };
    expect(read(['stats', '-n', 'shop'], upstash).address).toMatchObject({ kind: 'upstash', token: 'secret' });
    expect(read(['stats', '-n', 'shop'], redis).address).toMatchObject({ kind: 'redis', url: 'redis://b' });
    expect(() => read(['stats', '-n', 'shop'], { ...redis, ...upstash })).toThrow(/say which/);
    expect(read(['stats', ...where], { ...redis, ...upstash }).address).toMatchObject({
      url: 'redis://localhost:6379',
    });
    expect(
      read(['stats', '-n', 'shop', '--upstash', 'https://c.upstash.io'], { ...redis, ...upstash }).address,
    ).toEqual({
      kind: 'upstash',
      url: 'https://c.upstash.io',
      token: 'secret',
    });
  });

  it('takes what is empty in the environment for not set', () => {
    const upstash = { UPSTASH_REDIS_REST_URL: 'https://a.upstash.io', UPSTASH_REDIS_REST_TOKEN: 'secret' };
    expect(read(['stats', '-n', 'shop'], { ...upstash, REDIS_URL: '' }).address).toMatchObject({ kind: 'upstash' });
    expect(read(['stats', '-n', 'shop'], { REDIS_URL: 'redis://b', UPSTASH_REDIS_REST_URL: '' }).address).toMatchObject(
      { kind: 'redis' },
    );
    expect(() => read(['stats', '-n', 'shop'], { REDIS_URL: '', UPSTASH_REDIS_REST_URL: '' })).toThrow(/Where is/);
  });

  it('says what to install where there is no client', async () => {
    const none = async () => undefined;
    expect(await typed(['stats', ...where], { load: none })).toMatchObject({
      code: 1,
      err: expect.stringContaining('npm install ioredis'),
    });
    expect(
      await typed(['stats', '-n', 'shop', '--upstash', 'https://c.upstash.io', '--token', 'secret'], { load: none }),
    ).toMatchObject({ code: 1, err: expect.stringContaining('npm install @upstash/redis') });
  });
});

/** A client that is connected to nothing. */
class Unconnected {
  readonly status = 'ready';
  on() {}
  async connect() {}
  disconnect() {}
  duplicate() {}
  async call(): Promise<never> {
    throw new Error('a command was sent');
  }
}
