// Docs: docs/inspector.md#explain
import { isFor } from './call.ts';
import { encodedBytes } from './codec.ts';
import { type Entry, standingOf } from './entry.ts';
import { isExpiredOnly } from './epochs.ts';
import type { BypassReason } from './events.ts';
import type { Labels, ShownScope } from './label.ts';
import type { Wanted } from './lookup.ts';
import type { Policy } from './policy.ts';
import type { LookupAnswer } from './store.ts';

/** How an epoch stands that a call depends on. */
export interface ExplainedEpoch {
  /** The target that moves it on: `*`, `post.*`, `post.byId (input)`, `tag feed`. */
  readonly target: string;
  /**
   * As the entry has it (`unchanged`); `invalidated` or `expired` since the entry was stored; gone from the store (`missing`: a
   * miss, and it is planted anew); one that the entry was not filled under (`lacking`); there, without an entry (`present`);
   * or not told by the store (`unknown`).
   */
  readonly state: 'unchanged' | 'invalidated' | 'expired' | 'missing' | 'lacking' | 'present' | 'unknown';
}

/** What is stored, without what is in it. */
export interface ExplainedEntry {
  /** When the procedure had finished, in milliseconds of the wall clock. */
  readonly storedAt: number;
  /** How long that is ago, in milliseconds. */
  readonly ageMs: number;
  /** What is left of its `ttl`, in milliseconds; below zero once that is over. */
  readonly ttlLeftMs: number;
  /** What is left of `staleWhileRevalidate`, in milliseconds; 0 without. */
  readonly staleLeftMs: number;
  /** What is left of `staleIfError`, in milliseconds; 0 without. */
  readonly errorLeftMs: number;
  /** How long its encoded output is, in bytes. */
  readonly bytes: number;
  /** The code of the failure that is remembered in place of an output. */
  readonly failure?: string;
}

/** What a call would meet now. Plain: it survives JSON. Holds no input, no output and no scope. */
export interface Explanation {
  /** The path that was asked about. */
  readonly path: string;
  /** What the cache would do. */
  readonly outcome: 'hit' | 'stale' | 'miss' | 'bypass';
  /** Why, for programs. Of a bypass, the reason of its event, or `uncached` where no `cached` stands in the procedure. */
  readonly reason:
    | BypassReason
    | 'uncached'
    | 'fresh'
    | 'revalidating'
    | 'absent'
    | 'expired'
    | 'invalidated'
    | 'evicted'
    | 'unfit';
  /** Why, in words. */
  readonly why: string;
  /** The key of the entry, inputs and scope hashed. Absent where the call has none. */
  readonly key?: string;
  /** Who would share the entry. */
  readonly scope?: ShownScope;
  /** Names by which the entry can be invalidated. Of a private scope, only a word before a colon is not hashed. */
  readonly tags: readonly string[];
  /** The request headers that are part of the key. */
  readonly vary: readonly string[];
  /** Everything the answer depends on. */
  readonly epochs: readonly ExplainedEpoch[];
  /** What is stored under the key, of use or not. */
  readonly entry?: ExplainedEntry;
}

/** An explanation of a call that does not come to the store. */
export const bypassed = (path: string, reason: Explanation['reason'], why: string): Explanation => ({
  path,
  outcome: 'bypass',
  reason,
  why,
  tags: [],
  vary: [],
  epochs: [],
});

/** What a call is, besides its key. */
export interface Asked {
  readonly path: string;
  readonly policy: Policy;
  readonly wanted: Wanted;
  readonly labels: Labels;
  readonly now: number;
  /** Whether the store takes epochs away to invalidate: then one that is missing need not be lost. */
  readonly takesAway?: boolean;
}

/** What becomes of a call that the store answers so; `answer` is undefined where it did not, for the reason `why`. */
export function explanationOf(asked: Asked, answer: LookupAnswer | undefined, why = ''): Explanation {
  const { path, policy, wanted, labels, now } = asked;
  const scope = labels.scope(wanted.epochs);
  const entry = answer?.entry;
  const carried = [...(entry?.epochs ?? []), ...wanted.epochs];
  const epochs = answer === undefined ? [] : standingsOf(wanted, answer);
  const verdict =
    answer === undefined ? ({ outcome: 'bypass', reason: 'store', why } as const) : verdictOf(asked, answer, epochs);
  return {
    path,
    ...verdict,
    key: labels.key(wanted.key).key,
    ...(scope && { scope }),
    tags: [...new Set(labels.tags(carried, scope))],
    vary: policy.vary,
    epochs: epochs.map(({ name, state }) => ({ target: labels.epoch(name, scope), state })),
    ...(entry && { entry: shownEntry(entry, now) }),
  };
}

interface Standing {
  readonly name: string;
  readonly state: ExplainedEpoch['state'];
}

function standingsOf({ epochs, required }: Wanted, { entry, own }: LookupAnswer): Standing[] {
  if (entry === undefined) {
    const isTold = own.length === epochs.length;
    return epochs.map((name, at) => ({
      name,
      state: !isTold ? 'unknown' : own[at] === undefined ? 'missing' : 'present',
    }));
  }
  const lacking = required.filter((name) => !entry.epochs.includes(name));
  return [...carriedBy(entry, own), ...lacking.map((name): Standing => ({ name, state: 'lacking' }))];
}

/** How the epochs stand that an entry was filled under; `own` are their ids now. */
export function carriedBy({ epochs, ids }: Pick<Entry, 'epochs' | 'ids'>, own: LookupAnswer['own']): Standing[] {
  return epochs.map((name, at) => {
    const [then = '', now] = [ids[at], own[at]];
    if (now === then) return { name, state: 'unchanged' };
    if (now === undefined) return { name, state: 'missing' };
    return { name, state: isExpiredOnly(then, now) ? 'expired' : 'invalidated' };
  });
}

type Verdict = Pick<Explanation, 'outcome' | 'reason' | 'why'>;

function verdictOf(
  { policy, wanted, labels, now, takesAway = false }: Asked,
  { entry, own }: LookupAnswer,
  epochs: readonly Standing[],
): Verdict {
  const miss = (reason: Explanation['reason'], why: string): Verdict => ({ outcome: 'miss', reason, why });
  if (entry === undefined) return miss('absent', 'Nothing is stored under this key.');
  const scope = labels.scope(wanted.epochs);
  const named = (state: Standing['state']) => {
    const targets = epochs.filter((epoch) => epoch.state === state).map(({ name }) => labels.epoch(name, scope));
    return targets.length === 0 ? undefined : [...new Set(targets)].join(', ');
  };
  const age = spanOf(now - entry.storedAt);
  const standing = standingOf(entry, own, { key: wanted.key, required: wanted.required, now });
  if (standing === 'gone') {
    const moved = named('invalidated');
    if (moved !== undefined) return miss('invalidated', `Invalidated since it was stored ${age} ago: ${moved}.`);
    const gone = named('missing');
    if (gone !== undefined && takesAway)
      return miss(
        'invalidated',
        `Invalidated since it was stored ${age} ago, unless the store lost what says that it is still valid: ${gone}.`,
      );
    if (gone !== undefined)
      return miss(
        'evicted',
        `What says that the entry is still valid is gone from the store: ${gone}. It counts as invalidated.`,
      );
    const lacking = named('lacking');
    if (lacking !== undefined) return miss('unfit', `It was filled without ${lacking}, on which this call depends.`);
    return miss('unfit', 'What is stored is not an entry for this key, or comes from the future.');
  }
  if (!isFor({ policy }, entry))
    return miss('unfit', 'A failure, or a stream, is stored that cached no longer asks to be kept.');
  if (standing === 'fresh')
    return {
      outcome: 'hit',
      reason: 'fresh',
      why: `Stored ${age} ago, fresh for another ${spanOf(entry.freshUntil - now)}.`,
    };
  const early = named('expired');
  const since =
    entry.freshUntil > now ? `Expired by an invalidation (${early})` : `Expired ${spanOf(now - entry.freshUntil)} ago`;
  const staleLeft = (entry.staleUntil ?? 0) - now;
  if (staleLeft > 0)
    return {
      outcome: 'stale',
      reason: 'revalidating',
      why: `${since}: given for another ${spanOf(staleLeft)}, while the procedure runs behind the response.`,
    };
  const errorLeft = (entry.errorUntil ?? 0) - now;
  const instead = errorLeft > 0 ? ` If it fails, the old answer is given, for another ${spanOf(errorLeft)}.` : '';
  return miss('expired', `${since}: the procedure runs.${instead}`);
}

function shownEntry(entry: Entry, now: number): ExplainedEntry {
  return {
    ...timesOf(entry, now),
    bytes: encodedBytes(entry.body),
    ...(entry.failure && { failure: entry.failure.code }),
  };
}

/** How old an entry is and what is left of it, at a moment. */
export function timesOf(
  {
    storedAt,
    freshUntil,
    staleUntil = 0,
    errorUntil = 0,
  }: Pick<Entry, 'storedAt' | 'freshUntil' | 'staleUntil' | 'errorUntil'>,
  now: number,
): Omit<ExplainedEntry, 'bytes' | 'failure'> {
  return {
    storedAt,
    ageMs: now - storedAt,
    ttlLeftMs: freshUntil - now,
    staleLeftMs: Math.max(0, staleUntil - Math.max(now, freshUntil)),
    errorLeftMs: Math.max(0, errorUntil - Math.max(now, freshUntil)),
  };
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A span of time in words: `42 s`, `1 h 5 min`. */
export function spanOf(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const at = units.findIndex(([, size]) => ms >= size);
  const [unit, size] = units[at] ?? units[3];
  const [lower, lowerSize = 1] = units[at + 1] ?? [];
  const rest = Math.floor((ms % size) / lowerSize);
  const whole = `${Math.floor(ms / size)} ${unit}`;
  return lower === undefined || rest === 0 ? whole : `${whole} ${rest} ${lower}`;
}
