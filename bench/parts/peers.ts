import { initTRPC } from '@trpc/server';
import superjson from 'superjson';
import { createCache } from 'trpc-cached';
import { type Group, groupsBy, type Settings } from '../group.ts';
import type { Subject } from '../measure.ts';
import { payloads, type Row, type TextRow } from '../payloads.ts';
import { peerModule } from '../peers.ts';

type Load = (id: number) => unknown;
type Loaded = (id: number) => Promise<unknown>;
type Value = Pick<(typeof payloads)['tiny'], 'value' | 'tree'>;

/** A cache by what it makes of a function. */
interface Contender {
  readonly name: string;
  readonly wrap: (load: Load) => Loaded;
  /** Whether it is given values without Dates, because no Date can be frozen. */
  readonly ofText?: boolean;
}

const names = ['async-cache-dedupe', 'bentocache', 'cacheable', 'cachified', 'ocache'] as const;
const ours = 'trpc-cached';

/** Hits of other caches that live in memory, each used as its README says, bare and in the resolver of a procedure. */
export async function peers(settings: Settings): Promise<readonly Group[]> {
  const groups = groupsBy(settings);
  const others = await Promise.all(names.map((peer) => peerModule<Contender>(peer)));
  const bare = [...ourWraps(), ...others];
  for (const payload of [payloads.tiny, payloads.large]) {
    await groups.add(`peers, ${payload.name}, bare`, await hits(bare, payload));
    await groups.add(`peers, ${payload.name}, in a procedure`, await procedures(others, payload));
  }
  groups.facts('peers, callers are isolated', 'yes', await each(bare, isIsolating));
  groups.facts('peers, Dates stay Dates', 'yes', await each(bare, keepsDates));
  return groups.all;
}

const each = async (contenders: readonly Contender[], ask: (contender: Contender) => Promise<boolean>) =>
  Object.fromEntries(
    await Promise.all(contenders.map(async (contender) => [contender.name, Number(await ask(contender))] as const)),
  );

function ourWraps(): Contender[] {
  const cache = createCache({ scope: 'public', transformer: superjson });
  let names = 0;
  const wrap = (share: 'copy' | 'frozen') => (load: Load) => cache.wrap(`rows-${names++}`, load, { ttl: '1h', share });
  return [
    { name: ours, wrap: wrap('copy') },
    { name: `${ours}, frozen`, wrap: wrap('frozen'), ofText: true },
  ];
}

/** A hit of each, filled before. */
async function hits(contenders: readonly Contender[], { value, tree }: Value): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const { name, wrap, ofText } of contenders) {
    const get = wrap(() => (ofText ? tree : value));
    await get(1);
    subjects.push({ name, ...(name !== ours && { against: [ours] }), run: () => get(1) });
  }
  return subjects;
}

async function procedures(others: readonly Contender[], { value, tree }: Value): Promise<Subject[]> {
  const t = initTRPC.create({ transformer: superjson });
  const { cached, register } = createCache({ scope: 'public' });
  const subjects: Subject[] = [];
  const add = async (name: string, query: () => Promise<unknown>) => {
    await query();
    subjects.push({ name, ...(name !== ours && { against: [ours] }), run: query });
  };
  const own = register(
    t.router({
      plain: t.procedure.query(() => value),
      copy: t.procedure.use(cached('1h')).query(() => value),
      frozen: t.procedure.use(cached({ ttl: '1h', share: 'frozen' })).query(() => tree),
    }),
  ).createCaller({});
  await add(ours, () => own.copy());
  await add(`${ours}, frozen`, () => own.frozen());
  await add('not cached', () => own.plain());
  for (const { name, wrap } of others) {
    const get = wrap(() => value);
    const router = t.router({ rows: t.procedure.query(() => get(1)) });
    const caller = router.createCaller({});
    await add(name, () => caller.rows());
  }
  return subjects;
}

/** Whether what one caller does to its answer is kept from the next one, found out by doing it. */
async function isIsolating({ wrap }: Contender): Promise<boolean> {
  const get = wrap((): TextRow[] => [{ id: 1, title: 'as it was', author: 'ann', at: '1970-01-01' }]);
  await get(1);
  const [row] = (await get(1)) as [TextRow];
  try {
    row.title = 'changed by a caller';
  } catch {
    // It is frozen: nobody can change it.
  }
  const [next] = (await get(1)) as [TextRow];
  return next.title === 'as it was';
}

async function keepsDates({ wrap }: Contender): Promise<boolean> {
  const get = wrap(() => [{ at: new Date(0) }]);
  await get(1);
  const [row] = (await get(1)) as [Pick<Row, 'at'>];
  return row.at instanceof Date;
}
