import { memoryStore, type Store } from '../../src/index.ts';
import { cacheOf, t } from '../support/app.ts';

/** Lets waiting steps go on one at a time, in an order that the choices decide. */
export const createSteps = (choices: readonly number[]) => {
  const waiting: (() => void)[] = [];
  let taken = 0;
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    step: () => new Promise<void>((resolve) => void waiting.push(resolve)),
    choose: (count: number) => (choices[taken++ % choices.length] as number) % count,
    async run(): Promise<void> {
      for (await settled(); waiting.length > 0; await settled()) {
        const [next] = waiting.splice((choices[taken++ % choices.length] as number) % waiting.length, 1);
        next?.();
      }
    },
  };
};

type Steps = ReturnType<typeof createSteps>;

/** How a store can be wrong, to see that the property sees it. */
export type Bug = 'none' | 'fills whatever moved on' | 'confirms before it wrote' | 'uses an id again';

/** A remote store: requests arrive late, answers come late, and now and then a request arrives a second time. */
const distant = (inner: () => Store, { step, choose }: Steps, bug: Bug): Store => {
  const sent = async <T>(work: () => T | Promise<T>): Promise<T> => {
    await step();
    const answer = await work();
    if (choose(4) === 0) void step().then(work);
    await step();
    return answer;
  };
  let first: string | undefined;
  return {
    name: 'distant',
    supports: { ...inner().supports, local: false },
    lookup: async (request) => {
      const answer = await sent(() => inner().lookup(request));
      if (bug !== 'uses an id again') return answer;
      first ??= answer.ids[0];
      const same = (ids: readonly (string | undefined)[]) => ids.map((id) => id && first);
      return { ...answer, ids: same(answer.ids), own: same(answer.own) };
    },
    fill: (request) =>
      sent(async () => {
        if (bug === 'none' || bug === 'confirms before it wrote') return inner().fill(request);
        const { epochs } = request.entry;
        const ids = (await inner().lookup({ epochs, keepMs: 1 })).ids as string[];
        const entry = { ...request.entry, ids: bug === 'uses an id again' ? request.entry.ids : ids };
        return inner().fill({ ...request, entry, unchanged: [] });
      }),
    advance: async (epochs) => {
      if (bug !== 'confirms before it wrote') return sent(() => inner().advance(epochs));
      void step().then(() => inner().advance(epochs));
    },
  };
};

/** One thing that somebody does, at a time that the scheduler decides. */
export type Action =
  | { readonly kind: 'read'; readonly process: 0 | 1; readonly name: 'plain' | 'tagged' }
  | { readonly kind: 'write'; readonly process: 0 | 1; readonly how: 'path' | 'tag' | 'learned' | 'all' }
  | { readonly kind: 'restart' };

const writes = {
  path: { target: 'plain', rows: ['plain'] },
  tag: { target: { tag: 'known' }, rows: ['plain'] },
  learned: { target: { tag: 'learned' }, rows: ['tagged'] },
  all: { target: '*', rows: ['plain', 'tagged'] },
} as const;

/** What every read gave, and the least that it had to give. */
export interface Seen {
  readonly value: number;
  readonly acknowledged: number;
}

/** Runs actions of two processes over one store in the order that the choices decide; `shared` counts hits and waiters. */
export const interleave = async (
  actions: readonly Action[],
  choices: readonly number[],
  { bug = 'none', maxEpochs = 1_000 }: { bug?: Bug; maxEpochs?: number } = {},
): Promise<{ seen: Seen[]; shared: number }> => {
  const steps = createSteps(choices);
  const makeInner = () => memoryStore({ maxEpochs });
  let inner = makeInner();
  const rows = { plain: 1, tagged: 1 };
  const acknowledged = { plain: 1, tagged: 1 };
  const seen: Seen[] = [];
  let shared = 0;

  const processes = [0, 1].map(() => {
    const store = distant(() => inner, steps, bug);
    const cache = cacheOf({ store, namespace: 'law', timeouts: { read: '1h', write: '1h', join: '1h' } });
    cache.on('hit', () => shared++);
    cache.on('miss', ({ coalesced }) => (shared += coalesced ? 1 : 0));
    const load = async (name: keyof typeof rows) => {
      await steps.step();
      const value = rows[name];
      await steps.step();
      return value;
    };
    const router = cache.register(
      t.router({
        plain: t.procedure.use(cache.cached({ ttl: '1h', tags: ['known'] })).query(() => load('plain')),
        tagged: t.procedure.use(cache.cached('1h')).query(async (opts) => {
          const value = await load('tagged');
          cache.control(opts).tag('learned');
          return value;
        }),
      }),
    );
    return { cache, caller: router.createCaller({}) };
  });

  const perform = async (action: Action) => {
    await steps.step();
    if (action.kind === 'restart') {
      inner = makeInner();
      return;
    }
    const { cache, caller } = processes[action.process] as (typeof processes)[number];
    if (action.kind === 'read') {
      const least = acknowledged[action.name];
      seen.push({ value: await caller[action.name](), acknowledged: least });
      return;
    }
    const { target, rows: changed } = writes[action.how];
    const versions = changed.map((name) => [name, ++rows[name]] as const);
    await cache.invalidate(target as never);
    for (const [name, version] of versions) acknowledged[name] = Math.max(acknowledged[name], version);
  };
  const all = actions.map(perform);
  await steps.run();
  await Promise.all(all);
  return { seen, shared };
};
