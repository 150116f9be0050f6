import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type InspectorOptions, inspector } from '../../src/inspector/index.ts';
import { answerNode } from '../../src/inspector/node.ts';
import { type Context, cacheOf } from '../support/app.ts';

/** What a request and a response of Node come down to. */
const meet = async (request: object, response: object = {}, options: InspectorOptions<Context> = {}) => {
  const sent = { statusCode: 0, setHeader: vi.fn(), end: vi.fn(), ...response };
  await inspector(cacheOf(), options).node(Object.assign(request, { headers: {}, ...request }) as never, sent as never);
  const cookies = sent.setHeader.mock.calls.filter(([name]) => name === 'set-cookie').map(([, value]) => value);
  return { ...sent, cookies };
};

describe('on a server of Node, the inspector', () => {
  it('ends no process: neither by a method that fetch does not know, nor by a client that goes away', async () => {
    const rejected = vi.fn();
    const panel = inspector(cacheOf());
    const met: Promise<void>[] = [];
    const server = createServer((req, res) => {
      met.push(panel.node(req, res).catch(rejected));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const send = (text: string) => connect(port, '127.0.0.1').setEncoding('utf8').end(text);
    for (const method of ['TRACE', 'DELETE', 'OPTIONS']) {
      const socket = send(`${method} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      let text = '';
      socket.on('data', (part) => (text += part));
      await once(socket, 'close');
      expect(text).toMatch(/^HTTP\/1\.1 405 [\s\S]*allow: GET, HEAD, POST\r\n/);
      expect(text).toContain('x-frame-options: DENY');
    }
    const gone = once(server, 'request');
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{');
    await gone;
    socket.destroy();
    await Promise.all(met);
    expect(met).toHaveLength(4);
    expect(rejected).not.toHaveBeenCalled();
  });

  it('answers 500 to what it cannot answer, and is quiet where that is too late', async () => {
    const headers = { 'x-odd': 'a\nb' };
    const failed = await meet({ headers });
    expect([failed.statusCode, failed.end.mock.calls]).toEqual([500, [['{"error":"it failed"}']]]);
    const broken = vi.fn(() => {
      throw new Error('it is over');
    });
    await meet({ headers }, { setHeader: broken });
    const begun = await meet({ headers }, { headersSent: true });
    expect([begun.statusCode, begun.setHeader.mock.calls, begun.end.mock.calls]).toEqual([0, [], [[]]]);
    const gone = await meet({ headers }, { destroyed: true });
    expect([gone.setHeader.mock.calls, gone.end.mock.calls]).toEqual([[], []]);
    expect(await answerNode(async () => broken(), { headers: {} } as never, { ...gone })).toBeUndefined();
  });

  it('reads no more of a body than it takes', async () => {
    let read = 0;
    async function* body() {
      for (; read < 100; read++) yield 'x'.repeat(10_000);
    }
    const { statusCode } = await meet(Object.assign(body(), { method: 'POST', headers: {} }));
    expect([statusCode, read]).toEqual([413, 6]);
  });

  it('passes over the headers of HTTP/2 that are none, and sets its cookie once', async () => {
    const { statusCode, cookies } = await meet({ headers: { ':method': 'GET', ':path': '/', accept: ['a', 'b'] } });
    expect([statusCode, cookies]).toEqual([200, [[expect.stringMatching(/; HttpOnly; SameSite=Lax$/)]]]);
  });

  it.each([
    ['its own', { socket: { encrypted: true } }],
    ['that of a proxy', { headers: { 'x-forwarded-proto': 'https, http' } }],
  ])('has a cookie that stays on TLS, be it %s', async (_, request) => {
    const { cookies } = await meet(request);
    expect(cookies).toEqual([[expect.stringMatching(/; SameSite=Lax; Secure$/)]]);
  });
});
