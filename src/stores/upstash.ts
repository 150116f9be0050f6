// Docs: docs/stores.md#upstash
import { type Entry, isServable, readEntry, writeEntry } from '../entry.ts';
import { isBounded, randomId } from '../epochs.ts';
import { CacheError, rejectUnknown, shown } from '../errors.ts';
import type { FillAnswer, LookupAnswer, LookupRequest, Store } from '../store.ts';
import { inOneTrip } from './one-trip.ts';
import { advanceScript, fillScript, lookupScript } from './upstash-scripts.ts';

/** The part of `@upstash/redis` that is used: explicit pipelines, so that the client's automatic ones are left alone. */
export interface UpstashClient {
  /** Starts a pipeline of its own. */
  readonly pipeline: () => UpstashPipeline;
}

/** A pipeline of `@upstash/redis`. */
export interface UpstashPipeline {
  /** Adds a script. */
  readonly eval: (script: string, keys: string[], args: string[]) => unknown;
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
  rejectUnknown(options, ['reads'], 'upstashStore');
  const { reads = 'primary' } = options;
  if (reads !== 'primary' && reads !== 'nearest') {
    throw new CacheError(
      'INVALID_OPTION',
      `upstashStore: reads: expected 'primary' or 'nearest', received ${shown(reads)}.`,
    );
  }

  const run = async (script: string, keys: string[], args: string[]): Promise<unknown> => {
    const pipeline = redis.pipeline();
    pipeline.eval(script, keys, args);
    return first(await exec(pipeline));
  };

  const lookup = inOneTrip(async (requests) => {
    const keys = requests.flatMap(({ key, epochs }) => [...epochs, key ?? '']);
    const shape = requests.flatMap(({ epochs, keepMs }) => [String(epochs.length), String(plantedMs(keepMs))]);
    const answers = await run(lookupScript, keys, [
      String(randomId()),
      ...shape,
      ...keys.map((key) => (isBounded(key) ? '1' : '')),
    ]);
    if (!Array.isArray(answers) || answers.length !== requests.length) throw unreadable();
    return answers.map(answerOf);
  });

  const near = inOneTrip((requests) => nearest(redis, requests));

  return {
    name: 'upstash',
    supports: { local: false },
    lookup:
      reads === 'primary'
        ? lookup
        : async (request) => (request.key === undefined ? undefined : await near(request)) ?? lookup(request),
    async fill({ entry, unchanged, keepMs }) {
      const names = unchanged.map(([name]) => name);
      const ids = unchanged.map(([, id]) => id);
      const bounded = names.map((name) => (isBounded(name) ? '1' : ''));
      const stored = await run(
        fillScript,
        [entry.key, ...names],
        [writeEntry(entry), String(keepMs), String(plantedMs(keepMs)), ...ids, ...bounded],
      );
      const answer: FillAnswer | undefined = stored === 1 ? 'stored' : stored === 0 ? 'invalidated' : undefined;
      if (answer === undefined) throw unreadable();
      return answer;
    },
    async advance(epochs) {
      const bounded = epochs.map((name) => (isBounded(name) ? '1' : ''));
      const moved = await run(advanceScript, [...epochs], [String(randomId()), String(plantedMs(0)), ...bounded]);
      if (moved !== epochs.length) throw unreadable();
    },
  };
}

// An epoch outlives its entry, and a procedure that takes minutes.
const plantedMs = (keepMs: number): number => Math.round(keepMs) + 600_000;

const unreadable = () => new Error('upstashStore: the client answered with something else than the script');

const first = (results: unknown): unknown => (Array.isArray(results) ? results[0] : undefined);

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

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith('i') ? value.slice(1) : undefined;
}

function answerOf(answer: unknown): LookupAnswer {
  if (!Array.isArray(answer) || answer.length < 2) throw unreadable();
  const own: unknown = answer.at(-1);
  return {
    ids: answer.slice(0, -2).map(idOf),
    entry: readEntry(answer.at(-2)),
    own: Array.isArray(own) ? own.map(idOf) : [],
  };
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
  return isServable(entry, own, { key, required: [], now: Date.now() }) ? { ids, entry, own } : undefined;
}
