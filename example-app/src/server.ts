import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { inspector } from 'trpc-cached/inspector';
import { cache } from './cache.ts';
import { userOf } from './context.ts';
import { bundlePage, type Page } from './page.ts';
import { appRouter } from './router.ts';
import type { World } from './world.ts';

export interface RunningServer {
  url: string;
  close(): Promise<void>;
}

/** Serves the API at `/trpc`, the page at `/`, and the inspector of the cache at `/cache`. */
export async function startServer(world: World, port: number, bundle = bundlePage): Promise<RunningServer> {
  const api = createHTTPHandler({
    ...cache.http({
      router: appRouter,
      createContext: ({ req }) => ({ world, user: userOf(req.headers.authorization) }),
    }),
    basePath: '/trpc/',
  });
  const panel = inspector(cache, { title: 'The cache of the cities' }); // a real app has its own auth in front of it
  let page: Promise<Page> | undefined; // bundled when somebody first opens it: the API does not wait

  const server = createServer((req, res) => {
    const [path = '/'] = (req.url ?? '/').split('?');
    if (path.startsWith('/trpc/')) return void api(req, res);
    if (path === '/cache') return void panel.node(req, res);
    page ??= bundle();
    page.then(
      (files) => send(res, files, path),
      (error) => res.writeHead(500).end(String(error)),
    );
  });
  server.listen(port, 'localhost'); // nobody else: the page may empty the cache
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      panel.close();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function send(response: ServerResponse, files: Page, path: string) {
  const file = files.get(path);
  response.writeHead(file === undefined ? 404 : 200, {
    'content-type': `${file?.type ?? 'text/plain'}; charset=utf-8`,
    'content-security-policy': "default-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
    'cache-control': 'no-cache',
  });
  response.end(file?.text ?? 'There is no such page.');
}
