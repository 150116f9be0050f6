import { TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { everyone } from '../../src/index.ts';
import { found, type Make, shared, t } from './audit-found.ts';

const limits = t.middleware(({ ctx, next }) => {
  if (ctx.all) throw new TRPCError({ code: 'TOO_MANY_REQUESTS' });
  return next();
});

describe('found is', () => {
  test.each<[string, Make, string[]]>([
    [
      'a scope that is a text without a user in it',
      ({ cached }) => ({
        at: t.procedure.use(cached({ ttl: '1m', scope: ({ ctx }) => `u:${ctx.user?.id}` })).query(() => 1),
      }),
      ['warning at scope-undefined'],
    ],
    [
      'a scope that is async, and its failure is nobody’s',
      ({ cached }) => ({
        at: t.procedure
          .use(cached({ ttl: '1m', scope: (async ({ ctx }: any) => ctx.user.id) as never }))
          .query(() => 1),
      }),
      ['error at scope-async'],
    ],
    [
      'a scope that may say public',
      ({ cached }) => ({
        at: t.procedure
          .use(cached({ ttl: '1m', scope: ({ ctx }) => (ctx.isPublic ? 'public' : (ctx.id ?? 'x')) }))
          .query(() => 1),
      }),
      ['warning at scope-says-public'],
    ],
    [
      'a pure limit of rates',
      (cache) => ({
        at: shared(cache)
          .use(cache.pure(limits))
          .query(() => 1),
      }),
      ['error at pure-guards'],
    ],
    [
      'a pure one that answers with a refusal',
      (cache) => ({
        at: shared(cache)
          .use(cache.pure(t.middleware(({ ctx, next }) => (ctx.user ? next() : ctx.refuse({ code: 'FORBIDDEN' })))))
          .query(() => 1),
      }),
      ['warning at pure-guards'],
    ],
    [
      'a pure one that changes ctx',
      (cache) => ({
        at: shared(cache)
          .use(cache.pure(t.middleware(({ ctx, next }) => next({ ctx: { tenant: ctx.headers.tenant } }))))
          .query(() => 1),
      }),
      ['warning at pure-changes-ctx'],
    ],
    [
      'a tag that is nearly one',
      ({ cached, invalidates }) => ({
        at: t.procedure.use(cached({ ttl: '1m', scope: 'public', tags: ['posts'] })).query(() => 1),
        save: t.procedure.use(invalidates({ tag: 'post' }, { tag: 'posts' }, { tag: 'billing' })).mutation(() => 1),
      }),
      ['warning save unmatched-tag'],
    ],
    [
      'a path that a callback only names',
      (cache) => ({
        list: shared(cache).query(() => 1),
        a: t.procedure.use(cache.invalidates(() => 'lists')).mutation(() => 1),
        b: t.procedure.use(cache.invalidates(({ ctx }) => (ctx.all ? ['.list', '.lst'] : []))).mutation(() => 1),
        c: t.procedure
          .use(cache.invalidates(({ ctx }) => ctx.ids.map((id: number) => ({ path: 'lost', input: id }))))
          .mutation(() => 1),
      }),
      ['error a unmatched-pattern', 'error b unmatched-pattern', 'error c unmatched-pattern'],
    ],
    [
      'who calls, by a name in brackets',
      // biome-ignore lint/complexity/useLiteralKeys: that is what is tested
      (cache) => ({ at: shared(cache).query(({ ctx }) => ctx['user'].id) }),
      ['error at public-reads-user'],
    ],
    [
      'who calls, where a callback gives the answer to everyone',
      ({ cached }) => ({
        at: t.procedure.use(cached({ ttl: '1m', scope: () => everyone })).query(({ ctx }) => ctx.user.id),
        some: t.procedure
          .use(cached({ ttl: '1m', scope: ({ ctx }) => (ctx.isPublic ? everyone : ctx.id) }))
          .query(({ ctx }) => ctx.user.id),
        byInput: t.procedure
          .use(cached({ ttl: '1m', scope: ({ input }) => (input ? 'x' : everyone) }))
          .query(({ ctx }) => ctx.user.id),
      }),
      ['error at public-reads-user'],
    ],
    [
      'a bill that one caller has not paid, for all',
      ({ cached }) => ({
        at: t.procedure.use(cached({ ttl: '1m', scope: 'public', errors: { PAYMENT_REQUIRED: '1m' } })).query(() => 1),
      }),
      ['error at refusal-for-everybody'],
    ],
  ])('%s', async (_, make, expected) => {
    expect(await found(make)).toEqual(expected);
  });
});
