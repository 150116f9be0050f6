// Docs: docs/how-it-works.md#fill
import type { Codec } from './codec.ts';
import { durationMs } from './duration.ts';
import { amended, type Entry, noteShape, tagOf } from './entry.ts';
import type { SkipReason } from './events.ts';
import type { Lookup } from './lookup.ts';
import { atOnce, type CallOpts, type Policy } from './policy.ts';
import type { FillAnswer, Store } from './store.ts';

/** How a procedure ended: its output, or the failure as its caller must see it. */
export type Ran<R> =
  | { readonly ok: true; readonly data: unknown; readonly result: R }
  | {
      readonly ok: false;
      readonly failure: { readonly code: string; readonly message: string; readonly plain: boolean };
      readonly result: R;
    };

/** What the code inside a cached call asked for while it ran. */
export interface Wishes {
  noStore: boolean;
  /** Replaces the policy's. */
  ttl: Policy['ttlMs'] | undefined;
  readonly tags: Set<string>;
  /** Learned from the run: why its answer must not be kept. */
  veto: SkipReason | undefined;
}

/** No wishes yet. */
export const newWishes = (): Wishes => ({ noStore: false, ttl: undefined, tags: new Set(), veto: undefined });

/** The making of an entry from a finished run. */
export interface FillJob {
  readonly lookup: Lookup;
  readonly policy: Policy;
  readonly codec: Codec;
  readonly opts: CallOpts<unknown, unknown>;
  readonly wishes: Wishes;
  readonly tagEpoch: (tag: string) => string;
}

/** A run that is not kept, and why. */
export interface Skipped {
  readonly skip: SkipReason;
  readonly error?: unknown;
}

/** The entry of a finished run, not yet stored, with its lifetime; or why there is none. */
export function prepare(job: FillJob, ran: Ran<unknown>): { readonly entry: Entry; readonly ttlMs: number } | Skipped {
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
    return { entry: { ...base, freshUntil: now + ttlMs, body: { text: '' }, failure }, ttlMs };
  }
  let ttlMs: number;
  try {
    ttlMs = lifetime(wishes.ttl ?? policy.ttlMs, job.opts, ran.data);
  } catch (error) {
    return { skip: 'ttl', error };
  }
  try {
    const { encoded, shape } = codec.encode(ran.data);
    const entry: Entry = { ...base, freshUntil: now + ttlMs, body: encoded };
    noteShape(entry, shape);
    return { entry, ttlMs };
  } catch (error) {
    return { skip: 'unstorable', error };
  }
}

function lifetime(ttl: Policy['ttlMs'], opts: CallOpts<unknown, unknown>, output: unknown): number {
  return typeof ttl === 'number' ? ttl : durationMs(atOnce(ttl({ ...opts, output }), 'ttl'), 'ttl');
}

/** Stores an entry if nothing it depends on was invalidated since its lookup. */
export async function store(job: FillJob, entry: Entry, ttlMs: number, target: Store): Promise<FillAnswer> {
  const { lookup, wishes } = job;
  const learned = [...wishes.tags].map(job.tagEpoch).filter((name) => !entry.epochs.includes(name));
  const unchanged = lookup.wanted.epochs.map((name, index) => [name, lookup.ids[index] as string] as const);
  let epochs = entry.epochs;
  let ids = entry.ids;
  if (learned.length > 0) {
    const known = learned.map((name) => lookup.previous.get(name));
    if (known.every((id) => id !== undefined)) {
      ids = [...ids, ...(known as string[])];
    } else {
      // Learned after the data was read: only the guard can tell whether one of them was invalidated in between.
      const planted = (await target.lookup({ epochs: learned, keepMs: ttlMs })).ids;
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
  const kept = amended(entry, { epochs, ids, ...tag });
  return target.fill({ entry: kept, unchanged, keepMs: ttlMs });
}
