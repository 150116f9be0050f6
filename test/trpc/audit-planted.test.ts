import { initTRPC, lazy, TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createCache } from '../../src/index.ts';
import { counter } from '../support/app.ts';

interface Context {
  user: { id: string } | null;
  db: { transaction: <R>(work: () => Promise<R>) => Promise<R> };
}

const t = initTRPC.context<Context>().create();
const auth = t.middleware(({ ctx, next }) => {
  if (!ctx.user) throw new TRPCError({ code: 'UNAUTHORIZED' });
  return next({ ctx: { user: ctx.user } });
});
const transaction = t.middleware(({ ctx, next }) => ctx.db.transaction(() => next()));
const id = z.object({ id: z.number() });
const perUser = ({ ctx }: { ctx: Context }) => ctx.user?.id ?? null;

/** A router in which everything is as it should be, and a mistake beside. */
const planted = () => {
  const cache = createCache<Context>({ scope: perUser });
  const other = createCache<Context>({ scope: 'public' });
  const { cached, invalidates, settle, pure } = cache;
  const { procedure } = t;
  const shared = t.router({
    list: procedure.use(cached({ ttl: '1m', scope: 'public' })).query(counter()),
    save: procedure.use(invalidates('shared.list')).mutation(counter()),
  });
  const router = t.router({
    post: t.router({
      byId: procedure
        .input(id)
        .use(cached({ ttl: '1m', scope: 'public' }))
        .query(counter()),
      list: procedure.use(cached({ ttl: '1m', scope: 'public' })).query(counter()),
      mine: procedure.use(auth).use(cached('1m')).query(counter()),
      plain: procedure.query(counter()),
    }),
    elsewhere: t.router({ at: procedure.use(other.cached('1m')).query(counter()) }),
    shared,
    common: shared,
    // An entry carries what was sent, whether a parser reads it or not.
    withInput: procedure.use(invalidates({ path: 'post.list', input: { id: 7 } })).mutation(counter()),
    // From here on, each is a mistake.
    cachedMutation: procedure.use(cached('1m')).mutation(counter()),
    authBehind: procedure.use(cached('1m')).use(auth).query(counter()),
    pureAuth: procedure
      .use(cached('1m'))
      .use(
        pure(
          t.middleware(({ ctx, next }) => {
            if (!ctx.user) throw new TRPCError({ code: 'FORBIDDEN' });
            return next();
          }),
        ),
      )
      .query(counter()),
    narrowed: procedure
      .use(cached('1m'))
      .use(cached({ ttl: '1m', scope: 'public' }))
      .query(counter()),
    outputFirst: procedure
      .output(z.object({ a: z.number() }))
      .use(cached('1m'))
      .query(() => ({ a: 1 })),
    stream: procedure.use(cached('1m')).query(async function* () {
      yield 1;
    }),
    tagsTooEarly: procedure
      .use(cached({ ttl: '1m', tags: ({ input }: { input: any }) => [`post:${input.id}`] }))
      .input(id)
      .query(counter()),
    targetsTooEarly: procedure
      .use(invalidates(({ input }: { input: any }) => ({ path: 'post.byId', input: { id: input.id } })))
      .input(id)
      .mutation(counter()),
    clock: procedure
      .input(z.object({ before: z.date().default(() => new Date()) }))
      .use(cached('1m'))
      .query(counter()),
    leak: procedure.use(cached({ ttl: '1m', scope: 'public' })).query(({ ctx }) => `Hello ${ctx.user?.id}`),
    cdn: procedure
      .use(auth)
      .use(cached({ ttl: '1h', scope: 'public', http: { cdn: '5m' } }))
      .query(counter()),
    namedPublic: procedure.use(cached({ ttl: '1m', scope: () => 'public' })).query(counter()),
    nobody: procedure.use(cached({ ttl: '1m', scope: ({ ctx }) => ctx.user?.id })).query(counter()),
    cookies: procedure.use(cached({ ttl: '1m', vary: ['Cookie'] })).query(counter()),
    misspelt: procedure.use(cached({ ttl: '1m', errors: { NOTFOUND: '5s' } })).query(counter()),
    refused: procedure.use(cached({ ttl: '1m', scope: 'public', errors: { FORBIDDEN: '5s' } })).query(counter()),
    touch: procedure.use(invalidates('post.list')).query(counter()),
    skipped: procedure.use(cached('1m')).use(invalidates('post.list')).query(counter()),
    transactional: procedure.use(transaction).use(invalidates('post.list')).mutation(counter()),
    settledLate: procedure.use(invalidates('post.list')).use(settle).mutation(counter()),
    forgotten: t.router({
      list: procedure.use(cached('1m')).query(counter()),
      add: procedure.mutation(counter()),
    }),
    typo: procedure.use(invalidates(() => ({ path: 'post.byid', input: { id: 7 } }))).mutation(counter()),
    uncached: procedure.use(invalidates('post.plain')).mutation(counter()),
    foreign: procedure.use(invalidates('elsewhere.at')).mutation(counter()),
    wrongInput: procedure.use(invalidates({ path: 'post.byId', input: { id: '7' } })).mutation(counter()),
    noScope: procedure.use(invalidates({ path: 'post.list', scope: null })).mutation(counter()),
    tagPattern: procedure.use(invalidates({ tag: 'author:*' })).mutation(counter()),
    expired: procedure.use(invalidates('post.list', { mode: 'expire' })).mutation(counter()),
    expiredOne: procedure.use(invalidates({ path: 'post.list', input: 1 }, { mode: 'expire' })).mutation(counter()),
    forAll: procedure.use(auth).use(invalidates('post.mine')).mutation(counter()),
    broken: lazy(() => Promise.reject(new Error('no such module'))) as never,
  });
  return { cache, router: cache.register(router) };
};

const mistakes = [
  'error authBehind middleware-behind-cached',
  'error broken lazy-router-fails',
  'error cachedMutation cached-not-a-query',
  'error cdn cdn-behind-auth',
  'error foreign target-of-another-cache',
  'error leak public-reads-user',
  'error misspelt unknown-error-code',
  'error namedPublic scope-says-public',
  'error narrowed second-cached-narrows',
  'error noScope target-scope-unused',
  'error pureAuth pure-guards',
  'error refused refusal-for-everybody',
  'error settledLate settle-behind-invalidates',
  'error skipped invalidates-behind-cached',
  'error skipped middleware-behind-cached',
  'error stream stream-not-collected',
  'error tagPattern tag-is-no-pattern',
  'error tagsTooEarly input-behind',
  'error targetsTooEarly input-behind',
  'error typo unmatched-pattern',
  'error wrongInput target-refused',
  'warning clock unstable-input',
  'warning cookies vary-on-credentials',
  'warning expired expire-without-window',
  'warning expiredOne expire-without-window',
  'warning forAll empties-every-user',
  'warning forgotten.add mutation-without-invalidates',
  'warning nobody scope-undefined',
  'warning outputFirst output-outside-cached',
  'warning shared.save target-misses-twin',
  'warning common.save target-misses-twin',
  'warning skipped invalidates-on-a-query',
  'warning touch invalidates-on-a-query',
  'warning transactional invalidates-behind-middleware',
  'warning uncached target-not-cached',
];

describe('a router with a mistake of each kind', () => {
  test('has each of them found, and nothing else', async () => {
    const { cache, router } = planted();
    const findings = await cache.audit(router);
    expect(findings.map(({ severity, path, rule }) => `${severity} ${path} ${rule}`).sort()).toEqual(mistakes.sort());
  });

  test('is told, of each, what is wrong where and what to write', async () => {
    const { cache, router } = planted();
    for (const { fix, path } of await cache.audit(router)) {
      expect(fix).toContain(path.split('.')[0]);
      expect(fix).toMatch(/(?:write|add|remove|move|put|return|use|correct|take|set|give|end|mark) /i);
      expect(fix).toMatch(/\.$/);
    }
  });
});
