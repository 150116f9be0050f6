import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { createCache, memoryStore } from 'trpc-cached';
import { factsOf, type Group, type Settings } from '../group.ts';
import { heapUsed } from '../measure.ts';
import { payloads } from '../payloads.ts';
import { exchange, type Handler } from '../routers.ts';
import { type Point, slope } from '../statistics.ts';

const points = 30;
const users = 1_000;
const rows = 50_000;

/** A long mixed load on a store that is always full: hits, misses, invalidations, 304s, errors. The heap has to stay flat. */
export async function soak({ full }: Settings): Promise<Group[]> {
  const seconds = full ? 300 : 10;
  const load = mixed();
  const heap: Point[] = [];
  let operations = 0;
  const startMs = performance.now();
  const elapsed = () => (performance.now() - startMs) / 1_000;
  for (let point = 1; point <= points; point++) {
    while (elapsed() < (point * seconds) / points) {
      for (let turn = 0; turn < 100; turn++) await load();
      operations += 100;
    }
    heap.push({ x: Number(elapsed().toFixed(1)), y: heapUsed() / 1e6 });
  }
  // The store fills in the first third.
  const settled = heap.slice(points / 3);
  return [
    {
      name: 'soak, heap',
      unit: 'MB',
      compare: 'ratio',
      subjects: heap.map(({ x, y }) => ({ name: `after ${x} s`, x, rounds: [y] })),
    },
    factsOf('soak, slope of the heap', 'MB/min', { 'after the first third': slope(settled) * 60 }),
    factsOf('soak, operations', '', { all: operations }),
  ];
}

/** One operation after the other, the same in every run. */
function mixed(): () => Promise<unknown> {
  const t = initTRPC.context<{ user: string }>().create({ transformer: superjson });
  const cache = createCache<{ user: string }>({
    scope: 'public',
    store: memoryStore({ maxEntries: 5_000, maxEpochs: 20_000 }),
    defaults: { ttl: '2s', staleWhileRevalidate: '2s', staleIfError: '10s' },
  });
  let calls = 0;
  const byId = t.procedure.input((input) => input as number);
  const router = cache.register(
    t.router({
      row: byId.use(cache.cached({ tags: ({ input }) => [`row:${input}`] })).query((opts) => {
        calls += 1;
        if (calls % 50 === 0) throw new Error('the database is away');
        cache.control(opts).tag(`author:${opts.input % 100}`);
        return { ...payloads.tiny.value, id: opts.input };
      }),
      mine: t.procedure.use(cache.cached({ scope: ({ ctx }) => ctx.user })).query(() => payloads.small.value),
      list: t.procedure.use(cache.cached({ share: 'frozen' })).query(() => payloads.medium.tree),
      rename: byId.use(cache.invalidates(({ input }) => ({ path: 'row', input }))).mutation(() => 'renamed'),
    }),
  );
  const random = sequence(1);
  const below = (limit: number) => Math.floor(random() * limit);
  const callerOf = () => router.createCaller({ user: `user-${below(users)}` });
  const options = cache.http({ router, createContext: () => ({ user: `user-${below(users)}` }) });
  const handler: Handler = (req) => fetchRequestHandler({ endpoint: '/trpc', req, ...options });
  const wrapped = cache.fetch(handler);
  // Few are asked for often.
  const some = () => Math.floor(rows * random() ** 4);
  const ignored = async (work: Promise<unknown>) => void (await work.catch(() => {}));

  return async () => {
    const share = random();
    if (share < 0.5) return ignored(callerOf().row(some()));
    if (share < 0.6) return ignored(callerOf().mine());
    if (share < 0.65) return ignored(Promise.all([callerOf().list(), callerOf().list()]));
    if (share < 0.8) return exchange(handler, `row?input=${encodeURIComponent(`{"json":${some()}}`)}`);
    if (share < 0.9) return exchange(wrapped, 'list', '*');
    if (share < 0.95) return ignored(callerOf().rename(some()));
    if (share < 0.97) return cache.invalidate({ tag: `author:${below(100)}` }, { scope: `user-${below(users)}` });
    if (share < 0.99) return cache.invalidate({ path: 'row', input: some() }, { mode: 'expire' });
    return share < 0.999 ? cache.invalidate('mine') : cache.invalidate('*');
  };
}

/** Numbers between 0 and 1 that look random and are the same each time (a linear congruential generator). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
