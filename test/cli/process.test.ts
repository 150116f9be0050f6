import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { root } from '../package/source.ts';
import { redisAvailable, startRedis } from '../support/redis.ts';

const main = `${root}dist/cli/main.js`;

/** The program as `npx trpc-cached` runs it. */
const start = (...argv: string[]) => watched(spawn(process.execPath, [main, ...argv], { stdio }));

/** The same with a redirection of the shell behind it. */
const startAs = (redirection: string, ...argv: string[]) =>
  watched(spawn('bash', ['-c', `"$@" ${redirection}`, 'bash', process.execPath, main, ...argv], { stdio }));

const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];

const watched = (child: ChildProcessByStdio<null, Readable, Readable>) => {
  const texts = { out: '', err: '' };
  child.stdout.on('data', (text) => (texts.out += text));
  child.stderr.on('data', (text) => (texts.err += text));
  const ended = once(child, 'close').then(([code]) => ({ code, ...texts }));
  return { child, ended };
};

describe('the program', () => {
  it('is there, and starts with a line that finds node', async () => {
    expect(existsSync(main)).toBe(true);
    const { code, out, err } = await start('stats').ended;
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('--namespace is missing');
  });

  it.skipIf(!redisAvailable)('examines a server, and ends by itself', async () => {
    const server = await startRedis();
    try {
      const where = ['-n', 'shop', '--redis', `redis://127.0.0.1:${server.port}`];
      const { code, out, err } = await start('doctor', '--json', ...where).ended;
      expect([code, err]).toEqual([1, '']); // no limit of memory
      expect(JSON.parse(out).findings.filter(({ level }: any) => level === 'warning')).toMatchObject([
        { check: 'memory' },
      ]);
    } finally {
      await server.stop();
    }
  });

  it('says by its exit code that what it wrote was lost, but minds no reader that went', async () => {
    const lost = await startAs('> /dev/full', '--help').ended;
    expect(lost).toMatchObject({ code: 1, err: expect.stringContaining('The output was lost') });
    expect((await startAs('2> /dev/full', 'stats').ended).code).toBe(1);
    const unheard = start('stats');
    unheard.child.stderr.destroy();
    expect((await unheard.ended).code).toBe(2);
    const unread = start('--help');
    unread.child.stdout.destroy();
    expect((await unread.ended).code).toBe(0);
  });

  it('ends at Ctrl-C while a server hangs, and prints nothing', async () => {
    const hanging = createServer();
    await once(hanging.listen(0, '127.0.0.1'), 'listening');
    try {
      const { port } = hanging.address() as AddressInfo;
      const asked = once(hanging, 'connection').then(([socket]) => once(socket, 'data'));
      const { child, ended } = start('stats', '-n', 'shop', '--redis', `redis://127.0.0.1:${port}`);
      await asked;
      child.kill('SIGINT');
      expect(await ended).toEqual({ code: 130, out: '', err: '' });
    } finally {
      hanging.close();
    }
  });
});
