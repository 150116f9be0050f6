import { type EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import type { KeyvClient } from '../../src/stores/kv.ts';

// A package of its own: Keyv and its backends are installed by `test/support/parts.sh keyv`, not with the project.
const folder = new URL('../parts/keyv/', import.meta.url);

export const keyvAvailable: boolean = existsSync(new URL('node_modules/.installed', folder));

/** By a name that the compiler does not follow: types of what may not be installed are not needed. */
const part = async <Module>(name: string): Promise<Module> =>
  (await import(new URL(`${name}.js`, folder).href)) as Module;

export type Version = 'Keyv 5' | 'Keyv 6';
export const versions: readonly Version[] = ['Keyv 5', 'Keyv 6'];

export type KeyvClass = new (options?: {
  store?: unknown;
  throwOnErrors?: boolean;
  [name: string]: unknown;
}) => KeyvClient;

/** The class of a version of Keyv. */
export const keyvOf = async (version: Version): Promise<KeyvClass> =>
  (await part<{ Keyv: KeyvClass }>(version === 'Keyv 5' ? 'keyv-5' : 'keyv-6')).Keyv;

/** An adapter for a memcached on this port, quick to give up and silent. */
export const memcacheOn = async (port: number, options: object = {}) => {
  const { KeyvMemcache } = await part<{ KeyvMemcache: new (uri: string, options: object) => MemcacheAdapter }>(
    'memcache',
  );
  const logger = { log() {} };
  return new KeyvMemcache(`127.0.0.1:${port}`, { logger, timeout: 0.3, retry_delay: 0.01, ...options });
};

export interface MemcacheAdapter extends EventEmitter {
  readonly client: { close(): void };
}

/** A DynamoDB in this process, with the requests that it was sent. */
export const startDynamo = async () => {
  const { dynalite } = await part<{ dynalite: (options: object) => Server }>('dynalite');
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const requests: { readonly operation: string; readonly body: any }[] = [];
  server.prependListener('request', (request: IncomingMessage) => {
    const parts: Buffer[] = [];
    request.on('data', (chunk: Buffer) => parts.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
      requests.push({ operation, body: JSON.parse(String(Buffer.concat(parts))) });
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  // The table is made, and the error heard that only dynalite answers then: it has no times to live.
  const adapter = await dynamoOn(endpoint);
  const failed = once(adapter, 'error');
  await adapter.tableReady;
  await failed;
  adapter.client.destroy();
  return {
    endpoint,
    requests,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

/** What DynamoDB's client is asked before it sends a request. */
type Middleware = (next: (args: { input: any }) => unknown) => (args: { input: any }) => unknown;

export interface DynamoAdapter extends EventEmitter {
  readonly tableReady: Promise<void>;
  readonly client: {
    readonly middlewareStack: { add(middleware: Middleware, options: object): void };
    destroy(): void;
  };
}

/** An adapter for it. */
export const dynamoOn = async (endpoint: string): Promise<DynamoAdapter> => {
  const { KeyvDynamo } = await part<{ KeyvDynamo: new (options: object) => DynamoAdapter }>('dynamo');
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new KeyvDynamo({ endpoint, region: 'eu-central-1', tableName: 'cache', credentials });
};
