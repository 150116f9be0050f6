// Docs: docs/stores.md#redis-cluster
import { checksum } from '../digest.ts';

/**
 * The hash tags of the shards of a cluster: one for each sixteenth of its 16,384 slots, near the middle of it. Which entry is
 * in which shard, and what that is called, is the same for all processes and releases that share a cluster.
 */
export const shardTags: readonly string[] = [
  ...['04s', '15s', '26s', '37s', '40s', '51s', '62s', '73s'],
  ...['8wz', '9vz', 'aoo', 'b1h', 'ct8', 'd7h', 'eko', 'fy5'],
].map((text) => `{${text}}`);

/** The shard of an entry, by its key. */
export function shardOf(key: string): number {
  const sum = checksum([key]);
  // The lowest bits of the sum hang on the lowest bits of the text alone.
  return ((sum >>> 20) ^ (sum >>> 8)) % shardTags.length;
}
