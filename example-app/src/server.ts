import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { cache } from './cache.ts';
import { contextFor } from './context.ts';
import type { Database } from './database.ts';
import { appRouter } from './router.ts';

export interface RunningServer {
  url: string;
  close(): Promise<void>;
}

export async function startServer(database: Database, port: number): Promise<RunningServer> {
  const server = createHTTPServer(cache.http({ router: appRouter, createContext: contextFor(database) }));
  server.listen(port);
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
