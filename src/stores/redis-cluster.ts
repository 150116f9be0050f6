// Docs: docs/stores.md#redis-cluster
import { CacheError } from '../errors.ts';
import type { Mode, Store } from '../store.ts';
import { shardOf, shardTags } from './cluster-shards.ts';
import type { RedisConnection } from './redis-connection.ts';
import { scanOf, scanShards } from './scan.ts';
import { type RunScript, scriptedStore } from './scripted.ts';
import { scriptsFor } from './scripts.ts';

const scripts = scriptsFor({ tellsRuns: true, isSharded: true });

/**
 * A store in shards, each of them a store by itself in one slot: an entry, its lease and all its epochs are in the shard of
 * its key. What moves on, moves on in all of them (docs/decisions/0014-cluster-shards.md).
 */
export function shardedStore(
  name: string,
  run: RunScript,
  { send }: Pick<RedisConnection, 'send'>,
  channel: string,
): Required<Pick<Store, 'lookup' | 'fill' | 'advance' | 'lease' | 'release' | 'partOf' | 'scan'>> {
  const shards = shardTags.map((tag) => {
    const inShard: RunScript = (script, keys, args) => {
      const tagged = keys.map((key) => tag + key);
      return run(script, tagged, args, tag);
    };
    return movable(scriptedStore(name, scripts, inShard));
  });
  // As a script, so that every client sends it to the node that holds the shard.
  const scans = shardTags.map((tag) =>
    scanOf(
      name,
      scripts,
      run,
      (cursor, match, count) => run(scanning, [tag], [cursor, match, String(count)], tag),
      tag,
    ),
  );
  type Shard = (typeof shards)[number];
  const shardFor = (key: string) => shards[shardOf(key)] as Shard;

  return {
    partOf: shardOf,
    scan: scanShards(scans),
    lookup: (request) => shardFor(request.key ?? request.near ?? '').lookup(request),
    fill: (request) => shardFor(request.entry.key).fill(request),
    lease: (lease, key, keepMs) => shardFor(key).lease(lease, key, keepMs),
    async release(lease, aloneMs) {
      // In another shard nobody holds it.
      const where = lease.near === undefined ? shards : [shardFor(lease.near)];
      await Promise.all(where.map((shard) => shard.release(lease, aloneMs)));
    },
    async advance(epochs, mode = 'remove', confirmed = new Set()) {
      const moved = shards.map(async (shard, part) => {
        if (confirmed.has(part)) return;
        await shard.advance(epochs, mode);
        confirmed.add(part);
      });
      const failed = (await Promise.allSettled(moved)).flatMap((one, part) =>
        one.status === 'rejected' ? [{ part, cause: one.reason as unknown }] : [],
      );
      if (failed.length > 0) throw unconfirmed(name, failed);
      // Nobody waits for it: messages may be lost, and all nodes get what one of them is told.
      send(['PUBLISH', channel, JSON.stringify(epochs)]).catch(() => {});
    },
  };
}

/** Which shards did not confirm, and why the first one of them; a mistake of the user is told as it is. */
function unconfirmed(name: string, failed: readonly { part: number; cause: unknown }[]): unknown {
  const cause = failed[0]?.cause;
  if (cause instanceof CacheError) return cause;
  const why = (cause instanceof Error ? cause.message : String(cause)).replace(`${name}: `, '');
  const which = failed.map(({ part }) => part).join(', ');
  return new Error(`${name}: ${failed.length} of ${shardTags.length} shards did not confirm (${which}): ${why}`, {
    cause,
  });
}

const scanning = `return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])`;

const movingForMs = 10_000;

/**
 * While a slot moves to another node, commands on several keys are refused if only some of them are there yet; on one key they
 * are not. So epochs move on one by one then, in their order: the guard comes before the tags.
 */
function movable(shard: ReturnType<typeof scriptedStore>): ReturnType<typeof scriptedStore> {
  let movedAt = Number.NEGATIVE_INFINITY;
  const isMoving = () => Math.abs(Date.now() - movedAt) < movingForMs;
  return {
    ...shard,
    async advance(epochs: readonly string[], mode?: Mode) {
      if (!isMoving() || epochs.length < 2) {
        try {
          return await shard.advance(epochs, mode);
        } catch (error) {
          if (epochs.length < 2 || !/\bTRYAGAIN\b/.test(String(error))) throw error;
          movedAt = Date.now();
        }
      }
      for (const epoch of epochs) await shard.advance([epoch], mode);
    },
  };
}
