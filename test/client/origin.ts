import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { onTestFinished } from 'vitest';
import type { Fetch } from '../../src/client/fetch.ts';

/** One request as the server saw it, and the status of its answer. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly held: string | undefined;
  readonly status: number;
}

/** A server on a free port, and all it was asked. */
export interface Origin {
  readonly url: string;
  readonly seen: Seen[];
}

/** Serves over a real socket until the test ends. */
export async function serve(
  handler: (req: IncomingMessage, res: ServerResponse) => unknown,
  path = '',
): Promise<Origin> {
  const seen: Seen[] = [];
  const server = createServer((req, res) => {
    res.once('close', () => {
      const [target = ''] = (req.url ?? '').slice(path.length).split('?');
      seen.push({
        method: req.method ?? '',
        path: target,
        held: req.headers['if-none-match'],
        status: res.statusCode,
      });
    });
    handler(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, seen };
}

/** Serves what `cache.http` gave. */
export function serveRouter(options: Parameters<typeof createHTTPServer>[0]): Promise<Origin> {
  const [listener] = createHTTPServer({ ...options, basePath: '/trpc/' }).listeners('request');
  return serve(listener as never, '/trpc');
}

/** The statuses that a `fetch` of its own gives, in order. */
export function counted(statuses: number[]): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    statuses.push(response.status);
    return response;
  };
}
