// Docs: docs/how-it-works.md
import type { Codec } from '../codec.ts';
import type { Entry } from '../entry.ts';
import type { Wishes } from '../fill.ts';
import type { ToldPath } from '../http/told.ts';
import type { Policy } from '../policy.ts';
import type { Splices } from './fetch.ts';
import type { OuterResponse } from './headers.ts';

/** What identifies one call of a procedure: `ctx` does not survive `next({ ctx })`, and all calls of a batch share one. */
export type GetRawInput = () => Promise<unknown>;

/** The HTTP request a call came with. */
export interface RequestFacts {
  readonly method: string;
  readonly header: (name: string) => string | null;
  /** Its client wrote a moment ago, and shall see that. */
  readonly exact: boolean;
  /** Its response is made of stored forms, where nobody touches the outputs. */
  readonly lends?: boolean;
}

/** What is known of a request when its response is described. */
export interface Exchange {
  readonly request: RequestFacts;
  readonly outer: OuterResponse;
  /** To be called when the response is described, if its client wrote a moment ago. */
  readonly end: (() => void) | undefined;
  /** Set where the fetch wrapper stands around. */
  readonly splices: Splices | undefined;
  /** Whether tRPC has headers of ours: it asks again when what they were for cannot be serialized. */
  isAnswered: boolean;
}

/** The very value that `cached` returned: anything else in its place was made outside, and is not ours to describe. */
export interface Returned {
  readonly value: unknown;
  /** Whether it is unchanged. May throw: then it is not. */
  isIntact(): boolean;
}

/** What `cached` did for a call, as the HTTP layer needs it. */
export interface Outcome {
  readonly status: 'hit' | 'stale' | 'miss' | 'bypass';
  returned?: Returned | undefined;
  readonly entry?: Entry | undefined;
  /** The content tag of the entry. */
  readonly tag?: string | undefined;
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
export interface Unsettled {
  readonly act: () => Promise<void>;
  readonly always: boolean;
}

/** What is known of one call while it lasts. */
export interface CallRecord {
  request?: RequestFacts;
  /** Set while `cache.settle` collects what `invalidates` inside it would have written. */
  settling?: Unsettled[];
  outcome?: Outcome;
  /** The request and response that the call is part of. */
  exchange?: Exchange;
  /** Somebody sees what the outermost middleware returns. */
  isGated?: boolean;
  /** A hit on its way through the middlewares around `cached`, its output still to be taken. */
  lentOut?: {
    readonly result: object;
    /** What is said of this very hit; the record's is of whichever call of `next` ended last. */
    outcome?: Outcome;
    readonly loan: { readonly isUntaken: (holder: unknown) => boolean; readonly settle: (holder: unknown) => Returned };
  };
  /** Set once the call invalidated something. */
  wrote?: boolean;
  /** What its client may be told of that, in full paths. */
  told?: readonly ToldPath[];
}

/** A run of what stands behind a `cached`, with or without the cache. */
export interface Inside {
  /** By this function the code inside is known. */
  readonly getRawInput: GetRawInput;
  /** What is wished for from now on comes too late. */
  readonly end: () => void;
}

/** Records of calls by their `getRawInput`. */
export interface Calls {
  readonly of: (getRawInput: GetRawInput) => CallRecord;
  readonly find: (getRawInput: unknown) => CallRecord | undefined;
  /** Begins a run inside of a call, which may have several at once: somebody in front may call `next` twice. */
  readonly begin: (getRawInput: GetRawInput, wishes: Wishes) => Inside;
  /** What the run that is known by this function may wish for; nothing outside of one. */
  readonly wishesOf: (getRawInput: unknown) => Wishes | undefined;
  /** Lets a second function stand for the same call, and the same run of it. */
  readonly alias: (second: GetRawInput, first: GetRawInput) => void;
}

/** Holds no call longer than tRPC does. */
export function createCalls(): Calls {
  const records = new WeakMap<GetRawInput, CallRecord>();
  const runs = new WeakMap<GetRawInput, { wishes: Wishes | undefined }>();
  const of: Calls['of'] = (getRawInput) => {
    let record = records.get(getRawInput);
    if (record === undefined) records.set(getRawInput, (record = {}));
    return record;
  };
  return {
    of,
    find: (getRawInput) => (typeof getRawInput === 'function' ? records.get(getRawInput as GetRawInput) : undefined),
    begin(outer, wishes) {
      const run: { wishes: Wishes | undefined } = { wishes };
      const getRawInput: GetRawInput = () => outer();
      records.set(getRawInput, of(outer));
      runs.set(getRawInput, run);
      return { getRawInput, end: () => void (run.wishes = undefined) };
    },
    wishesOf: (getRawInput) =>
      typeof getRawInput === 'function' ? runs.get(getRawInput as GetRawInput)?.wishes : undefined,
    alias(second, first) {
      records.set(second, of(first));
      const run = runs.get(first);
      if (run !== undefined) runs.set(second, run);
    },
  };
}
