// Docs: docs/how-it-works.md
import type { Codec } from '../codec.ts';
import type { Entry } from '../entry.ts';
import type { Wishes } from '../fill.ts';
import type { ToldPath } from '../http/told.ts';
import type { Policy } from '../policy.ts';

/** What identifies one call of a procedure: `ctx` does not survive `next({ ctx })`, and all calls of a batch share one. */
export type GetRawInput = () => Promise<unknown>;

/** The HTTP request a call came with. */
export interface RequestFacts {
  readonly method: string;
  readonly header: (name: string) => string | null;
  /** Its client wrote a moment ago, and shall see that. */
  readonly exact: boolean;
}

/** What `cached` did for a call, as the HTTP layer needs it. */
export interface Outcome {
  readonly status: 'hit' | 'stale' | 'miss' | 'bypass';
  /** The very value that `cached` returned: anything else in its place was made outside, and is not ours to describe. */
  readonly value?: unknown;
  readonly entry?: Entry;
  /** Whether the value is unchanged. May throw: then it is not. */
  readonly isIntact?: () => boolean;
  /** The content tag of the entry. */
  readonly tag?: string;
  readonly policy?: Policy;
  readonly codec?: Codec;
  readonly noStore?: boolean;
  /** It shared the run of another caller. */
  readonly coalesced?: boolean;
  /** Its answer goes into the store. */
  readonly stored?: boolean;
  /** Something was stored, and the request did not want it. */
  readonly refused?: boolean;
}

/** An invalidation that waits for the middlewares around it. */
export interface Collected {
  readonly act: () => Promise<void>;
  readonly always: boolean;
}

/** What is known of one call while it lasts. */
export interface CallRecord {
  request?: RequestFacts;
  /** Set while a `cached` of this chain is at work, with or without the cache. */
  cached?: { readonly wishes: Wishes };
  /** Set while `cache.settle` collects what `invalidates` inside it would have written. */
  settling?: Collected[];
  outcome?: Outcome;
  /** Set once the call invalidated something. */
  wrote?: boolean;
  /** What its client may be told of that, in full paths. */
  told?: readonly ToldPath[];
}

/** Records of calls by their `getRawInput`. */
export interface Calls {
  readonly of: (getRawInput: GetRawInput) => CallRecord;
  readonly find: (getRawInput: unknown) => CallRecord | undefined;
  /** Lets a second function stand for the same call. */
  readonly alias: (getRawInput: GetRawInput, record: CallRecord) => void;
}

/** Holds no call longer than tRPC does. */
export function createCalls(): Calls {
  const records = new WeakMap<GetRawInput, CallRecord>();
  return {
    of(getRawInput) {
      let record = records.get(getRawInput);
      if (record === undefined) records.set(getRawInput, (record = {}));
      return record;
    },
    find: (getRawInput) => (typeof getRawInput === 'function' ? records.get(getRawInput as GetRawInput) : undefined),
    alias: (getRawInput, record) => void records.set(getRawInput, record),
  };
}
