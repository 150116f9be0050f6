// Docs: docs/stores.md#redis-cluster
import type { RedisConnection } from './redis-connection.ts';
import { fromIoredis, type IoredisClient } from './redis-ioredis.ts';

/** The part of a `Cluster` of `ioredis` that is used. */
export interface IoredisCluster {
  /** Tells it from a client of one server. */
  readonly isCluster: boolean;
  /** Sends a command to the primary that holds its keys. */
  call(command: string, ...args: string[]): Promise<unknown>;
  /** The clients of its nodes: a duplicate of one of them is the connection of the bus. */
  nodes(role?: 'master'): unknown[];
}

/** How a `Cluster` of `ioredis` is spoken to. */
export function fromIoredisCluster(cluster: IoredisCluster): RedisConnection {
  return {
    isCluster: true,
    // It finds the keys of a script by itself, and scripts never go to replicas, whatever `scaleReads` says.
    send: ([command, ...args]) => cluster.call(command, ...args),
    listen(channel, line) {
      const nodes = cluster.nodes('master') as IoredisClient[];
      const ready = nodes.filter(({ status }) => status === 'ready');
      return fromIoredis(anyOf(ready.length > 0 ? ready : nodes)).listen(channel, line);
    },
  };
}

/** Any node hears what is published on another one. */
export function anyOf<Node>(nodes: readonly Node[]): Node {
  const node = nodes[Math.floor(Math.random() * nodes.length)];
  if (node === undefined) throw new Error('redisStore: the client knows no node of the cluster yet');
  return node;
}
