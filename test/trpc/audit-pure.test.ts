import { TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { cacheOf, found, shared, t } from './audit-found.ts';

/** Auth that a helper does: nothing in its text refuses anybody. */
const userOf = (ctx: { user: any }) => {
  if (!ctx.user) throw new TRPCError({ code: 'UNAUTHORIZED' });
  return ctx.user;
};
const authOf = () => t.middleware(({ ctx, next }) => next({ ctx: { user: userOf(ctx) } }));
const late = () =>
  t.middleware(async ({ next }) => {
    const result = await next();
    userOf(result as never);
    return result;
  });
const stranger = { user: null } as never;

describe('cache.pure', () => {
  const piped = () => {
    const cache = cacheOf(() => null);
    const auth = authOf();
    const logged = auth.unstable_pipe(({ next }) => next());
    const base = t.procedure.use(cache.cached({ ttl: '1m', scope: 'public' }));
    const router = t.router({
      pure: base.use(cache.pure(logged)).query(() => 'known'),
      secret: base.use(auth).query(() => 'secret'),
      later: base.use(logged).query(() => 'secret'),
    });
    return { cache, router };
  };

  test('of a pipe leaves its parts as they are elsewhere: auth still runs on every call', async () => {
    const { cache, router } = piped();
    cache.register(router);
    const member = router.createCaller({ user: { id: 'ann' } } as never);
    expect([await member.pure(), await member.secret(), await member.later()]).toEqual(['known', 'secret', 'secret']);
    const other = router.createCaller(stranger);
    await expect(other.secret()).rejects.toThrow('UNAUTHORIZED');
    await expect(other.later()).rejects.toThrow('UNAUTHORIZED');
    expect(await other.pure()).toBe('known'); // which is what was asked for
  });

  test('of a pipe is read as it was written', async () => {
    const refusing = authOf().unstable_pipe(({ ctx, next }) => {
      if (!ctx.user.isAdmin) throw new TRPCError({ message: 'Admins only', code: 'FORBIDDEN' });
      return next();
    });
    expect(
      await found((cache) => ({
        at: t.procedure
          .use(cache.cached({ ttl: '1m', scope: 'public' }))
          .use(cache.pure(refusing))
          .query(() => 1),
        save: t.procedure
          .use(cache.pure(late().unstable_pipe(refusing)))
          .use(cache.invalidates('at'))
          .mutation(() => 1),
      })),
    ).toEqual(['error at pure-guards', 'warning at pure-changes-ctx']);
  });
});

test('no finding tells anybody to make pure what may guard', async () => {
  const auth = authOf();
  const cache = cacheOf();
  const router = cache.register(
    t.router({
      at: shared(cache)
        .use(auth)
        .query(() => 1),
      save: t.procedure
        .use(late())
        .use(cache.invalidates('at'))
        .mutation(() => 1),
    }),
  );
  const findings = await cache.audit(router);
  expect(findings.map(({ rule }) => rule)).toEqual(['middleware-behind-cached', 'invalidates-behind-middleware']);
  expect(findings[0]?.fix).toMatch(/Move cached behind it. Never mark auth pure\.$/);
  expect(findings.at(-1)?.fix).toMatch(/name this rule and path in ignore\.$/);
});
