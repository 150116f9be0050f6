import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Parts } from './parts.ts';

/** Routers as people put them together. */
export function testRouters({ server, library: { createCache } }: Parts): void {
  const { initTRPC, lazy } = server;

  /** Procedures below `post` and `user`, put together in a way of choice; `read` gives how often each query ran. */
  function open(compose: (t: ReturnType<typeof create>, routers: Routers) => any) {
    const t = create();
    const cache = createCache({ scope: 'public' });
    let runs = 0;
    const query = () =>
      t.procedure
        .input(z.object({ id: z.coerce.number() }))
        .use(cache.cached('1m'))
        .query(({ input }) => `${input.id} in run ${++runs}`);
    const mutation = (...targets: Parameters<typeof cache.invalidates>) =>
      t.procedure.use(cache.invalidates(...targets)).mutation(() => null);
    const routers = {
      posts: t.router({ byId: query(), list: query(), touch: mutation('.list'), drop: mutation('.*') }),
      comments: t.router({ list: query(), all: mutation('*.list', 'post.comments.list') }),
      users: t.router({ byId: query(), rename: mutation({ path: 'user.byId', input: { id: '7' } }) }),
    };
    const router = cache.register(compose(t, routers));
    const caller = t.createCallerFactory(router)({}) as any;
    const call = (path: string, id?: number) =>
      path.split('.').reduce((at, name) => at[name], caller)(id === undefined ? undefined : { id }) as Promise<string>;
    const isKept = async (path: string, id: number) => {
      const before = runs;
      await call(path, id);
      return runs === before;
    };
    return { cache, router, call, isKept };
  }
  const create = () => initTRPC.create();
  type Routers = Record<'posts' | 'comments' | 'users', any>;

  const compositions: Record<string, Parameters<typeof open>[0]> = {
    nested: (t, { posts, comments, users }) =>
      t.router({ post: t.mergeRouters(posts, t.router({ comments })), user: users }),
    'nested as plain objects': (t, { posts, comments, users }) =>
      t.router({ post: { ...posts._def.record, comments: comments._def.record }, user: users }),
    merged: (t, { posts, comments, users }) =>
      t.mergeRouters(t.router({ user: users }), t.router({ post: t.mergeRouters(t.router({ comments }), posts) })),
    lazy: (t, { posts, comments, users }) =>
      t.router({
        post: lazy(async () => t.router({ ...posts._def.record, comments: lazy(async () => comments) })),
        user: lazy(async () => ({ default: users })),
      }),
  };

  test.each(Object.keys(compositions))(
    '%s: queries are kept by their paths, patterns empty what they name, inputs are parsed, nothing is found amiss',
    async (name) => {
      const { cache, router, call, isKept } = open(compositions[name]!);
      const paths = ['post.byId', 'post.list', 'post.comments.list', 'user.byId'];
      const fill = async () => {
        for (const path of paths) await call(path, 7);
      };
      const kept = async () => {
        const found: string[] = [];
        for (const path of paths) if (await isKept(path, 7)) found.push(path);
        return found;
      };
      await fill();
      expect(await kept()).toEqual(paths);
      await call('post.touch');
      expect(await kept()).toEqual(['post.byId', 'post.comments.list', 'user.byId']);
      await call('post.drop');
      expect(await kept()).toEqual(['user.byId']);
      await call('post.comments.all');
      expect(await kept()).toEqual(['post.byId', 'user.byId']);
      await call('user.byId', 8);
      await call('user.rename');
      expect(await kept()).toEqual(['post.byId', 'post.list', 'post.comments.list']);
      expect(await isKept('user.byId', 8)).toBe(true);
      await cache.invalidate('post.comments.*');
      expect(await kept()).toEqual(['post.byId', 'post.list', 'user.byId']);
      expect(await cache.audit(router)).toEqual([]);
    },
  );

  test('the audit loads what is lazy, and finds what is wrong in there', async () => {
    const t = create();
    const cache = createCache({ scope: 'public' });
    const behind = t.procedure.use(cache.cached('1m')).use(({ next }) => next());
    const inner = t.router({ late: behind.query(() => 1) });
    const router = cache.register(t.router({ one: lazy(async () => t.router({ two: lazy(async () => inner) })) }));
    expect(await cache.audit(router)).toEqual([expect.objectContaining({ severity: 'error', path: 'one.two.late' })]);
  });

  test('a lazy router is known by its path until it is loaded, then by its procedures, and is cached', async () => {
    const t = initTRPC.create();
    const cache = createCache({ scope: 'public' });
    let runs = 0;
    const inner = t.router({ now: t.procedure.use(cache.cached('1m')).query(() => ++runs) });
    const router = cache.register(t.router({ late: lazy(async () => ({ default: inner })) }));
    const def = router._def as unknown as { lazy: object; procedures: object };
    expect([Object.keys(def.lazy), Object.keys(def.procedures)]).toEqual([['late'], []]);
    const caller = t.createCallerFactory(router)({});
    expect([await caller.late.now(), await caller.late.now()]).toEqual([1, 1]);
    expect([Object.keys(def.lazy), Object.keys(def.procedures)]).toEqual([[], ['late.now']]);
  });
}
