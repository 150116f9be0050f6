import { type AnyTRPCRouter, initTRPC } from '@trpc/server';
import { createCache, memoryStore } from 'trpc-cached';
import { type Group, type Groups, groupsBy, type Settings } from '../group.ts';
import { heapUsed, type Subject } from '../measure.ts';
import { payloads } from '../payloads.ts';

const t = initTRPC.create();
const count = (number: number, one: string, many = `${one}s`) =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
const { tree } = payloads.tiny;

/** What a hit and an invalidation cost against how much there is of everything. Each line begins with its baseline. */
export async function scale(settings: Settings): Promise<readonly Group[]> {
  const groups = groupsBy(settings);
  await byProcedures(groups);
  await byTags(groups);
  await byDepth(groups);
  await byEntries(groups, mostEntries(settings));
  return groups.all;
}

const mostEntries = ({ quick, full }: Settings): number[] => [
  ...[100, 1_000, 10_000],
  ...(quick ? [] : [100_000]),
  ...(full ? [1_000_000] : []),
];

/** A subject for each point of a line, compared with the first. */
function line<Site extends { x: number }>(
  sites: readonly Site[],
  name: (x: number) => string,
  run: (site: Site) => unknown,
): Subject[] {
  const against = sites.slice(0, 1).map(({ x }) => name(x));
  return sites.map((site, index) => ({
    name: name(site.x),
    x: site.x,
    ...(index > 0 && { against }),
    run: () => run(site),
  }));
}

const entries = (x: number) => count(x, 'entry', 'entries');
const procedures = (x: number) => count(x, 'procedure');
const tagged = (x: number) => count(x, 'tag');
const routers = (x: number) => count(x, 'router');

async function byEntries(groups: Groups, sizes: readonly number[]): Promise<void> {
  const stored: Record<string, number> = {};
  const decoded: Record<string, number> = {};
  const sites = [];
  for (const x of sizes) {
    const before = heapUsed();
    const store = memoryStore({ maxEntries: x, maxBytes: 4 * 1024 ** 3, maxEpochs: 4 * x + 100 });
    const cache = createCache({ scope: 'public', store, defaults: { ttl: '1h' } });
    let runs = 0;
    const router = cache.register(
      t.router({
        row: t.procedure
          .input((input) => input as number)
          .use(cache.cached())
          .query(({ input }) => {
            runs += 1;
            return { ...tree, id: input };
          }),
      }),
    );
    const { row } = router.createCaller({});
    for (let id = 0; id < x; id++) await row(id);
    stored[entries(x)] = (heapUsed() - before) / x;
    for (let id = 0; id < x; id++) await row(id);
    decoded[entries(x)] = (heapUsed() - before) / x;
    if (runs !== x) throw new Error(`${x} entries: the store did not keep all of them, or not all reads were hits`);
    let last = 0;
    // Far apart, so that it is not always the same few that the processor has at hand.
    const next = () => (last = (last + 7_919) % x);
    sites.push({ x, row, cache, next });
  }
  await groups.add(
    'scale, entries: hit',
    line(sites, entries, ({ row, next }) => row(next())),
  );
  await groups.add(
    'scale, entries: invalidation of one input',
    line(sites, entries, ({ cache, next }) => cache.invalidate({ path: 'row', input: next() })),
  );
  await groups.add(
    'scale, entries: invalidation of all',
    line(sites, entries, ({ cache }) => cache.invalidate('row')),
  );
  // Of few entries, the heap says more about everything else.
  const whole = (figures: Record<string, number>) =>
    Object.fromEntries(Object.entries(figures).filter((_, index) => (sizes[index] ?? 0) >= 10_000));
  groups.facts('scale, memory per entry of 100 B, stored', 'bytes', whole(stored));
  groups.facts('scale, memory per entry of 100 B, stored and decoded', 'bytes', whole(decoded));
}

/** Routers of ten procedures each, under one router. */
async function byProcedures(groups: Groups): Promise<void> {
  const sites = [];
  for (const x of [10, 100, 1_000]) {
    const { cached, register, invalidate } = createCache({ scope: 'public', defaults: { ttl: '1h' } });
    const ten = () =>
      t.router(Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`p${index}`, procedure(cached)])));
    const record = Object.fromEntries(Array.from({ length: x / 10 }, (_, index) => [`r${index}`, ten()]));
    const caller = register(t.router(record)).createCaller({}) as unknown as Nested;
    const call = () => (caller.r0 as Nested).p5?.();
    await call();
    sites.push({ x, call, invalidate });
  }
  await groups.add(
    'scale, procedures: hit',
    line(sites, procedures, ({ call }) => call()),
  );
  await groups.add(
    'scale, procedures: invalidation of a router',
    line(sites, procedures, ({ invalidate }) => invalidate('r0.*')),
  );
  await groups.add(
    'scale, procedures: invalidation of a name in all routers',
    line(sites, procedures, ({ invalidate }) => invalidate('*.p5')),
  );
}

type Nested = { [name: string]: Nested } & (() => Promise<unknown>);

const procedure = (cached: ReturnType<typeof createCache>['cached']) => t.procedure.use(cached()).query(() => tree);

async function byTags(groups: Groups): Promise<void> {
  const sites = [];
  for (const x of [1, 10, 100]) {
    const { cached, register, invalidate } = createCache({ scope: 'public', defaults: { ttl: '1h' } });
    const tags = Array.from({ length: x }, (_, index) => `author:${index}`);
    const router = t.router({ tagged: t.procedure.use(cached({ tags })).query(() => tree) });
    const { tagged: read } = register(router).createCaller({});
    await read();
    sites.push({ x, read, invalidate });
  }
  await groups.add(
    'scale, tags of an entry: hit',
    line(sites, tagged, ({ read }) => read()),
  );
  await groups.add(
    'scale, tags of an entry: invalidation of one tag',
    line(sites, tagged, ({ invalidate }) => invalidate({ tag: 'author:0' })),
  );
}

/** Each router above a procedure is one more epoch of its entries. */
async function byDepth(groups: Groups): Promise<void> {
  const sites = [];
  for (const x of [1, 4, 16]) {
    const { cached, register } = createCache({ scope: 'public', defaults: { ttl: '1h' } });
    let record: Record<string, unknown> = { leaf: procedure(cached) };
    for (let level = 0; level < x; level++) record = { n: t.router(record as never) };
    const router = t.router(record as never) as unknown as AnyTRPCRouter;
    const caller = register(router).createCaller({}) as unknown as Nested;
    const path = [...Array.from({ length: x }, () => 'n'), 'leaf'];
    const leaf = path.reduce<Nested>((node, name) => node[name] as Nested, caller);
    await leaf();
    sites.push({ x, leaf });
  }
  await groups.add(
    'scale, routers above a procedure: hit',
    line(sites, routers, ({ leaf }) => leaf()),
  );
}
