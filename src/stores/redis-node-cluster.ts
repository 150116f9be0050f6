// Docs: docs/stores.md#redis-cluster
import type { RedisConnection } from './redis-connection.ts';
import { anyOf } from './redis-ioredis-cluster.ts';
import { asTexts, fromNodeRedis, type NodeRedisClient, notConnected } from './redis-node.ts';

/** The part of a cluster of `redis` (node-redis) that is used. */
export interface NodeRedisCluster {
  /** Whether somebody connected it. */
  readonly isOpen: boolean;
  /** Tells it from a client of one server. */
  readonly slots: readonly unknown[];
  /** Its primaries: a duplicate of the client of one of them is the connection of the bus. */
  readonly masters: readonly unknown[];
  /** The client of a node. */
  nodeClient(node: never): unknown;
  /** Sends a command to the primary that holds a key. */
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: object,
  ): Promise<unknown>;
}

/** How a cluster of `redis` is spoken to. */
export function fromNodeRedisCluster(cluster: NodeRedisCluster): RedisConnection {
  return {
    isCluster: true,
    async send(command, route) {
      if (!cluster.isOpen) throw notConnected();
      return cluster.sendCommand(route, false, [...command], asTexts);
    },
    listen(channel, line) {
      let [isOver, end] = [false, () => {}];
      const open = async () => {
        const node = (await cluster.nodeClient(anyOf(cluster.masters) as never)) as NodeRedisClient;
        if (!isOver) end = fromNodeRedis(node).listen(channel, line);
      };
      open().catch(line.down);
      return () => {
        isOver = true;
        end();
      };
    },
  };
}
