// Docs: docs/stores.md#upstash
import { type Entry, standingOf } from '../entry.ts';
import { CacheError, invalid, rejectUnknown, shown } from '../errors.ts';
import { readEntry } from '../frame.ts';
import type { LookupAnswer, LookupRequest, Store } from '../store.ts';
import { inOneTrip } from './one-trip.ts';
import { type ScanKeys, scanOf } from './scan.ts';
import { type RunScript, scriptedStore } from './scripted.ts';
import { scriptsFor } from './scripts.ts';

/** The part of `@upstash/redis` that is used: explicit pipelines, so that the client's automatic ones are left alone. */
export interface UpstashClient {
  /** Starts a pipeline of its own. */
  readonly pipeline: () => UpstashPipeline;
}

/** A pipeline of `@upstash/redis`. */
export interface UpstashPipeline {
  /** Adds a script. */
  readonly eval: (script: string, keys: string[], args: string[]) => unknown;
  /** Adds a page of keys. */
  readonly scan?: (cursor: string, options: { match: string; count: number }) => unknown;
  /** Adds a read of many keys. */
  readonly mget: (...keys: string[]) => unknown;
  /** Sends it as one request. */
  readonly exec: () => Promise<unknown>;
}

/** The options of {@link upstashStore}. */
export interface UpstashStoreOptions {
  /**
   * Where lookups read: `'primary'`, or `'nearest'` to ask the nearest replica first; then an acknowledged invalidation is
   * seen at once by this client object only, elsewhere when the replica has it. @default 'primary'
   */
  readonly reads?: 'primary' | 'nearest';
}

/**
 * Serverless Redis over HTTP, on your own `@upstash/redis` client, whatever its settings. One request per hit, also for all
 * calls of a batch; one for an invalidation, whatever the number of entries.
 *
 * @throws CacheError `INVALID_OPTION` for something that is not a client of `@upstash/redis`.
 * @example
 * ```ts
 * import { Redis } from '@upstash/redis';
 * import { createCache } from 'trpc-cached';
 * import { upstashStore } from 'trpc-cached/upstash';
 *
 * createCache({
 *   store: upstashStore(new Redis({ url: 'https://example.upstash.io', token: 'secret' })),
 *   namespace: 'shop-production',
 *   scope: 'public',
 * });
 * ```
 */
export function upstashStore(redis: UpstashClient, options: UpstashStoreOptions = {}): Store {
  if (typeof redis?.pipeline !== 'function') {
    throw new CacheError(
      'INVALID_OPTION',
      `upstashStore: expected a client of @upstash/redis, received ${shown(redis)}. Write upstashStore(Redis.fromEnv()).`,
    );
  }
  // Clients over TCP have pipelines, too.
  if (typeof (redis as { call?: unknown }).call === 'function' || 'sendCommand' in redis) {
    throw new CacheError(
      'INVALID_OPTION',
      'upstashStore: this is a client of a Redis over TCP. Write redisStore(client), from trpc-cached/redis.',
    );
  }
  rejectUnknown(options, ['reads'], 'upstashStore');
  const { reads = 'primary' } = options;
  if (reads !== 'primary' && reads !== 'nearest') throw invalid('upstashStore: reads', "'primary' or 'nearest'", reads);

  const run: RunScript = (script, keys, args) =>
    alone(redis, (pipeline) => pipeline.eval(script, [...keys], [...args]));
  const scanKeys: ScanKeys = (cursor, match, count) =>
    alone(redis, (pipeline) => pipeline.scan?.(cursor, { match, count }));
  const store = scriptedStore('upstashStore', scripts, run);
  const near = inOneTrip((requests) => nearest(redis, requests));

  return {
    name: 'upstash',
    supports: { local: false },
    ...store,
    scan: scanOf('upstashStore', scripts, run, scanKeys),
    lookup:
      reads === 'primary'
        ? store.lookup
        : async (request) => {
            const isExact = request.exact === true || request.key === undefined;
            return (isExact ? undefined : await near(request)) ?? store.lookup(request);
          },
  };
}

const scripts = scriptsFor({ tellsRuns: false });

/** One command as one request. */
async function alone(redis: UpstashClient, add: (pipeline: UpstashPipeline) => unknown): Promise<unknown> {
  const pipeline = redis.pipeline();
  add(pipeline);
  const results = await exec(pipeline);
  return Array.isArray(results) ? results[0] : undefined;
}

async function exec(pipeline: UpstashPipeline): Promise<unknown> {
  try {
    return await pipeline.exec();
  } catch (error) {
    throw withoutValues(error);
  }
}

/** The client quotes commands and answers in its errors, stored values included: these are not for logs. */
function withoutValues(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const message = error.message.replace(/(, command was|response body): [\s\S]*/, '');
  return message === error.message ? error : new Error(`upstashStore: ${message}`);
}

/** Whole answers of a replica, or nothing: what is missing there is asked of the primary. */
async function nearest(
  redis: UpstashClient,
  requests: readonly LookupRequest[],
): Promise<(LookupAnswer | undefined)[]> {
  const pipeline = redis.pipeline();
  for (const { key = '', epochs } of requests) pipeline.mget(key, ...epochs);
  const answers = await exec(pipeline);
  return requests.map((request, index) => wholeAnswer(request, Array.isArray(answers) ? answers[index] : undefined));
}

function wholeAnswer({ key, epochs }: LookupRequest, values: unknown): LookupAnswer | undefined {
  if (key === undefined) return undefined;
  if (!Array.isArray(values) || values.length !== epochs.length + 1) return undefined;
  const entry: Entry | undefined = readEntry(values[0]);
  // Ids are digits: a client with automatic deserialization gives them as numbers, exact below 2^53.
  const ids = values.slice(1).map((id) => (typeof id === 'string' || typeof id === 'number' ? String(id) : undefined));
  if (entry === undefined || !ids.every((id) => id !== undefined)) return undefined;
  const own = entry.epochs.map((name) => ids[epochs.indexOf(name)]);
  const isFresh = standingOf(entry, own, { key, required: [], now: Date.now() }) === 'fresh';
  return isFresh ? { ids, entry, own } : undefined;
}
