import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
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
          "Awaitable",
          "BusListener",
          "BypassReason",
          "Cache",
          "CacheErrorCode",
          "CacheEvents",
          "CacheMiddleware",
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
          "Entry",
          "EntryTarget",
          "FetchHandler",
          "FetchOptions",
          "FillAnswer",
          "FillRequest",
          "HttpLifetimes",
          "HttpOptions",
          "InvalidateOptions",
          "InvalidateResult",
          "InvalidatesOptions",
          "Lease",
          "LeaseAnswer",
          "Listener",
          "LookupAnswer",
          "LookupRequest",
          "MemoryStoreOptions",
          "Mode",
          "PathsOf",
          "Peeked",
          "Purge",
          "ResultOpts",
          "Scope",
          "ScopeValue",
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

  it('of trpc-cached/redis are these', () => {
    expect(namesOf('stores/redis.ts')).toMatchInlineSnapshot(`
      {
        "types": [
          "IoredisClient",
          "NodeRedisClient",
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

  it('are the values that the built entries export', async () => {
    for (const [entry, file] of [
      ['.', 'index.ts'],
      ['./upstash', 'stores/upstash.ts'],
      ['./redis', 'stores/redis.ts'],
      ['./cdn', 'cdn/index.ts'],
      ['./client', 'client/index.ts'],
    ] as const) {
      const built = await import(/* @vite-ignore */ `${root}${manifest.exports[entry].default}`);
      expect(Object.keys(built).sort()).toEqual(namesOf(file).values);
    }
  });
});

describe('the package', () => {
  it('has every file that package.json names', () => {
    const named = Object.values<string | Record<string, string>>(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? target : Object.values(target),
    );
    const missing = [...named, ...manifest.files].filter((path: string) => !existsSync(`${root}${path}`));
    expect(missing).toEqual([]);
  });

  it('holds what is needed to use it, and no test or example', async () => {
    const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
    });
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'package.json',
        'README.md',
        'LICENSE',
        'docs/http.md',
        'dist/index.js',
        'dist/index.d.ts',
      ]),
    );
    const allowed = /^(?:dist|docs|src)\/|^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    expect(paths.filter((path) => !allowed.test(path) || /test|example|bench/.test(path))).toEqual([]);
  });

  it('needs nothing at run time but what it declares', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['@noble/hashes', 'lru-cache', 'superjson']);
    expect(manifest.sideEffects).toBe(false);
  });
});
