// Docs: docs/how-it-works.md#fill

import { atOnce, type CallOpts } from './call-opts.ts';
import { jittered } from './chance.ts';
import type { Codec } from './codec.ts';
import { Collected, itemsOf } from './collect.ts';
import { durationMs } from './duration.ts';
import { amended, type Entry, noteLearned, noteShape, sumOf, tagOf } from './entry.ts';
import { randomId } from './epochs.ts';
import type { SkipReason } from './events.ts';
import { type Lookup, unchangedOf } from './lookup.ts';
import type { Policy } from './policy.ts';
import type { FillAnswer, Lease, Store } from './store.ts';

/** How a procedure ended: its output, or the failure as its caller must see it. */
export type Ran<R> =
  | { readonly ok: true; readonly data: unknown; readonly result: R }
  | {
      readonly ok: false;
      readonly failure: {
        readonly code: string;
        readonly message: string;
        readonly plain: boolean;
        readonly error: unknown;
      };
      readonly result: R;
    };

/** What the code inside a cached call asked for while it ran. */
export interface Wishes {
  noStore: boolean;
  /** Replaces the policy's. */
  ttl: Policy['ttlMs'] | undefined;
  /** Replaces the policy's window of stale-while-revalidate, in milliseconds. */
  staleMs: number | undefined;
  readonly tags: Set<string>;
  /** Learned from the run: why its answer must not be kept. */
  veto: SkipReason | undefined;
}

/** No wishes yet. */
export const newWishes = (): Wishes => ({
  noStore: false,
  ttl: undefined,
  staleMs: undefined,
  tags: new Set(),
  veto: undefined,
});

/** The making of an entry from a finished run. */
export interface FillJob {
  readonly lookup: Lookup;
  readonly policy: Policy;
  readonly codec: Codec;
  readonly opts: CallOpts<unknown, unknown>;
  readonly wishes: Wishes;
  readonly tagEpoch: (tag: string) => string;
}

/** The job of a call that looked up. */
export const jobOf = ({ policy, codec, opts, wishes, tagEpoch }: Omit<FillJob, 'lookup'>, lookup: Lookup): FillJob => ({
  lookup,
  policy,
  codec,
  opts,
  wishes,
  tagEpoch,
});

/** A run that is not kept, and why. */
export interface Skipped {
  readonly skip: SkipReason;
  readonly error?: unknown;
}

/** An entry on its way into the store. */
export interface Prepared {
  readonly entry: Entry;
  readonly ttlMs: number;
  /** How long the store has to keep it: fresh, and stale as long as anybody may be served so. */
  readonly keepMs: number;
  /** How long the procedure took, in milliseconds. */
  readonly ranMs: number;
}

/** The entry of a finished run that took `ranMs`, not yet stored, with its lifetime; or why there is none. */
export function prepare(job: FillJob, ran: Ran<unknown>, ranMs: number): Prepared | Skipped {
  const { policy, codec, lookup, wishes } = job;
  if (wishes.veto !== undefined) return { skip: wishes.veto };
  if (wishes.noStore) return { skip: 'no-store' };
  const now = Date.now();
  const base = { key: lookup.wanted.key, epochs: lookup.wanted.epochs, ids: lookup.ids, storedAt: now };
  if (!ran.ok) {
    const ttlMs = policy.errors.get(ran.failure.code);
    // A cause or data of its own would be lost: such a failure would not be the same again.
    if (ttlMs === undefined || !ran.failure.plain) return { skip: 'error' };
    const failure = { code: ran.failure.code, message: ran.failure.message };
    return { entry: { ...base, freshUntil: now + ttlMs, body: { text: '' }, failure }, ttlMs, keepMs: ttlMs, ranMs };
  }
  let ttlMs: number;
  try {
    ttlMs = jittered(lifetime(wishes.ttl ?? policy.ttlMs, job, ran.data), policy.jitter, Math.random);
  } catch (error) {
    return { skip: 'ttl', error };
  }
  try {
    const isStream = ran.data instanceof Collected;
    const { encoded, shape, outline } = isStream
      ? { encoded: { text: ran.data.text }, shape: 'rich' as const, outline: undefined }
      : codec.encode(ran.data);
    const freshUntil = now + ttlMs;
    const { errorMs, early } = policy;
    const staleMs = wishes.staleMs ?? policy.staleMs;
    const entry: { -readonly [Name in keyof Entry]: Entry[Name] } = { ...base, freshUntil, body: encoded };
    if (isStream) entry.stream = true;
    if (staleMs > 0) entry.staleUntil = freshUntil + staleMs;
    if (errorMs > 0) entry.errorUntil = freshUntil + errorMs;
    if (early > 0) entry.ranMs = ranMs;
    if (outline !== undefined) entry.outline = outline;
    noteShape(entry, shape);
    noteLearned(entry, learnedBy(wishes, job.tagEpoch));
    return { entry, ttlMs, keepMs: ttlMs + Math.max(staleMs, errorMs), ranMs };
  } catch (error) {
    return { skip: 'unstorable', error };
  }
}

function lifetime(ttl: Policy['ttlMs'], { opts, codec }: FillJob, data: unknown): number {
  if (typeof ttl === 'number') return ttl;
  const output = data instanceof Collected ? itemsOf(data.text, codec, 'copy').slice(0, -1) : data;
  return durationMs(atOnce(ttl({ ...opts, output }), 'ttl'), 'ttl');
}

const learnedBy = ({ tags }: Wishes, tagEpoch: FillJob['tagEpoch']): string[] =>
  tags.size === 0 ? [] : Array.from(tags, tagEpoch);

/** Stores an entry if nothing it depends on was invalidated since its lookup. */
export async function store(
  job: FillJob,
  { entry, keepMs }: Prepared,
  target: Store,
  lease?: Lease,
): Promise<FillAnswer> {
  const { lookup, wishes } = job;
  const learned = learnedBy(wishes, job.tagEpoch).filter((name) => !entry.epochs.includes(name));
  const unchanged = unchangedOf(lookup);
  let epochs = entry.epochs;
  let ids = entry.ids;
  if (learned.length > 0) {
    const known = learned.map((name) => lookup.previous.get(name));
    if (known.every((id) => id !== undefined)) {
      ids = [...ids, ...(known as string[])];
    } else {
      // Learned after the data was read: only the guard can tell whether one of them was invalidated in between.
      const planted = (await target.lookup({ epochs: learned, near: entry.key, keepMs, exact: true })).ids;
      if (planted.length !== learned.length || !planted.every((id) => typeof id === 'string')) return 'invalidated';
      ids = [...ids, ...(planted as string[])];
      unchanged.push([lookup.wanted.guard, lookup.guardId]);
    }
    epochs = [...epochs, ...learned];
    learned.forEach((name, index) => {
      unchanged.push([name, ids[entry.ids.length + index] as string]);
    });
  }
  // Another process cannot ask this one for the tag; here it is made when somebody needs it.
  const tag = target.supports.local || entry.failure !== undefined ? {} : { tag: await tagOf(entry) };
  const id = target.supports.local ? {} : { id: String(randomId()), sum: sumOf(entry) };
  const isAsItWas = target.supports.local && epochs === entry.epochs;
  const kept = isAsItWas ? entry : amended(entry, { epochs, ids, ...tag, ...id });
  return target.fill({ entry: kept, unchanged, keepMs, ...(lease && { lease }) });
}
