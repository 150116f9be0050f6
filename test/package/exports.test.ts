import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exportsOf, root } from './source.ts';

const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** The public names of an entry, values before types. */
const namesOf = (file: string) => {
  const sorted = exportsOf(file).sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    values: sorted.filter(({ isType }) => !isType).map(({ name }) => name),
    types: sorted.filter(({ isType }) => isType).map(({ name }) => name),
  };
};

describe('public names', () => {
  it('of trpc-cached are these', () => {
    expect(namesOf('index.ts')).toMatchInlineSnapshot(`
      {
        "types": [
          "AsyncContext",
          "AuditFinding",
          "AuditOptions",
          "Awaitable",
          "BusListener",
          "BypassReason",
          "Cache",
          "CacheErrorCode",
          "CacheEvents",
          "CacheMiddleware",
          "CacheStatus",
          "CachedOptions",
          "CallOpts",
          "CdnDialect",
          "Codec",
          "CollectOptions",
          "ContextOf",
          "Control",
          "CreateCacheOptions",
          "Duration",
          "Encoded",
          "EntriesOptions",
          "EntriesPage",
          "Entry",
          "EntryHead",
          "EntryTarget",
          "ExplainOptions",
          "ExplainedEntry",
          "ExplainedEpoch",
          "Explanation",
          "FetchHandler",
          "FetchOptions",
          "FillAnswer",
          "FillRequest",
          "GuardOptions",
          "HttpInput",
          "HttpLifetimes",
          "HttpOptions",
          "InputOf",
          "InvalidateOptions",
          "InvalidateResult",
          "InvalidatesOptions",
          "InvalidatesTrailing",
          "Lease",
          "LeaseAnswer",
          "ListedEntry",
          "ListedProcedure",
          "Listener",
          "LookupAnswer",
          "LookupRequest",
          "MemoryStoreOptions",
          "Mode",
          "PartsConfirmed",
          "PathsOf",
          "Peeked",
          "Purge",
          "ResultOpts",
          "ScanAnswer",
          "ScanRequest",
          "Scope",
          "ScopeValue",
          "ShownScope",
          "SkipReason",
          "StaleIfError",
          "Store",
          "Target",
          "TargetFn",
          "Targets",
          "TieredStoreOptions",
          "Transformer",
          "TypedCache",
          "TypedTarget",
          "WrapOptions",
          "Wrapped",
        ],
        "values": [
          "CacheError",
          "createCache",
          "everyone",
          "memoryStore",
          "tieredStore",
        ],
      }
    `);
  });

  it('of trpc-cached/upstash are these', () => {
    expect(namesOf('stores/upstash.ts')).toMatchInlineSnapshot(`
      {
        "types": [
          "UpstashClient",
          "UpstashPipeline",
          "UpstashStoreOptions",
        ],
        "values": [
          "upstashStore",
        ],
      }
    `);
  });

  it('of trpc-cached/keyv are these', () => {
    expect(namesOf('stores/kv.ts')).toMatchInlineSnapshot(`
      {
        "types": [
          "KeyvClient",
          "KvStoreOptions",
        ],
        "values": [
          "kvStore",
        ],
      }
    `);
  });

  it('of trpc-cached/redis are these', () => {
    expect(namesOf('stores/redis.ts')).toMatchInlineSnapshot(`
      {
        "types": [
          "IoredisClient",
          "IoredisCluster",
          "NodeRedisClient",
          "NodeRedisCluster",
          "RedisClient",
          "RedisStoreOptions",
        ],
        "values": [
          "redisStore",
        ],
      }
    `);
  });

  it('of trpc-cached/cdn are these', () => {
    expect(namesOf('cdn/index.ts')).toMatchInlineSnapshot(`
      {
        "types": [
          "CdnDialect",
          "CloudflarePurgeOptions",
          "FastlyPurgeOptions",
          "Purge",
          "PurgeApiOptions",
          "VercelPurgeOptions",
        ],
        "values": [
          "cdnTag",
          "cloudflarePurge",
          "fastlyPurge",
          "vercelPurge",
        ],
      }
    `);
  });

  it('of trpc-cached/client are these', () => {
    expect(namesOf('client/index.ts')).toMatchInlineSnapshot(`
      {
        "types": [
          "ConditionalFetch",
          "ConditionalFetchOptions",
          "Fetch",
          "FetchInit",
          "Invalidated",
          "InvalidationLink",
          "InvalidationLinkOptions",
          "Matches",
          "Results",
        ],
        "values": [
          "conditionalFetch",
          "invalidationLink",
        ],
      }
    `);
  });

  it('of trpc-cached/inspector are these', () => {
    expect(namesOf('inspector/index.ts')).toMatchInlineSnapshot(`
      {
        "types": [
          "FeedItem",
          "Inspector",
          "InspectorOptions",
          "NodeRequest",
          "NodeResponse",
          "PathCounts",
          "Slot",
          "Snapshot",
        ],
        "values": [
          "inspector",
        ],
      }
    `);
  });

  it('of trpc-cached/testing are these', () => {
    expect(namesOf('testing/index.ts')).toMatchInlineSnapshot(`
      {
        "types": [
          "Ability",
          "CaseContext",
          "ContractOptions",
          "ExpectOptions",
          "Fault",
          "FaultCall",
          "FaultOperation",
          "FaultStore",
          "FaultStoreOptions",
          "Faults",
          "Framework",
          "MakeStore",
          "StoreCase",
          "VirtualClock",
          "VirtualClockOptions",
        ],
        "values": [
          "describeOutage",
          "describeStore",
          "expectBypass",
          "expectHit",
          "expectMiss",
          "expectStale",
          "faultStore",
          "outageSuite",
          "storeContract",
          "virtualClock",
        ],
      }
    `);
  });

  it('of trpc-cached/opentelemetry are these', () => {
    expect(namesOf('opentelemetry/index.ts')).toMatchInlineSnapshot(`
      {
        "types": [
          "Attributes",
          "Counter",
          "Histogram",
          "InstrumentOptions",
          "InstrumentStoreOptions",
          "Instrumented",
          "Meter",
          "MetricOptions",
          "Observable",
          "ObservableResult",
          "Span",
          "Tracer",
        ],
        "values": [
          "instrument",
          "instrumentStore",
        ],
      }
    `);
  });

  it('of trpc-cached/node are these', () => {
    expect(namesOf('node/index.ts')).toMatchInlineSnapshot(`
      {
        "types": [
          "ChannelMessage",
          "ChannelsOptions",
          "Published",
        ],
        "values": [
          "publishEvents",
        ],
      }
    `);
  });

  it('are the values that the built entries export', async () => {
    for (const { default: built } of Object.values<{ default?: string }>(manifest.exports)) {
      if (built === undefined) continue;
      const file = built.replace('./dist/', '').replace(/\.js$/, '.ts');
      const names = Object.keys(await import(/* @vite-ignore */ `${root}${built}`));
      expect([file, names.sort()]).toEqual([file, namesOf(file).values]);
    }
  });
});

describe('the package', () => {
  it('has every file that package.json names', () => {
    const named = Object.values<string | Record<string, string>>(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? target : Object.values(target),
    );
    const files = manifest.files.filter((path: string) => !path.startsWith('!'));
    const missing = [...named, ...files].filter((path: string) => !existsSync(`${root}${path}`));
    expect(missing).toEqual([]);
  });

  it('needs nothing at run time but what it declares', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['@noble/hashes', 'lru-cache', 'superjson']);
    expect(manifest.sideEffects).toBe(false);
  });
});
