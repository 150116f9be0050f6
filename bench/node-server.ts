// The standalone adapter, and beside it node:http alone, in a process that only serves.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { payloads } from './payloads.ts';
import { etagOfHit, siteOf } from './routers.ts';

/** What the server says when it listens. */
export interface Listening {
  readonly name: string;
  readonly url: string;
  /** Of node:http with the same body, and nothing of tRPC. */
  readonly bareUrl: string;
  readonly etag: string;
}

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const listening: Listening[] = [];
for (const { name, value } of [payloads.tiny, payloads.large]) {
  const site = siteOf({ value });
  const etag = await etagOfHit(site.handler, 'cached');
  const text = await (await site.handler(new Request('http://bench.test/trpc/plain'))).text();
  const bare = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(text);
  });
  const url = await listen(createHTTPServer(site.options));
  listening.push({ name, url, bareUrl: await listen(bare), etag });
}

process.once('disconnect', () => process.exit());
process.send?.(listening);
