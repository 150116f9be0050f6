import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import Fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Inspector, inspector } from '../../src/inspector/index.ts';
import { shopOn } from './site.ts';

const listening = async (server: Server): Promise<string> => {
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/cache`;
};

const mounts: Record<string, (panel: Inspector) => Promise<string>> = {
  async Express(panel) {
    const app = express();
    app.use('/admin/cache', (req, res) => panel.node(req, res));
    return listening(app.listen(0, '127.0.0.1'));
  },
  async 'Express behind express.json()'(panel) {
    const app = express();
    app.use(express.json());
    app.use('/admin/cache', (req, res) => panel.node(req, res));
    return listening(app.listen(0, '127.0.0.1'));
  },
  async Fastify(panel) {
    const app = Fastify();
    app.route({
      method: ['GET', 'POST'],
      url: '/admin/cache',
      async handler(request, reply) {
        reply.hijack();
        await panel.node(Object.assign(request.raw, { body: request.body }), reply.raw);
      },
    });
    onTestFinished(() => app.close());
    return `${await app.listen({ port: 0, host: '127.0.0.1' })}/admin/cache`;
  },
};

describe.each(Object.keys(mounts))('mounted in %s, the inspector', (name) => {
  it('shows its page, answers it, and invalidates', async () => {
    const { cache } = shopOn();
    const panel = inspector(cache);
    const url = await (mounts[name] as (typeof mounts)[string])(panel);
    const page = await fetch(url);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const word = /name="word" content="([^"]+)"/.exec(await page.text())?.[1] as string;
    const cookie = page.headers.getSetCookie()[0]?.split(';')[0] as string;
    const origin = new URL(url).origin;
    const headers = { 'content-type': 'application/json', 'x-inspector-word': word, cookie, origin };
    const body = JSON.stringify({ action: 'invalidate', kind: 'path', value: 'city.*' });
    const done = await fetch(url, { method: 'POST', headers, body });
    expect([done.status, await done.json()]).toMatchObject([200, { targets: ['city.*'] }]);
    const foreign = await fetch(url, { method: 'POST', headers: { ...headers, origin: 'http://evil.example' }, body });
    expect([foreign.status, await foreign.json()]).toMatchObject([403, { error: expect.any(String) }]);
    const told = await (await fetch(`${url}?since=.0`)).json();
    expect(told).toMatchObject({ items: [{ what: 'city.*' }] });
  });
});
