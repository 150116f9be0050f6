// Docs: docs/cli.md#clients
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type UpstashClient, upstashStore } from '../stores/upstash.ts';
import type { Address } from './arguments.ts';
import { throughIoredis, throughNodeRedis } from './connect-redis.ts';
import { type Connection, connectionOver, patienceMs } from './connection.ts';
import { fieldsOf } from './finding.ts';
import { UsageError } from './io.ts';

/** How to get a package of the user; `undefined` where it is not installed. */
export type Load = (name: string) => Promise<unknown>;

/** A package that is installed beside this one, or in the folder where the command was typed (`npx` has folders of its own). */
export const loadInstalled: Load = async (name) => {
  try {
    return await import(name);
  } catch {
    // not beside this package
  }
  try {
    return await import(pathToFileURL(createRequire(`${process.cwd()}/`).resolve(name)).href);
  } catch {
    return undefined;
  }
};

/** Connects to a store. Rejects, with what to do, when it does not answer or no client is installed. */
export async function connect(address: Address, signal: AbortSignal, load: Load = loadInstalled): Promise<Connection> {
  if (address.kind === 'upstash') return toUpstash(address, signal, load);
  const ioredis = (await load('ioredis')) as typeof import('ioredis') | undefined;
  if (ioredis !== undefined) return throughIoredis(ioredis, address, signal);
  const redis = (await load('redis')) as typeof import('redis') | undefined;
  if (redis !== undefined) return throughNodeRedis(redis, address, signal);
  throw new Error('No client for Redis is installed here. Write: npm install ioredis (or redis).');
}

/** Rejects for a node of a Cluster that was not called one: names of its shards are others, and nothing would be found or reached. */
export async function refuseOneNode(address: Address, { command, isCluster }: Connection): Promise<void> {
  if (address.kind === 'upstash' || isCluster) return;
  // Who may not ask is told nothing of it, and cannot run scripts either.
  const info = await command('INFO', 'cluster').catch(() => '');
  if (fieldsOf(info).get('cluster_enabled') === '1')
    throw new UsageError('This is a node of a Redis Cluster: add --cluster.');
}

async function toUpstash(
  { url, token }: Extract<Address, { kind: 'upstash' }>,
  signal: AbortSignal,
  load: Load,
): Promise<Connection> {
  const upstash = (await load('@upstash/redis')) as typeof import('@upstash/redis') | undefined;
  if (upstash === undefined)
    throw new Error('@upstash/redis is not installed here. Write: npm install @upstash/redis.');
  // Given as a function, or an aborted request would resolve.
  const ending = () => AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const client = new upstash.Redis({ url, token, enableTelemetry: false, retry: { retries: 0 }, signal: ending });
  const connection = connectionOver(upstashStore(client as UpstashClient), {
    // The client has no way to send any command.
    async send(command) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(command),
        signal: ending(),
      });
      const answer = (await response.json()) as { result?: unknown; error?: unknown };
      if (!response.ok || answer.error !== undefined)
        throw new Error(String(answer.error ?? `HTTP ${response.status}`));
      return answer.result;
    },
    client: '@upstash/redis',
    close() {},
  });
  await connection.command('PING');
  return connection;
}
