// Docs: docs/http.md
import type { Emitter } from '../events.ts';
import type { Exact } from '../exact.ts';
import type { GetRawInput, Outcome } from './calls.ts';
import type { Splices } from './fetch.ts';
import type { HeaderSource } from './headers.ts';
import type { ResponseItem } from './response.ts';
import type { WriterParts } from './writer.ts';

/** One request, as tRPC tells of it: an object that stays the same until the response is sent. */
export interface RequestInfo {
  readonly isBatchCall?: boolean;
  readonly accept?: string | null;
  readonly calls: readonly { readonly path: string; readonly getRawInput: GetRawInput }[];
  readonly connectionParams?: unknown;
}

/** What tRPC hands to `responseMeta`. */
export interface MetaOpts {
  readonly data: ResponseItem[];
  readonly errors: readonly unknown[];
  readonly info?: RequestInfo;
  readonly eagerGeneration?: boolean;
  readonly type: string;
}

/** What `responseMeta` returns. */
export interface Meta {
  status?: number;
  headers?: HeaderSource;
}

/** What the HTTP layer needs of its cache. */
export interface HttpParts extends WriterParts {
  readonly exact: Exact;
  /** By the request that the fetch wrapper was called with. */
  readonly splices: WeakMap<object, Splices>;
  readonly emitter: Emitter;
  /** Part of every tag: what else decides how an output becomes bytes. */
  readonly salt: string;
  /** Whether the router serializes outputs with this codec. */
  readonly speaks: (codec: Outcome['codec']) => boolean;
}
