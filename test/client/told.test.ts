import { initTRPC } from '@trpc/server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readTold } from '../../src/client/told.ts';
import { createCache, everyone, type Target } from '../../src/index.ts';
import { serveRouter } from './origin.ts';
import { calls, openSite } from './site.ts';

const ids = fc.constantFrom(1, 2, 3);
const inputs: fc.Arbitrary<Target> = fc.oneof(
  fc.record({
    path: fc.constantFrom('post.byId', 'post.comments.list', 'author', 'keyed'),
    input: fc.record({ id: ids }),
  }),
  fc.record({ path: fc.constant('post.coerced'), input: fc.record({ id: fc.oneof(ids, fc.constant('1')) as never }) }),
  fc.record({ path: fc.constant('post.bySlug'), input: fc.record({ slug: fc.constantFrom('a b', 'A B', 'c') }) }),
  fc.record({
    path: fc.constant('post.list'),
    input: fc.oneof(
      fc.constant({}),
      fc.constant(undefined),
      fc.record({ page: ids }),
      fc.record({ page: ids, tags: fc.constantFrom(['x'], ['x', 'x'], ['y']) }),
    ),
  }),
  fc.record({
    path: fc.constant('post.since'),
    input: fc.record({ day: fc.constantFrom('2026-01-02', '2026-01-02T00:00:00.000Z') }),
  }),
  fc.record({ path: fc.constant('root'), input: ids }),
  fc.record({ path: fc.constant('post.*'), input: fc.record({ id: ids }) }),
);
const paths = fc.constantFrom(
  ...['post.byId', 'post.*', '.list', '.*', '*.list', '*', 'post', 'user.me', 'stats', 'raw', 'post.comments.*'],
  ...['*.comments.list', 'unknown.path'],
);
const others: fc.Arbitrary<Target> = fc.oneof(
  fc.record({ tag: fc.constantFrom('author:1', 'hot', 'nobody') }),
  fc.record({ scope: fc.constantFrom('ann', 'bob') }),
  fc.constant({ scope: everyone }),
  fc.record({ path: fc.constantFrom('post.*', 'user.me'), scope: fc.constantFrom('ann', 'bob') }),
  fc.record({ path: fc.constant('post.byId'), input: fc.record({ id: ids }), scope: fc.constantFrom('ann', 'bob') }),
  fc.record({ path: fc.constant('keyed'), key: fc.constantFrom('0', '1') }),
  fc.constant({ path: 'other.app', external: true as const }),
  fc.constant({ nonsense: true } as never),
);

/** Keys as `@trpc/tanstack-react-query` and `@trpc/react-query` make them. */
const keyOf = ([path, input]: readonly [string, unknown?], form: number): unknown[] => {
  const type = form % 2 === 0 ? 'query' : 'infinite';
  const key = [path.split('.'), { ...(input !== undefined && { input }), type }];
  return form < 2 ? key : [['shop'], ...key];
};

const known = (target: Target): unknown => (target as { scope?: unknown }).scope === everyone;

describe('what a mutation tells its client', () => {
  test('is never too little: every query that the server computes anew is among it', async () => {
    const { told, client, askAll, hidden } = await openSite();
    const target = fc.oneof(paths, inputs, others);
    await fc.assert(
      fc.asyncProperty(
        fc.array(target, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        fc.nat(3),
        async (targets, isHidden, form) => {
          await askAll(); // two inputs that mean the same fill one entry, and the later one stays
          const before = await askAll();
          told.length = 0;
          const sent = targets.filter((one) => !known(one) && !isHidden);
          hidden.targets = targets.filter((one) => known(one) || isHidden);
          await client.post.write.mutate({ targets: sent as unknown[] });
          const after = await askAll();
          expect(told).toHaveLength(1);
          const [matches] = told[0] as (typeof told)[number];
          const missed = calls.filter(
            (call, index) => before[index]?.run !== after[index]?.run && !matches(keyOf(call, form)),
          );
          expect(missed).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('is exact for paths, patterns, and inputs that the client sent: nothing else is among it', async () => {
    const { told, client } = await openSite();
    const matchedBy = async (target: Target, sent: object = {}) => {
      told.length = 0;
      await client.post.write.mutate({ ...sent, targets: [target] });
      const [matches] = told[0] as (typeof told)[number];
      return calls.filter((call) => matches(keyOf(call, 0))).map(([path, input]) => [path, input].filter(Boolean));
    };
    expect(await matchedBy('stats')).toEqual([['stats']]);
    expect(await matchedBy('*.list')).toEqual(
      calls.filter(([path]) => ['post.list', 'user.list'].includes(path)).map((call) => [...call]),
    );
    expect(await matchedBy('post.comments.*')).toEqual([['post.comments.list', { id: 1 }]]);
    expect(await matchedBy({ path: 'post.byId', input: { id: 2 } })).toEqual([['post.byId', { id: 2 }]]);
    expect(await matchedBy({ path: 'author', input: { id: 1 } })).toEqual([['author', { id: 1 }]]);
    expect(await matchedBy({ path: 'post.list', input: { page: 2 } })).toEqual([
      ['post.list'],
      ['post.list', {}],
      ['post.list', { page: 2 }],
    ]);
    expect(await matchedBy({ path: 'post.byId', input: { id: 9 } })).toEqual([]);
    expect(await matchedBy({ path: 'keyed', input: { id: 1 } })).toHaveLength(2);
  });

  test('names no scope, tag, key, nor input that the client did not send', async () => {
    const { url, hidden } = await openSite();
    const secret = fc.stringMatching(/^[a-z]{8}$/);
    const hiddenTarget = (word: string): fc.Arbitrary<Target> =>
      fc.constantFrom<Target>(
        { tag: word },
        { scope: word },
        { path: 'post.bySlug', input: { slug: word } },
        { path: 'post.bySlug', input: { slug: 'sent', more: { deep: [word] } } },
        { path: 'post.bySlug', input: { slug: word }, scope: word },
        { path: 'post.*', scope: word },
        { path: 'keyed', key: word },
      );
    await fc.assert(
      fc.asyncProperty(
        secret.chain((word) =>
          fc.tuple(fc.constant(word), fc.array(hiddenTarget(word), { minLength: 1, maxLength: 3 })),
        ),
        fc.boolean(),
        async ([word, targets], elsewhere) => {
          hidden.targets = targets;
          const response = await fetch(`${url}/post.write`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            // The value under another name says nothing of the target's: that the two are equal would be told.
            body: JSON.stringify({ slug: 'sent', ...(elsewhere && { other: word }) }),
          });
          const header = response.headers.get('x-cache-invalidated') ?? '';
          expect(header).not.toBe('');
          expect(header).not.toContain(word);
        },
      ),
    );
  });

  test('has the inputs that the client sent, as JSON', async () => {
    const { url, hidden } = await openSite();
    hidden.targets = [
      '.list',
      { path: 'post.byId', input: { id: 7 } },
      { path: 'post.bySlug', input: { slug: 'é"\\' } },
    ];
    const response = await fetch(`${url}/post.write`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 7, deep: [{ slug: 'é"\\' }] }),
    });
    expect(response.headers.get('x-cache-invalidated')).toBe(
      String.raw`"post.list", "post.byId";i="{\"id\":7}", "post.bySlug";i="{\"slug\":\"\\u00e9\\\"\\\\\"}"`,
    );
    expect(readTold(response.headers.get('x-cache-invalidated') ?? '').invalidated).toEqual([
      { path: 'post.list' },
      { path: 'post.byId', input: { id: 7 } },
      { path: 'post.bySlug', input: { slug: 'é"\\' } },
    ]);
  });

  test('is under the name that the server chose, or nowhere by default', async () => {
    for (const [tellInvalidated, name] of [
      ['x-changed', 'x-changed'],
      [false, undefined],
    ] as const) {
      const { url } = await openSite({ http: { tellInvalidated } });
      const json = { 'content-type': 'application/json' };
      const { headers } = await fetch(`${url}/post.touch`, { method: 'POST', headers: json });
      expect(headers.get('x-cache-invalidated')).toBeNull();
      if (name !== undefined) expect(headers.get(name)).toBe('"post.list", "user.*"');
    }
    expect(() => createCache({ scope: 'public', http: { tellInvalidated: 'a b' } })).toThrow(
      'createCache: http.tellInvalidated: expected a header name such as \'x-cache-invalidated\', or false, received "a b".',
    );
  });

  test('is everything when a target callback throws or gives nonsense', async () => {
    const { url, hidden } = await openSite();
    hidden.targets = [{ nonsense: 1 } as never];
    const { headers } = await fetch(`${url}/post.write`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(headers.get('x-cache-invalidated')).toBe('"*"');
  });

  test('is in the words of a mounted router, and leaves out what lies outside of it', async () => {
    const t = initTRPC.create();
    const cache = createCache({ scope: 'public', http: { tellInvalidated: true } });
    const make = () =>
      t.router({
        list: t.procedure.use(cache.cached('1m')).query(() => 1),
        write: t.procedure
          .input(z.object({ targets: z.array(z.any()) }))
          .use(cache.invalidates(({ input }) => input.targets))
          .mutation(() => null),
      });
    cache.register(make());
    const router = cache.register(make(), { mount: 'api.v2' });
    const { url } = await serveRouter(cache.http({ router }));
    const toldFor = async (...targets: Target[]) => {
      const body = JSON.stringify({ targets });
      const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      return (await fetch(`${url}/write`, sent)).headers.get('x-cache-invalidated');
    };
    expect(await toldFor('.list')).toBe('"list"');
    expect(await toldFor('api.v2.*')).toBe('"*"');
    expect(await toldFor('api.*')).toBe('"*"');
    expect(await toldFor('*.*.list')).toBe('"list"');
    expect(await toldFor({ tag: 'x' })).toBe('"list"');
    expect(await toldFor({ path: 'list', external: true })).toBeNull();
  });
});
