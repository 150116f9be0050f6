import { z } from 'zod';
import type { Cache, Target, TargetFn } from '../../src/index.ts';
import { at, type Context, cacheOf, counter, perUser, t } from './app.ts';

const calls = [
  ['list', undefined],
  ['post.byId', { id: 1 }],
  ['post.byId', { id: 2 }],
  ['post.list', undefined],
  ['post.comments.list', undefined],
  ['postman.list', undefined],
  ['user.byId', { id: 1 }],
] as const;

const labelOf = (user: string, path: string, input: { id: number } | undefined) =>
  `${user} ${path}${input === undefined ? '' : ` ${input.id}`}`;

/** Every entry of the site, named `<user> <path> <id>`. */
export const everything = ['ann', 'bob'].flatMap((user) => calls.map(([path, input]) => labelOf(user, path, input)));

/** A router with like names at several depths, whose two users have an entry of each query. */
export const siteOf = (cache: Cache<Context> = cacheOf({ scope: perUser })) => {
  const query = () => t.procedure.use(cache.cached('1h')).query(counter());
  const byId = () =>
    t.procedure
      .input(z.object({ id: z.coerce.number() }))
      .use(cache.cached({ ttl: '1h', tags: ({ input }) => [`id:${input.id}`] }))
      .query(counter());
  return {
    cache,
    routers: {
      post: { byId: byId(), list: query(), comments: { list: query() } },
      postman: { list: query() },
      user: { byId: byId() },
    },
    query,
  };
};

type Source = Target | TargetFn<any, any>;

/** Registers the site with a mutation `post.update` of these targets, and warms every entry. */
export const openSite = async (targets: readonly [Source, ...Source[]], cache?: Cache<Context>) => {
  const site = siteOf(cache);
  const [first, ...more] = targets;
  const update = t.procedure
    .input(z.object({ id: z.number() }))
    .use(site.cache.invalidates(first, ...more))
    .mutation(({ input }) => ({ ...input, author: 'ann' }));
  const router = t.router({
    list: site.query(),
    ...site.routers,
    post: { ...site.routers.post, update },
  });
  site.cache.register(router);
  const callers = ['ann', 'bob'].map((id) => [id, router.createCaller({ user: { id } })] as const);
  const runs = async () => {
    const entries: [string, unknown][] = [];
    for (const [user, caller] of callers)
      for (const [path, input] of calls) entries.push([labelOf(user, path, input), await at(caller, path)(input)]);
    return new Map(entries);
  };
  const before = await runs();
  /** The entries whose procedure ran again. */
  const renewed = async () => {
    const after = await runs();
    return [...after].filter(([label, run]) => before.get(label) !== run).map(([label]) => label);
  };
  const [, caller] = callers[0] as (typeof callers)[number];
  return { cache: site.cache, caller, renewed };
};

/** The entries that a mutation with these targets, by Ann and with the input `{ id: 1 }`, makes unusable. */
export const renewedBy = async (...targets: readonly [Source, ...Source[]]): Promise<string[]> => {
  const { caller, renewed } = await openSite(targets);
  await caller.post.update({ id: 1 });
  return renewed();
};
