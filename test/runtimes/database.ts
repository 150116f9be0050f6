import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Rows that have versions, behind HTTP: the truth that no cache may lag behind. */
export interface Database {
  readonly url: string;
  readonly versionOf: (row: string) => number;
  /** How often the row was read. */
  readonly readsOf: (row: string) => number;
  /** A write that no cache hears of. */
  readonly commit: (row: string) => number;
  /** The next read of the row sees what is there when it comes, and is answered when it is released. */
  readonly hold: (row: string) => Held;
  readonly close: () => Promise<void>;
}

/** A read that is to be answered late. */
export interface Held {
  /** Settles when it has come. */
  readonly read: Promise<void>;
  readonly release: () => void;
  /** If it has not come by now, whatever comes next is another one, which is not held. */
  readonly forgo: () => void;
}

/** Starts a database. */
export async function startDatabase(): Promise<Database> {
  const versions = new Map<string, number>();
  const reads = new Map<string, number>();
  const held = new Map<string, (response: ServerResponse, version: number) => void>();
  const versionOf = (row: string) => versions.get(row) ?? 1;
  const commit = (row: string) => {
    versions.set(row, versionOf(row) + 1);
    return versionOf(row);
  };
  const server = createServer((request, response) => {
    const row = (request.url ?? '').slice(1);
    if (request.method === 'POST') return void response.end(`${commit(row)}`);
    reads.set(row, (reads.get(row) ?? 0) + 1);
    const keep = held.get(row);
    held.delete(row);
    if (keep === undefined) response.end(`${versionOf(row)}`);
    else keep(response, versionOf(row));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    versionOf,
    readsOf: (row) => reads.get(row) ?? 0,
    commit,
    hold(row) {
      let answer = () => {};
      let isReleased = false;
      const read = new Promise<void>((resolve) => {
        held.set(row, (response, version) => {
          answer = () => void response.end(`${version}`);
          if (isReleased) answer();
          resolve();
        });
      });
      return {
        read,
        forgo: () => void held.delete(row),
        release() {
          isReleased = true;
          answer();
        },
      };
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
