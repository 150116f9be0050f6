// Docs: docs/stores.md#scripts
// What one operation costs on Upstash, by the scripts and frames of the library itself.
import { type Entry, heldBytesOf } from '../../src/entry.ts';
import { epochNames, epochsOf, isBounded } from '../../src/epochs.ts';
import { entryKey, everyone, type ScopeValue, scopeText } from '../../src/key.ts';
import type { LookupRequest, Store } from '../../src/store.ts';
import { scriptedStore } from '../../src/stores/scripted.ts';
import { scriptsFor } from '../../src/stores/scripts.ts';

const path = 'post.byId';
const input = '{"id":1234567}';
const scope: ScopeValue = everyone;
const names = epochNames('shop-production', false);

/** A query of usual shape: public, two path segments, one input, no tags. */
const epochs = epochsOf(names, { kind: 'q', path, scope, inputs: [input], tags: [] });
const key = entryKey(
  {
    namespace: 'shop-production',
    kind: 'q',
    versions: ['', ''],
    codec: 'superjson',
    path,
    scope: scopeText(scope),
    input,
    vary: [],
  },
  false,
);

// Ids and times have as many digits as they have today: a size must not depend on chance.
const sixteen = '1'.repeat(16);
const ids = epochs.map(() => sixteen);
const entryOf = (text: string): Entry => ({
  key,
  epochs,
  ids,
  storedAt: 1_111_111_111_111,
  freshUntil: 1_111_111_111_111,
  id: sixteen,
  tag: 'x'.repeat(43),
  body: { text },
});

/** Rows such as an API answers, that long. */
const body = (length: number): string => '{"id":1234567,"title":"A title of some words"},'.repeat(length / 47);

interface Sent {
  /** Bytes of the body of the request: a pipeline of one script. */
  readonly bytes: number;
  readonly args: readonly string[];
}

/** What an operation sends. */
async function sent(work: (store: ReturnType<typeof scriptedStore>) => unknown): Promise<Sent> {
  const even = (text: string) => text.replace(/\d{13,17}/g, sixteen);
  let seen: Sent = { bytes: 0, args: [] };
  const store = scriptedStore('measured', scriptsFor({ tellsRuns: false }), async (script, keys, args) => {
    const text = JSON.stringify([['eval', script, keys.length, ...keys, ...args]]);
    seen = { bytes: even(text).length, args: args.map(even) };
    throw new Error('measured');
  });
  await Promise.resolve(work(store)).catch(() => {});
  return seen;
}

const request: LookupRequest = { key, epochs: [...epochs, names.guard], keepMs: 60_000 };
const lease = { name: `${key}:lease:${'x'.repeat(43)}`, token: sixteen };
const fill: Parameters<Store['fill']>[0] = {
  entry: entryOf(''),
  unchanged: epochs.map((name) => [name, sixteen] as const),
  keepMs: 60_000,
};

/** Replies are sent as base64, in quotes, with a comma. */
const encoded = (bytes: number): number => 4 * Math.ceil(bytes / 3) + 3;
const framed = '[{"result":[[]]}]'.length;
const idList = (count: number): number => count * encoded(17) + 2;

const ofFill = await sent((store) => store.fill(fill));
const sizes = {
  lookup: (await sent((store) => store.lookup(request))).bytes,
  held: (await sent((store) => store.lookup({ ...request, held: { id: sixteen, epochs } }))).bytes,
  fill: ofFill.bytes,
  leasedFill: (await sent((store) => store.fill({ ...fill, lease }))).bytes,
  advance: (await sent((store) => store.advance([names.input('q', path, input)]))).bytes,
  lease: (await sent((store) => store.lease(lease, key, 5_000))).bytes,
  release: (await sent((store) => store.release(lease))).bytes,
};

// JSON in JSON: quotes are sent with a backslash before them.
const escaping = JSON.stringify(body(4_700)).length / body(4_700).length;

/** Bytes up, of an operation; the payload, if it has one, in JSON. */
export const bytesUp = {
  lookup: sizes.lookup,
  held: sizes.held,
  fill: (payload: number): number => Math.round(sizes.fill + payload * escaping),
  leasedFill: (payload: number): number => Math.round(sizes.leasedFill + payload * escaping),
  advance: sizes.advance,
  lease: sizes.lease,
  release: sizes.release,
};

/** The frame of an entry without a body. */
const head = (ofFill.args[1] as string).length;
const answered = framed + idList(epochs.length + 1) + idList(epochs.length);

/** Bytes down: of a lookup ids, and with a payload the entry; of all else a number. */
export const bytesDown = {
  lookup: (payload: number | undefined): number => answered + (payload === undefined ? 4 : encoded(head + payload)),
  other: '[{"result":1}]'.length,
};

const ofInput = epochs.filter((name) => name.includes(input));
const withoutInput = [...epochs, names.guard].filter((name) => !ofInput.includes(name));

/** How many epochs a key has for itself, how many it shares with all others, and how many of these have a time to live. */
export const epochCounts = {
  ofInput: ofInput.length,
  shared: withoutInput.length,
  timed: withoutInput.filter((name) => !isBounded(name)).length,
} as const;

/**
 * Commands of an operation: the script, and each command that it runs. Upstash counts both (docs, ratelimit-ts/costs: "EVAL,
 * INCR, PEXPIRE" are 3). That these are the numbers is tested with `INFO commandstats` of a real server.
 */
export const commands = {
  /** EVAL and MGET; where epochs are planted TIME, and SET and MGET of each. */
  lookup: (planted: number): number => 2 + (planted === 0 ? 0 : 1 + 2 * planted),
  /** EVAL, MGET, SET, PTTL of each epoch with a time to live, and PEXPIRE of those that would end too early. */
  fill: (extended: number): number => 3 + epochCounts.ofInput + epochCounts.timed + extended,
  /** EVAL and MGET. */
  deadFill: 2,
  /** DEL of the lease, in either. */
  release: 1,
  /** EVAL, TIME, SET, MGET and INCR. */
  advance: 5,
  /** EVAL, MGET, SET and EXISTS. */
  lease: 4,
  /** One EXISTS more, for who waited: before the holder is read, or after it. */
  waiting: 1,
  /** EVAL and MGET. */
  leaseTaken: 2,
  /** EVAL and EXISTS, for who waited for an entry: the holder is not read. */
  leaseThere: 2,
  /** EVAL and MGET; what else is done, as in a fill. */
  releaseAlone: 2,
};

/** How an entry counts in `memoryStore`. */
const empty = heldBytesOf(entryOf(''));
const each = (heldBytesOf(entryOf(body(4_700))) - empty) / 4_700;
export const heldBytes = (payload: number): number => Math.round(empty + each * payload);
