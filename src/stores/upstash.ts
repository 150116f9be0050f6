// Docs: docs/stores.md#upstash
import { type Entry, isServable, readEntry, writeEntry } from '../entry.ts';
import { isBounded, randomId } from '../epochs.ts';
import { CacheError, rejectUnknown, shown } from '../errors.ts';
import type { FillAnswer, LookupAnswer, LookupRequest, Store } from '../store.ts';

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

// Scripts are atomic, write-class (so they run on the primary), and one request. Ids are returned with an `i` in front:
// what looks like JSON would be parsed by a client with automatic deserialization.

// An id is the client's random plus the server's time: a request that arrives twice, however late, gives another id, not
// the same one again (DESIGN section 3, rule 2).
const freshId = `
local at = tonumber(ARGV[1])
local ok, t = pcall(redis.call, 'TIME')
if ok then at = (at + t[1] * 1000000 + t[2]) % 4503599627370496 end
local fresh = string.format('%.0f', at)`;

// A key of another type is as good as missing: one such key must not fail the lookups of a whole batch.
const read = `
local function read(key)
  local value = redis.pcall('GET', key)
  return type(value) == 'string' and value or false
end`;

// Plants what is missing, reads the entry and the epochs it names.
const lookupScript = `${freshId}${read}
local n, k, seen = (#ARGV - #KEYS - 1) / 2, 0, {}
local function known(key)
  if seen[key] == nil then seen[key] = read(key) end
  return seen[key]
end
local out = {}
for r = 1, n do
  local count, px = tonumber(ARGV[r * 2]), ARGV[r * 2 + 1]
  local answer = {}
  for i = 1, count do
    local key = KEYS[k + i]
    local id = known(key)
    if not id then
      local args = {'SET', key, fresh, 'NX'}
      if ARGV[1 + n * 2 + k + i] ~= '1' then args = {'SET', key, fresh, 'NX', 'PX', px} end
      local planted = redis.pcall(unpack(args))
      if type(planted) == 'table' and planted.ok then id = fresh seen[key] = fresh end
    end
    answer[i] = id and 'i' .. id or false
  end
  local name = KEYS[k + count + 1]
  local entry = name ~= '' and known(name) or false
  answer[count + 1] = entry
  answer[count + 2] = {}
  local cut = entry and string.find(entry, '\\n', 1, true)
  if cut then
    local read, head = pcall(cjson.decode, string.sub(entry, 2, cut - 1))
    if read and type(head) == 'table' and type(head.e) == 'table' then
      for i, epoch in ipairs(head.e) do
        local id = type(epoch) == 'string' and known(epoch)
        answer[count + 2][i] = id and 'i' .. id or ''
      end
    end
  end
  out[r] = answer
  k = k + count + 1
end
return out`;

// Stores the entry only under the ids it was computed with, and lets its epochs outlive it.
const fillScript = `${read}
local n = #KEYS - 1
for i = 1, n do
  if read(KEYS[i + 1]) ~= ARGV[3 + i] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
for i = 1, n do
  if ARGV[3 + n + i] ~= '1' then
    local left = redis.call('PTTL', KEYS[i + 1])
    if left >= 0 and left < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[i + 1], ARGV[3]) end
  end
end
return 1`;

// Moves epochs on; one that may not be written (memory, quota) is deleted, which no entry survives either.
const advanceScript = `${freshId}
for i, key in ipairs(KEYS) do
  local args = {'SET', key, fresh, 'NX'}
  if ARGV[2 + i] ~= '1' then args = {'SET', key, fresh, 'NX', 'PX', ARGV[2]} end
  local set = redis.pcall(unpack(args))
  local moved = redis.pcall('INCR', key)
  if type(moved) ~= 'number' or (type(set) == 'table' and set.err) then redis.call('DEL', key) end
end
return #KEYS`;

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

/** Collects the lookups of one tick: the calls of a batch come in the same one, some microtasks apart. */
function inOneTrip<Answer>(
  send: (requests: readonly LookupRequest[]) => Promise<Answer[]>,
): (request: LookupRequest) => Promise<Answer> {
  let open: { requests: LookupRequest[]; answers: Promise<Answer[]> } | undefined;
  const collect = async (requests: LookupRequest[]) => {
    for (let turn = 0; turn < 32; turn++) await undefined;
    open = undefined;
    return send(requests);
  };
  return async (request) => {
    if (open === undefined) {
      const requests: LookupRequest[] = [];
      open = { requests, answers: collect(requests) };
    }
    const { requests, answers } = open;
    const index = requests.push(request) - 1;
    return (await answers)[index] as Answer;
  };
}
