import { initTRPC } from '@trpc/server';
import type { Store } from '../../src/store.ts';
import type { Library } from './library.ts';
import type { Oracle, Row, Versioned } from './oracle.ts';
import { lifetimes, type Program, type Query, queriesOf } from './program.ts';
import type { Steps } from './steps.ts';
import { type Party, parts } from './wire.ts';

const t = initTRPC.context<{ user: string }>().create();
const long = '1h';
// The store allocates room for all the entries it may hold, which is most of the time of a schedule otherwise.
export const small = { maxEntries: 50, maxEpochs: 500 };

/** A process as a program uses it. */
export interface Process {
  readonly cache: Pick<ReturnType<Library['createCache']>, 'invalidate'>;
  readonly caller: Readonly<Record<Query, () => Promise<Versioned>>>;
  /** How many of its answers nobody had to run for, and how many of these joined a flight. */
  readonly shared: () => number;
  readonly joined: () => number;
}

/** A process: a cache with its store, and a router over the database. */
export function createProcess(
  party: Party,
  store: Store,
  program: Program,
  library: Library,
  steps: Steps,
  oracle: Oracle,
): Process {
  const { name, own } = party;
  const cache = library.createCache<{ user: string }>({
    store,
    namespace: 'explorer',
    scope: 'public',
    coalesce: program.leases === true ? 'store' : 'process',
    timeouts: { read: long, write: long, join: long, revalidate: long },
    ...(program.behind === true && { waitUntil: (work: Promise<unknown>) => void work.catch(() => {}) }),
  });
  let shared = 0;
  cache.on('hit', () => shared++);
  cache.on('stale', () => shared++);
  let joined = 0;
  cache.on('miss', ({ coalesced }) => (joined += coalesced ? 1 : 0));
  const load = async (row: Row): Promise<Versioned> => {
    await steps.step({
      label: `the ${name} reads ${row} from the database`,
      owner: name,
      touches: () => ({ reads: parts.database, writes: 0 }),
    });
    const version = oracle.current(row);
    await steps.step({
      label: `the ${name} gets version ${version} of ${row}`,
      owner: name,
      touches: () => ({ reads: parts.clock, writes: own }),
    });
    return { version, readAt: Date.now() };
  };
  const ttl = lifetimes.ttlMs / 1_000;
  const staleWhileRevalidate = lifetimes.staleMs / 1_000;
  const { cached } = cache;
  let self: Readonly<Record<'plain' | 'stale', () => Promise<Versioned>>> | undefined;
  const makers = {
    plain: () => t.procedure.use(cached({ ttl, tags: ['known'] })).query(() => load('plain')),
    tagged: () =>
      t.procedure.use(cached({ ttl })).query(async (opts) => {
        const answer = await load('tagged');
        cache.control(opts).tag('learned');
        return answer;
      }),
    mine: () => t.procedure.use(cached({ ttl, scope: ({ ctx }) => ctx.user })).query(() => load('mine')),
    stale: () => t.procedure.use(cached({ ttl, staleWhileRevalidate })).query(() => load('stale')),
    outer: () =>
      t.procedure.use(cached({ ttl, tags: ['known'] })).query(() => (self as NonNullable<typeof self>).plain()),
    over: () => t.procedure.use(cached({ ttl })).query(() => (self as NonNullable<typeof self>).stale()),
  };
  // Only what is asked for: making procedures is much of the time of a schedule.
  const asked = queriesOf(program).map((query) => [query, makers[query]()] as const);
  const router = cache.register(t.router(Object.fromEntries(asked)));
  const caller = router.createCaller({ user: 'ann' }) as unknown as Record<Query, () => Promise<Versioned>>;
  self = caller;
  return { cache, caller, shared: () => shared + joined, joined: () => joined };
}

/** The store of a process: what is far away, or tiers in front of it. */
export const storeOf = (program: Program, library: Library, far: Store): Store =>
  program.store === 'tiers'
    ? library.tieredStore(library.memoryStore(small), far, { trust: (program.trustMs ?? 0) / 1_000 })
    : far;
