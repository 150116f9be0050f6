import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RedisServer, startRedis } from './redis.ts';
import type { Argument, TextReply } from './resp.ts';

export interface RedisCluster {
  /** The primaries first: each has a third of the slots at first. Then the replicas, in the order of their primaries. */
  readonly nodes: readonly RedisServer[];
  /** Those that were primaries at first. */
  readonly primaries: readonly RedisServer[];
  /** The id of a node in the cluster. */
  id(node: RedisServer): Promise<string>;
  /** The primary that holds a slot now, as the others see it. */
  ownerOf(slot: number): Promise<RedisServer>;
  /** A command for every node that is a primary and runs. */
  everywhere(...command: Argument[]): Promise<TextReply[]>;
  /** All nodes agree that all slots are served. */
  settled(nodes?: readonly RedisServer[]): Promise<void>;
  stop(): Promise<void>;
}

/** The slot of a key, as the clients know it. */
export const slotOf = createRequire(import.meta.url)('cluster-key-slot') as (key: string) => number;

const slots = 16_384;

/** Starts a real cluster of three primaries; `replicas` says which of them get one. */
export async function startCluster({ replicas = [] as readonly number[] } = {}): Promise<RedisCluster> {
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', '--repl-diskless-sync-delay', '0'];
  // One node that is gone must not stop the others: every production cluster that caches is set so.
  const partial = ['--cluster-require-full-coverage', 'no'];
  const nodes = await Promise.all(
    Array.from({ length: 3 + replicas.length }, () => startRedis({ args: [...settings, ...partial], bus: true })),
  );
  const primaries = nodes.slice(0, 3);
  const [first, ...others] = nodes as [RedisServer, ...RedisServer[]];
  await Promise.all(
    primaries.map(async (node, index) => {
      await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
      const range = [Math.ceil((index * slots) / 3), Math.ceil(((index + 1) * slots) / 3) - 1].map(String);
      await node.command('CLUSTER', 'ADDSLOTSRANGE', ...range);
    }),
  );
  for (const { port } of others) await first.command('CLUSTER', 'MEET', '127.0.0.1', String(port));

  const id = async (node: RedisServer) => String(await node.command('CLUSTER', 'MYID'));
  const until = async (what: string, holds: () => Promise<boolean>) => {
    const deadline = Date.now() + 15_000;
    while (!(await holds().catch(() => false))) {
      if (Date.now() > deadline) throw new Error(`the cluster did not come to this within 15 s: ${what}`);
      await sleep(20);
    }
  };
  const cluster: RedisCluster = {
    nodes,
    primaries,
    id,
    async ownerOf(slot) {
      for (const node of nodes) {
        const ranges = (await node.command('CLUSTER', 'SLOTS').catch(() => undefined)) as unknown[][] | undefined;
        const range = ranges?.find(([from, to]) => (from as number) <= slot && slot <= (to as number));
        const port = (range?.[2] as unknown[] | undefined)?.[1];
        const owner = nodes.find((one) => one.port === port);
        if (owner !== undefined) return owner;
      }
      throw new Error(`no node serves slot ${slot}`);
    },
    everywhere: (...command) => Promise.all(primaries.map((node) => node.command(...command))),
    settled: (some = nodes) =>
      until('all nodes agree', async () => {
        const infos = await Promise.all(some.map(async (node) => String(await node.command('CLUSTER', 'INFO'))));
        return infos.every(
          (info) =>
            info.includes('cluster_state:ok') &&
            info.includes(`cluster_slots_ok:${slots}`) &&
            info.includes(`cluster_known_nodes:${nodes.length}`),
        );
      }),
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  };
  try {
    await cluster.settled();
    for (const [index, node] of nodes.slice(3).entries()) {
      await node.command('CLUSTER', 'REPLICATE', await id(primaries[replicas[index] as number] as RedisServer));
    }
    for (const node of nodes.slice(3)) {
      await until('every replica has its copy', async () =>
        String(await node.command('INFO', 'replication')).includes('master_link_status:up'),
      );
    }
    // The others name a replica when it says that it has something.
    await Promise.all(replicas.map((index) => (primaries[index] as RedisServer).command('FLUSHDB')));
    for (const { port } of nodes.slice(3)) {
      await until('every replica is named', async () =>
        (await cluster.everywhere('CLUSTER', 'SLOTS')).every((slots) => JSON.stringify(slots).includes(`,${port},`)),
      );
    }
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
