// Docs: docs/stores.md#keyv
import { isBounded } from '../epochs.ts';
import { CacheError, invalid, rejectUnknown, shown } from '../errors.ts';
import { readEntry, writeEntry } from '../frame.ts';
import type { LookupAnswer, LookupRequest, Store } from '../store.ts';
import { backendOf, type KeyvClient, registersOf } from './kv-client.ts';
import { idsIn, keysOf, moveAll, plantAll } from './kv-epochs.ts';
import { inOneTrip } from './one-trip.ts';

export type { KeyvClient } from './kv-client.ts';

/** The options of {@link kvStore}. */
export interface KvStoreOptions {
  /**
   * `'latest'` says that a read of the backend gives what was last confirmed, in every process. Without that no invalidation
   * can be promised: a backend that may answer with something older (a replica, DynamoDB by default) is none for this store.
   * @default 'latest' for Keyv's own memory; to be said for every other backend
   */
  readonly reads?: 'latest';
}

/**
 * Any backend of Keyv 5 or 6: memcached, DynamoDB, Postgres … They know neither "only if absent" nor scripts, so an epoch is
 * planted in more trips, there are no leases, and what is invalidated with `mode: 'expire'` is removed.
 *
 * @throws CacheError `INVALID_OPTION` for something that is not a Keyv, for one that swallows errors (`throwOnErrors`) or keeps
 * them to itself (`emitErrors`), and for a backend of which nobody says that its reads are the latest.
 * @example
 * ```ts
 * import { KeyvMemcache } from '@keyv/memcache';
 * import Keyv from 'keyv';
 * import { createCache } from 'trpc-cached';
 * import { kvStore } from 'trpc-cached/keyv';
 *
 * const keyv = new Keyv(new KeyvMemcache('localhost:11211'), { throwOnErrors: true });
 * createCache({
 *   store: kvStore(keyv, { reads: 'latest' }),
 *   namespace: 'shop-production',
 *   scope: 'public',
 * });
 * ```
 */
export function kvStore(keyv: KeyvClient, options: KvStoreOptions = {}): Store {
  checkKeyv(keyv);
  rejectUnknown(options, ['reads'], 'kvStore');
  checkReads(options.reads, keyv);
  const registers = registersOf(keyv);

  const lookup = inOneTrip(async (requests: readonly LookupRequest[]): Promise<LookupAnswer[]> => {
    const wanted = [...new Set(requests.flatMap(({ epochs, held }) => [...epochs, ...(held?.epochs ?? [])]))];
    const entryKeys = [...new Set(requests.flatMap(({ key }) => (key === undefined ? [] : [key])))];
    const values = await registers.read([...keysOf(wanted), ...entryKeys.map(keyOf)]);
    const known = new Map<string, string | undefined>();
    idsIn(values.slice(0, 2 * wanted.length)).forEach((id, index) => {
      known.set(wanted[index] as string, id);
    });
    const entries = new Map(
      entryKeys.map((key, index) => {
        const entry = readEntry(values[2 * wanted.length + index]);
        return [key, entry?.key === key ? entry : undefined];
      }),
    );

    const keepMs = new Map<string, number>();
    for (const request of requests) {
      for (const epoch of request.epochs) keepMs.set(epoch, Math.max(keepMs.get(epoch) ?? 0, request.keepMs));
    }
    const missing = wanted.filter((epoch) => keepMs.has(epoch) && known.get(epoch) === undefined);
    const others = [...new Set([...entries.values()].flatMap((entry) => entry?.epochs ?? []))].filter(
      (epoch) => !known.has(epoch),
    );
    const [planted, own] = await Promise.all([
      plantAll(
        registers,
        missing,
        missing.flatMap((epoch) => values.slice(2 * wanted.indexOf(epoch), 2 * wanted.indexOf(epoch) + 2)),
        (epoch) => keptMs(epoch, keepMs.get(epoch) ?? 0),
      ),
      others.length === 0 ? [] : registers.read(keysOf(others)),
    ]);
    for (const [epoch, id] of planted) known.set(epoch, id);
    idsIn(own).forEach((id, index) => {
      known.set(others[index] as string, id);
    });

    return requests.map(({ key, epochs, held }) => {
      const found = key === undefined ? undefined : entries.get(key);
      const entry = found !== undefined && held !== undefined && found.id === held.id ? undefined : found;
      const names = entry?.epochs ?? held?.epochs ?? [];
      return { ids: epochs.map((epoch) => known.get(epoch)), entry, own: names.map((epoch) => known.get(epoch)) };
    });
  });

  return {
    name: 'keyv',
    supports: { local: false, expire: false },
    lookup,

    async fill({ entry, unchanged, keepMs }) {
      const frame = writeEntry(entry);
      // Not one step with what follows, and it need not be: what moves on in between is told by the ids of the entry. Only
      // the guard is none of these, and it is read here, after the tags that it guards.
      const ids = idsIn(await registers.read(keysOf(unchanged.map(([epoch]) => epoch))));
      if (unchanged.some(([, id], index) => ids[index] !== id)) return 'invalidated';
      try {
        await registers.write(keyOf(entry.key), frame, keepMs);
      } catch (error) {
        if (isTooLarge(error)) return 'size';
        throw error;
      }
      return 'stored';
    },

    async advance(epochs) {
      // The guard is known to have moved before any tag does (docs/how-it-works.md, rule 4 of epochs).
      const guards = epochs.filter((epoch) => epoch.endsWith(':e:guard'));
      await moveAll(registers, guards);
      await moveAll(
        registers,
        epochs.filter((epoch) => !guards.includes(epoch)),
      );
    },
  };
}

const keyOf = (key: string): string => `v:${key}`;

const day = 86_400_000;

/** An id is never written again, so an epoch lives from the beginning as long as entries that come later may need it. */
const keptMs = (epoch: string, keepMs: number): number =>
  isBounded(epoch) ? Number.POSITIVE_INFINITY : 4 * keepMs + day;

/** memcached: `SERVER_ERROR object too large for cache`, `MemJS SET: Value too large`; DynamoDB: `Item size has exceeded …`. */
function isTooLarge(error: unknown): boolean {
  const { message, cause } = error as { message?: unknown; cause?: { message?: unknown } };
  return /too large|size has exceeded/i.test(`${message} ${cause?.message}`);
}

function checkKeyv(keyv: KeyvClient): void {
  for (const method of ['get', 'getMany', 'set', 'delete', 'on'] as const) {
    if (typeof keyv?.[method] === 'function') continue;
    throw new CacheError(
      'INVALID_OPTION',
      `kvStore: expected a Keyv, of version 5 or 6, received ${shown(keyv)}. Write kvStore(keyv, { reads: 'latest' }).`,
    );
  }
  const { throwOnErrors, opts } = keyv as { throwOnErrors?: unknown; opts?: { emitErrors?: unknown } | null };
  // Keyv 6 has no such setting, and says by `false` or by an event what went wrong.
  if (throwOnErrors === false) {
    throw new CacheError(
      'INVALID_OPTION',
      'kvStore: this Keyv swallows errors, and a read that failed would look like nothing. Write new Keyv({ store, throwOnErrors: true }).',
    );
  }
  // Keyv 5 alone knows this setting, and takes also an `undefined` for it.
  if (typeof opts === 'object' && opts !== null && 'emitErrors' in opts && !opts.emitErrors) {
    throw new CacheError(
      'INVALID_OPTION',
      'kvStore: emitErrors: this Keyv keeps errors to itself, and a write that its adapter tells only by an event would look confirmed. Write new Keyv({ store, throwOnErrors: true }), without emitErrors.',
    );
  }
}

function checkReads(reads: unknown, keyv: KeyvClient): void {
  if (reads !== undefined && reads !== 'latest') throw invalid('kvStore: reads', `'latest', ${why}`, reads);
  const backend = backendOf(keyv) as { opts?: { dialect?: unknown }; client?: { options?: { failover?: unknown } } };
  if (backend?.client?.options?.failover === true) {
    throw new CacheError(
      'INVALID_OPTION',
      'kvStore: with failover a server of memcached that comes back holds what was invalidated meanwhile. Write new KeyvMemcache(uri, { failover: false }).',
    );
  }
  if (reads === 'latest' || backend instanceof Map) return;
  const how =
    backend?.opts?.dialect === 'dynamo'
      ? "DynamoDB reads eventually unless it is told to read consistently: docs/stores.md#keyv says how. With that, write reads: 'latest'."
      : "If a read gives what was last confirmed, in every process (one server, or the primary), write kvStore(keyv, { reads: 'latest' }).";
  throw new CacheError('INVALID_OPTION', `kvStore: reads: it is not known what this backend reads. ${how}`);
}

const why = 'because a backend that answers with what is older serves what was invalidated';
