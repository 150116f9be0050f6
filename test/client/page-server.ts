import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { initTRPC } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { createCache } from '../../src/index.ts';

/** Posts that can be renamed, and a user. */
function createPosts() {
  const t = initTRPC.create();
  const cache = createCache({ scope: 'public', http: { tellInvalidated: true } });
  const titles = new Map([
    [1, 'One'],
    [2, 'Two'],
  ]);
  const id = z.object({ id: z.number() });
  const router = t.router({
    post: t.router({
      list: t.procedure.use(cache.cached('1h')).query(() => [...titles].map(([id, title]) => ({ id, title }))),
      byId: t.procedure
        .input(id)
        .use(cache.cached('1h'))
        .query(({ input }) => ({ id: input.id, title: titles.get(input.id) })),
      rename: t.procedure
        .input(id.extend({ title: z.string() }))
        .use(cache.invalidates('.list', ({ input }) => ({ path: 'post.byId', input: { id: input.id } })))
        .mutation(({ input }) => void titles.set(input.id, input.title)),
    }),
    user: t.router({ me: t.procedure.use(cache.cached('1h')).query(() => ({ name: 'Ada' })) }),
    ping: t.procedure.mutation(() => 'pong'),
  });
  return { cache, router };
}

export type PageRouter = ReturnType<typeof createPosts>['router'];

/** Serves the page, its script and its procedures on one origin. */
export async function servePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  });
  const { cache, router } = createPosts();
  const procedures = createHTTPHandler({ ...cache.http({ router }), basePath: '/trpc/' });
  const server = createServer((req, res) => {
    if (req.url?.startsWith('/trpc/')) return procedures(req, res);
    const isScript = req.url === '/page.js';
    res.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    res.end(
      isScript ? outputFiles[0]?.text : '<!doctype html><link rel="icon" href="data:,"><script src="page.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
