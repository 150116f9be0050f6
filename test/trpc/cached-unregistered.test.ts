import { TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ann, bob, cacheOf, counter, t } from '../support/app.ts';

describe('without a registered router, calls at the same time on a cold procedure', () => {
  test('keep their inputs apart where the parser stands behind cached', async () => {
    const { cached } = cacheOf();
    const byId = t.procedure
      .use(cached('1h'))
      .input(z.object({ id: z.number() }))
      .query(({ input }) => input.id);
    const caller = t.router({ byId }).createCaller({});
    const all = () => Promise.all([caller.byId({ id: 1 }), caller.byId({ id: 2 }), caller.byId({ id: 1 })]);
    expect([await all(), await all()]).toEqual([
      [1, 2, 1],
      [1, 2, 1],
    ]);
  });

  test('keep their inputs apart where cached stands between two parsers', async () => {
    const { cached } = cacheOf();
    const label = t.procedure
      .input(z.object({ id: z.number() }))
      .use(cached('1h'))
      .input(z.object({ language: z.string() }))
      .query(({ input }) => `${input.id} ${input.language}`);
    const caller = t.router({ label }).createCaller({});
    const all = () => Promise.all(['en', 'de', 'en'].map((language) => caller.label({ id: 1, language })));
    expect([await all(), await all()]).toEqual([
      ['1 en', '1 de', '1 en'],
      ['1 en', '1 de', '1 en'],
    ]);
  });

  test('keep their users apart where a middleware behind cached names the user', async () => {
    const { cached } = cacheOf();
    const me = t.procedure
      .use(cached('1h'))
      .use(({ ctx, next }) => next({ ctx: { name: ctx.user?.id } }))
      .query(({ ctx }) => ctx.name);
    const router = t.router({ me });
    expect(await Promise.all([router.createCaller(ann).me(), router.createCaller(bob).me()])).toEqual(['ann', 'bob']);
  });

  test('are guarded by a guard behind cached that changes the context', async () => {
    const { cached } = cacheOf();
    const secret = t.procedure
      .use(cached('1h'))
      .use(({ ctx, next }) => {
        if (!ctx.user) throw new TRPCError({ code: 'UNAUTHORIZED' });
        return next({ ctx: { user: ctx.user } });
      })
      .query(() => 'secret');
    const router = t.router({ secret });
    const all = () => Promise.allSettled([router.createCaller(ann).secret(), router.createCaller({}).secret()]);
    for (const round of [await all(), await all()])
      expect(round.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });
});

test('a cached procedure that calls another cached procedure waits for nobody but it', async () => {
  const { cached, register } = cacheOf();
  const inner = t.procedure.use(cached('1h')).query(counter());
  const outer: () => Promise<number[]> = async () => [await router.createCaller({}).inner()];
  const router = register(t.router({ inner, outer: t.procedure.use(cached('1h')).query(() => outer()) }));
  const caller = router.createCaller({});
  expect([await caller.outer(), await caller.inner(), await caller.outer()]).toEqual([[1], 1, [1]]);
});

test('a subscription may invalidate: when it begins, and again when it ends', async () => {
  const { cached, invalidates, register } = cacheOf();
  const ticks = t.procedure.use(invalidates('list')).subscription(async function* () {
    yield 1;
  });
  const caller = register(t.router({ list: t.procedure.use(cached('1h')).query(counter()), ticks })).createCaller({});
  expect(await caller.list()).toBe(1);
  for await (const _ of await caller.ticks()) expect(await caller.list()).toBe(2);
  expect(await caller.list()).toBe(3);
});
