import { lazy } from '@trpc/server';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { cacheOf, counter, t } from '../support/app.ts';

const stranger = () => t.middleware(({ next }) => next());

/** One that does something when what it calls has finished. */
const committing = () =>
  t.middleware(async ({ next }) => {
    const result = await next();
    await Promise.resolve('committed');
    return result;
  });

/** The rules that an audit finds in a router with one procedure at `at`, made with a fresh cache. */
const audited = async (make: (cache: ReturnType<typeof cacheOf>) => Parameters<typeof t.router>[0]) => {
  const cache = cacheOf();
  const router = t.router({ ...make(cache), other: t.procedure.use(cache.cached('1m')).query(counter()) });
  cache.register(router);
  return (await cache.audit(router)).map(({ severity, path, rule }) => `${severity} ${path} ${rule}`);
};

describe('audit finds nothing in', () => {
  test.each<[string, Parameters<typeof audited>[0]]>([
    [
      'cached behind auth and input',
      ({ cached }) => ({ at: t.procedure.use(stranger()).input(z.string()).use(cached('1m')).query(counter()) }),
    ],
    [
      'cached before an input',
      ({ cached }) => ({ at: t.procedure.use(cached('1m')).input(z.string()).query(counter()) }),
    ],
    [
      'an output parser behind cached',
      ({ cached }) => ({ at: t.procedure.use(cached('1m')).output(z.number()).query(counter()) }),
    ],
    [
      'a pure middleware behind cached',
      ({ cached, pure }) => ({ at: t.procedure.use(cached('1m')).use(pure(stranger())).query(counter()) }),
    ],
    [
      'a second cached that replaces ttl and adds tags',
      ({ cached }) => ({
        at: t.procedure
          .use(cached('1m'))
          .use(cached({ ttl: '1h', tags: ['a'] }))
          .query(counter()),
      }),
    ],
    [
      'a mutation with two invalidates',
      ({ invalidates }) => ({
        at: t.procedure
          .use(invalidates('other'))
          .use(invalidates({ tag: 'a' }))
          .mutation(counter()),
      }),
    ],
    [
      'a pure middleware around invalidates',
      ({ invalidates, pure }) => ({
        at: t.procedure.use(pure(committing())).use(invalidates('other')).mutation(counter()),
      }),
    ],
    [
      'a middleware around invalidates that only hands on',
      ({ invalidates }) => ({ at: t.procedure.use(stranger()).use(invalidates('other')).mutation(counter()) }),
    ],
    [
      'settle around a transaction',
      ({ invalidates, settle }) => ({
        at: t.procedure.use(settle).use(committing()).use(invalidates('other')).mutation(counter()),
      }),
    ],
    [
      'a target of another deployment',
      ({ invalidates }) => ({ at: t.procedure.use(invalidates({ path: 'nope', external: true })).mutation(counter()) }),
    ],
  ])('%s', async (_, make) => {
    expect(await audited(make)).toEqual([]);
  });
});

describe('audit finds', () => {
  test.each<[string, Parameters<typeof audited>[0], string[]]>([
    [
      'cached on a mutation',
      ({ cached }) => ({ at: t.procedure.use(cached('1m')).mutation(counter()) }),
      ['error at cached-not-a-query'],
    ],
    [
      'a middleware that a hit would skip',
      ({ cached }) => ({ at: t.procedure.use(cached('1m')).use(stranger()).query(counter()) }),
      ['error at middleware-behind-cached'],
    ],
    [
      'a second cached that sets who shares',
      ({ cached }) => ({
        at: t.procedure
          .use(cached('1m'))
          .use(cached({ ttl: '1m', scope: () => 'a' }))
          .query(counter()),
      }),
      ['error at second-cached-narrows'],
    ],
    [
      'invalidates behind cached',
      ({ cached, invalidates }) => ({ at: t.procedure.use(cached('1m')).use(invalidates('other')).query(counter()) }),
      ['error at middleware-behind-cached', 'warning at invalidates-on-a-query', 'error at invalidates-behind-cached'],
    ],
    [
      'invalidates on a query',
      ({ invalidates }) => ({ at: t.procedure.use(invalidates('other')).query(counter()) }),
      ['warning at invalidates-on-a-query'],
    ],
    [
      'a middleware around invalidates that may commit later',
      ({ invalidates }) => ({ at: t.procedure.use(committing()).use(invalidates('other')).mutation(counter()) }),
      ['warning at invalidates-behind-middleware'],
    ],
    [
      'settle inside the transaction',
      ({ invalidates, settle }) => ({
        at: t.procedure.use(committing()).use(settle).use(invalidates('other')).mutation(counter()),
      }),
      ['warning at invalidates-behind-middleware'],
    ],
  ])('%s', async (_, make, expected) => {
    expect(await audited(make)).toEqual(expected);
  });

  test('a router that is not registered, once', async () => {
    const { cached, audit } = cacheOf();
    const query = () => t.procedure.use(cached('1m')).query(counter());
    const findings = await audit(t.router({ a: query(), b: query() }));
    expect(findings).toEqual([
      {
        severity: 'error',
        path: '',
        rule: 'unregistered-router',
        fix: expect.stringContaining('cache.register(t.router({'),
      },
    ]);
    expect(findings[0]?.fix).toContain('If it is part of a registered router, audit that one.');
  });

  test('nothing in a router without this cache', async () => {
    expect(await cacheOf().audit(t.router({ a: t.procedure.query(counter()) }))).toEqual([]);
  });

  test('mistakes in lazy routers, which it loads, and unmatched patterns among them', async () => {
    const { cached, invalidates, register, audit } = cacheOf();
    const inner = t.router({
      list: t.procedure.use(cached('1m')).use(stranger()).query(counter()),
      act: t.procedure.use(invalidates('.lists')).mutation(counter()),
    });
    const deep = t.router({ inner: lazy(async () => inner) });
    const router = register(t.router({ deep: lazy(async () => deep) }));
    expect(await audit(router)).toEqual([
      expect.objectContaining({ path: 'deep.inner.list', rule: 'middleware-behind-cached' }),
      expect.objectContaining({
        path: 'deep.inner.act',
        rule: 'unmatched-pattern',
        fix: expect.stringContaining('.lists'),
      }),
    ]);
  });

  test('an input that is another one each time, also where both are read within one tick of the clock', async () => {
    let asked = 0;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(asked++ / 100));
    const found = await audited(({ cached }) => ({
      at: t.procedure
        .input(z.object({ range: z.object({ to: z.number().default(() => Date.now()) }) }))
        .use(cached('1m'))
        .query(counter()),
    }));
    clock.mockRestore();
    expect(found).toEqual(['warning at unstable-input']);
  });

  test('mistakes in several routers at once', async () => {
    const { cached, register, audit } = cacheOf();
    const wrong = () => t.router({ at: t.procedure.use(cached('1m')).mutation(counter()) });
    const [v1, v2] = [wrong(), wrong()];
    register(v1);
    register(v2, { mount: 'v2' });
    expect((await audit(v1, v2)).map(({ path }) => path)).toEqual(['at', 'at']);
  });
});
