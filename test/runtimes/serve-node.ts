// For Node: the fetch adapter behind node:http, and the same router on the standalone adapter.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { Redis } from '@upstash/redis';
import { appOn } from './app.ts';

const app = appOn(Redis as never, JSON.parse(process.env.SETTINGS as string));

const overFetch = createServer(async (incoming, outgoing) => {
  const body = incoming.method === 'GET' ? null : new Uint8Array(Buffer.concat(await incoming.toArray()));
  const { method = 'GET' } = incoming;
  const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
    method,
    headers: incoming.headers as Record<string, string>,
    body,
  });
  const response = await app.fetch(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) outgoing.end();
  else Readable.fromWeb(response.body as never).pipe(outgoing);
});
const standalone: Server = createHTTPServer({ ...app.overNode(), basePath: '/plain/trpc/' });

const listen = (server: Server) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
console.log(JSON.stringify({ port: await listen(overFetch), standalone: await listen(standalone) }));
