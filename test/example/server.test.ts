import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startApp } from '../../example-app/src/app.ts';
import { cache } from '../../example-app/src/cache.ts';
import { fewCities, wishes } from '../../example-app/src/few-cities.ts';
import { startServer } from '../../example-app/src/server.ts';
import { worldInMemory } from '../../example-app/src/world-in-memory.ts';

const noPage = async () => new Map([['/', { type: 'text/html', text: 'the page' }]]);

const open = async () => {
  await cache.clear();
  const server = await startServer(() => worldInMemory(fewCities, wishes), 0, noPage);
  onTestFinished(() => server.close());
  /** What `fetch` would not send: any `Host`, and a body of any type or of none. */
  const send = async (path: string, headers: Record<string, string> = {}, body?: string) => {
    const sent = request(`${server.url}${path}`, { method: body === undefined ? 'GET' : 'POST', headers });
    sent.end(body);
    const [answer] = await once(sent, 'response');
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += part;
    return { status: answer.statusCode as number, told: answer.headers['x-cache'], text };
  };
  return { ...server, port: new URL(server.url).port, send };
};

const statistics = '/trpc/country.statistics';
const emptyCache = '/trpc/live.emptyCache';
const json = { 'content-type': 'application/json' };

/** A port that somebody else has. */
const takenPort = async () => {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

describe('the server of the example app', () => {
  it.each(['localhost', '127.0.0.1', '[::1]', 'LOCALHOST'])('answers on this machine, by the name %s', async (name) => {
    const { send, port } = await open();
    for (const path of ['/', '/cache', statistics])
      expect([path, (await send(path, { host: `${name}:${port}` })).status]).toEqual([path, 200]);
  });

  it.each([
    'rebound.example',
    'localhost.rebound.example',
    '127.0.0.1.rebound.example',
    'localhost@rebound.example',
    'x y',
  ])('answers nothing to the name %s, which may lead here by a DNS of somebody else', async (name) => {
    const { send, port } = await open();
    const headers = { ...json, authorization: 'Bearer token-of-ada', host: `${name}:${port}` };
    const rename = JSON.stringify({ json: { id: 1, name: 'pwned' } });
    const answers = [
      await send('/', headers),
      await send('/cache', headers),
      await send(statistics, headers),
      await send(emptyCache, headers, '{}'),
      await send('/trpc/city.rename', headers, rename),
    ];
    for (const { status, text } of answers)
      expect([status, text]).toEqual([403, 'This app answers to the name localhost alone.']);
  });

  it('takes JSON alone, for which a browser asks first before it sends it from another site', async () => {
    const { send } = await open();
    await send(statistics);
    const form = '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n';
    for (const headers of [
      { 'content-type': 'multipart/form-data; boundary=x' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'text/plain' },
      { 'content-type': 'text/plain; application/json' },
      { 'content-type': 'application/octet-stream' },
      {},
    ])
      expect([headers, (await send(emptyCache, headers as Record<string, string>, form)).status]).toEqual([
        headers,
        415,
      ]);
    expect((await send(statistics)).told).toBe('HIT');
    expect((await send(emptyCache, { 'content-type': 'application/json; charset=utf-8' }, '')).status).toBe(200);
    expect((await send(statistics)).told).toBe('MISS');
  });

  it('opens its data once it has its port, and whoever comes early waits', async () => {
    const early: Promise<any[]>[] = [];
    const server = await startServer(
      async (url) => {
        const sent = request(`${url}${statistics}`).end();
        early.push(once(sent, 'response'));
        await once(sent, 'finish');
        return worldInMemory(fewCities, wishes);
      },
      0,
      noPage,
    );
    onTestFinished(() => server.close());
    const [answer] = await (early[0] as Promise<any[]>);
    expect(answer.statusCode).toBe(200);
  });

  it('gives its port back where the data cannot be opened', async () => {
    let told = '';
    const opening = startServer(
      (url) => {
        told = url;
        throw new Error('there is no data');
      },
      0,
      noPage,
    );
    await expect(opening).rejects.toThrow('there is no data');
    await expect(fetch(told)).rejects.toThrow();
  });
});

describe('the example app', () => {
  it('says at once that its port is in use, before it empties the cache or loads anything', async () => {
    const clear = vi.spyOn(cache, 'clear');
    const log = vi.spyOn(console, 'log').mockReturnValue();
    onTestFinished(() => {
      clear.mockRestore();
      log.mockRestore();
    });
    const error = await startApp(await takenPort()).catch((error) => error);
    expect(error).toMatchObject({ code: 'EADDRINUSE' });
    expect([clear.mock.calls, log.mock.calls]).toEqual([[], []]);
  });

  it.each([
    [['--help'], 0, /^Usage: npm start -- \[--once\]\n[\s\S]*PORT=8080 npm start[\s\S]*UPSTASH_REDIS_REST_URL/],
    [['-h'], 0, /^Usage: /],
    [['--onec'], 1, /--onec[\s\S]*--help/],
    [['once'], 1, /once[\s\S]*--help/],
  ])('answers %j', async (given, code, text) => {
    const main = fileURLToPath(new URL('../../example-app/src/index.ts', import.meta.url));
    const answer = await new Promise<{ code: unknown; told: string }>((resolve) => {
      const env = { ...process.env, NO_COLOR: '1' };
      execFile(process.execPath, ['--import', 'tsx', main, ...given], { env }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, told: stdout + stderr }),
      );
    });
    expect(answer).toEqual({ code, told: expect.stringMatching(text) });
  });
});
