import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { inspector } from 'trpc-cached/inspector';
import { cache } from './cache.ts';
import { userOf } from './context.ts';
import { bundlePage, type Page } from './page.ts';
import { appRouter } from './router.ts';
import { refusalOf } from './visitors.ts';
import type { World } from './world.ts';

export interface RunningServer {
  url: string;
  world: World;
  close(): Promise<void>;
}

/** Takes its port, opens the world, and serves it. Whoever comes before the world is open waits for it. */
export async function startServer(
  open: (url: string) => World | Promise<World>,
  port: number,
  bundle = bundlePage,
): Promise<RunningServer> {
  const server = createServer().listen(port, 'localhost');
  await once(server, 'listening');
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const opening = (async () => serve(await open(url), bundle))();
  server.on('request', (req, res) => {
    const refusal = refusalOf(req);
    if (refusal !== undefined) return void res.writeHead(refusal.status).end(refusal.why);
    opening.then(
      ({ answer }) => answer(req, res),
      () => res.writeHead(503).end(),
    );
  });
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  try {
    const { world, close } = await opening;
    return { url, world, close: () => stop().then(close) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The API at `/trpc`, the page at `/`, and the inspector of the cache at `/cache`. */
function serve(world: World, bundle: typeof bundlePage) {
  const api = createHTTPHandler({
    ...cache.http({
      router: appRouter,
      createContext: ({ req }) => ({ world, user: userOf(req.headers.authorization) }),
    }),
    basePath: '/trpc/',
  });
  const panel = inspector(cache, { title: 'The cache of the cities' }); // a real app has its own auth in front of it
  let page: Promise<Page> | undefined; // bundled when somebody first opens it: the API does not wait

  function answer(req: IncomingMessage, res: ServerResponse) {
    const [path = '/'] = (req.url ?? '/').split('?');
    if (path.startsWith('/trpc/')) return void api(req, res);
    if (path === '/cache') return void panel.node(req, res);
    page ??= bundle();
    page.then(
      (files) => send(res, files, path),
      (error) => res.writeHead(500).end(String(error)),
    );
  }
  return { world, answer, close: panel.close };
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
