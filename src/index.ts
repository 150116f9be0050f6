export type { CallOpts, ResultOpts } from './call-opts.ts';
export type { Codec, Encoded, Transformer } from './codec.ts';
export type { CollectOptions } from './collect.ts';
export type { Control } from './control.ts';
export { createCache } from './create-cache.ts';
export type { Duration } from './duration.ts';
export type { EntriesOptions, EntriesPage, ListedEntry } from './entries.ts';
export type { Entry } from './entry.ts';
export { CacheError, type CacheErrorCode } from './errors.ts';
export type { BypassReason, CacheEvents, Listener, SkipReason } from './events.ts';
export type { ExplainedEntry, ExplainedEpoch, Explanation } from './explanation.ts';
export type { GuardOptions } from './guard.ts';
export type { CdnDialect } from './http/tag-headers.ts';
export type { HttpOptions } from './http-options.ts';
export type { InvalidateOptions, InvalidateResult } from './invalidate.ts';
export { everyone, type ScopeValue } from './key.ts';
export type { ShownScope } from './label.ts';
export type { HttpLifetimes } from './lifetimes.ts';
export type { CreateCacheOptions } from './options.ts';
export type { CachedOptions, Scope } from './policy.ts';
export type { Purge } from './purge.ts';
export type { AsyncContext } from './runs.ts';
export type { StaleIfError } from './stale-if-error.ts';
export type { CacheStatus, ListedProcedure } from './status.ts';
export type {
  Awaitable,
  BusListener,
  EntryHead,
  FillAnswer,
  FillRequest,
  Lease,
  LeaseAnswer,
  LookupAnswer,
  LookupRequest,
  Mode,
  PartsConfirmed,
  ScanAnswer,
  ScanRequest,
  Store,
} from './store.ts';
export { type MemoryStoreOptions, memoryStore } from './stores/memory.ts';
export { type TieredStoreOptions, tieredStore } from './stores/tiered.ts';
export type {
  Cache,
  CacheMiddleware,
  ContextOf,
  HttpInput,
  InputOf,
  PathsOf,
  TypedCache,
  TypedTarget,
} from './surface.ts';
export type { Target, TargetFn, Targets } from './targets.ts';
export type { AuditFinding } from './trpc/audit/finding.ts';
export type { AuditOptions } from './trpc/audit/options.ts';
export type { EntryTarget, Peeked } from './trpc/direct.ts';
export type { ExplainOptions } from './trpc/explain.ts';
export type { FetchHandler, FetchOptions } from './trpc/fetch.ts';
export type { InvalidatesOptions, InvalidatesTrailing } from './trpc/invalidates.ts';
export type { WrapOptions, Wrapped } from './wrap.ts';
