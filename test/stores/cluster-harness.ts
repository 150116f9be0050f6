import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import type { CreateCacheOptions, Store } from '../../src/index.ts';
import { shardTags } from '../../src/stores/cluster-shards.ts';
import { type RedisStoreOptions, redisStore } from '../../src/stores/redis.ts';
import { type Context, cacheOf, listen, t } from '../support/app.ts';
import { type RedisCluster, startCluster } from '../support/cluster.ts';
import { type ClusterSettings, type Connected, connectCluster, type Kind } from '../support/redis-clients.ts';
import type { Packages } from '../support/redis-older.ts';

/** A store on a client of its own. */
export interface ClusterStore extends Connected {
  readonly store: Store;
}

/** A real cluster, with clients and stores on it. */
export interface ClusterHarness {
  readonly cluster: RedisCluster;
  /** Connects a client and makes a store on it; both end with the test, or with the suite. */
  readonly open: (
    kind: Kind,
    settings?: ClusterSettings & RedisStoreOptions & { forAll?: boolean },
    packages?: Packages,
  ) => Promise<ClusterStore>;
}

/** Starts one for the suite that calls this. */
export function useCluster(options: Parameters<typeof startCluster>[0] = {}): ClusterHarness {
  let cluster: RedisCluster;
  const opened = { once: [] as ClusterStore[], forAll: [] as ClusterStore[] };
  const end = async (stores: ClusterStore[]) => {
    for (const one of stores.splice(0)) {
      await one.store.close?.();
      one.end();
    }
  };
  beforeAll(async () => {
    cluster = await startCluster(options);
  }, 30_000);
  afterAll(async () => {
    await end(opened.forAll);
    await cluster?.stop();
  });
  afterEach(async () => {
    for (const load of running.splice(0)) load.stop(); // also that of a test that failed
    await end(opened.once);
  });
  return {
    get cluster() {
      return cluster;
    },
    async open(kind, { forAll = false, channel, ...settings } = {}, packages) {
      const ports = cluster.nodes.map(({ port }) => port);
      const connected = await connectCluster(kind, ports, settings, packages);
      const one = { ...connected, store: redisStore(connected.client, channel === undefined ? {} : { channel }) };
      opened[forAll ? 'forAll' : 'once'].push(one);
      return one;
    },
  };
}

/** What a name is called in every shard. */
export const everywhere = (...names: string[]): string[] => names.flatMap((name) => shardTags.map((tag) => tag + name));

let apps = 0;

/** Rows of a database behind a cached query: their versions only grow, so what is old can be told. */
export const rowsOn = (
  inner: Store,
  options: Partial<CreateCacheOptions<Context>> = {},
  versions = new Map<number, number>(),
) => {
  const namespace = options.namespace ?? `rows${++apps}`;
  const keys = new Map<number, string>();
  const fill: Store['fill'] = (request) => {
    keys.set(Number(/"id":(\d+)/.exec(request.entry.body.text)?.[1]), request.entry.key);
    return inner.fill(request);
  };
  const store = { ...inner, fill };
  const cache = cacheOf({ store, timeouts: { read: '5s', write: '5s' }, ...options, namespace });
  return { cache, namespace, versions, keyOf: (id: number) => keys.get(id) as string, ...rowsOf(cache, versions) };
};

/** The same rows as another process sees them, through a store of its own. */
export const besides = ({ versions, namespace }: Rows, store: Store): Rows => rowsOn(store, { namespace }, versions);

const rowsOf = (cache: ReturnType<typeof cacheOf>, versions: Map<number, number>) => {
  const confirmed = new Map<number, number>();
  const run = vi.fn(async ({ input }: { input: number }) => ({ id: input, version: versions.get(input) ?? 0 }));
  const router = cache.register(
    t.router({
      row: t.procedure
        .input((value) => value as number)
        .use(cache.cached({ ttl: '1h', tags: ({ input }) => [`row:${input}`] }))
        .query(run),
    }),
  );
  const caller = router.createCaller({});
  return {
    run,
    errors: listen(cache, 'error'),
    hits: listen(cache, 'hit'),
    bypasses: listen(cache, 'bypass'),
    breaker: listen(cache, 'breaker'),
    /** Reads a row, and fails if what comes was invalidated, with a confirmation, before the read began. */
    read: async (id: number) => {
      const least = confirmed.get(id) ?? 0;
      const { version, ...rest } = await caller.row(id);
      expect(rest).toEqual({ id });
      expect(version).toBeGreaterThanOrEqual(least);
      return version;
    },
    /** Writes a row and invalidates it; whether that was confirmed. */
    write: async (id: number, how: 'tag' | 'input' | 'path' = 'input') => {
      const version = (versions.get(id) ?? 0) + 1;
      versions.set(id, version);
      const target = { tag: { tag: `row:${id}` }, input: { path: 'row', input: id }, path: 'row' }[how];
      const isConfirmed = await cache.invalidate(target as 'row').then(
        () => true,
        () => false,
      );
      if (isConfirmed) confirmed.set(id, Math.max(version, confirmed.get(id) ?? 0));
      return isConfirmed;
    },
  };
};

export type Rows = ReturnType<typeof rowsOn>;

const running: { stop: () => void }[] = [];

/** Reads and writes rows from several sides until told to stop, or until one fails; counts what was confirmed and what was not. */
export const underLoad = (rows: Rows, { rowCount = 40, workers = 6 } = {}) => {
  let isOver = false;
  const seen = { reads: 0, confirmed: 0, refused: 0 };
  let seed = 1;
  const next = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const kinds = ['tag', 'input', 'tag', 'path'] as const;
  const work = async () => {
    try {
      while (!isOver) {
        const id = next(rowCount);
        if (next(6) === 0) seen[(await rows.write(id, kinds[next(4)])) ? 'confirmed' : 'refused'] += 1;
        else {
          await rows.read(id);
          seen.reads += 1;
        }
      }
    } finally {
      isOver = true;
    }
  };
  const all = Promise.all(Array.from({ length: workers }, work));
  all.catch(() => {}); // told by stop()
  running.push({ stop: () => (isOver = true) });
  return {
    seen,
    async stop() {
      isOver = true;
      await all;
    },
  };
};
