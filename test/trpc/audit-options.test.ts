import { initTRPC } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { createCache } from '../../src/index.ts';

const t = initTRPC.create();
const cacheOf = () => createCache({ scope: 'public' });
const shared = ({ cached }: ReturnType<typeof cacheOf>) => t.procedure.use(cached('1m'));

describe('an audit is given', () => {
  const wrong = () => {
    const cache = cacheOf();
    const router = t.router({
      list: shared(cache).query(() => 1),
      add: t.procedure.mutation(() => 1),
      auth: t.router({ me: shared(cache).query(() => 1), login: t.procedure.mutation(() => 1) }),
    });
    return { cache, router: cache.register(router) };
  };
  const paths = (findings: { path: string }[]) => findings.map(({ path }) => path);

  test('what to say nothing of: a rule, or a rule at a path or pattern', async () => {
    const { cache, router } = wrong();
    const rule = 'mutation-without-invalidates';
    expect(paths(await cache.audit(router))).toEqual(['add', 'auth.login']);
    expect(paths(await cache.audit(router, {}))).toEqual(['add', 'auth.login']);
    expect(paths(await cache.audit(router, { ignore: [{ rule, path: 'auth.*' }] }))).toEqual(['add']);
    expect(paths(await cache.audit(router, { ignore: [{ rule, path: 'add' }] }))).toEqual(['auth.login']);
    expect(paths(await cache.audit(router, { ignore: [{ rule }] }))).toEqual([]);
    expect(paths(await cache.audit(router, { ignore: [{ rule: 'unmatched-pattern' }] }))).toHaveLength(2);
  });

  test('no router: then it looks at all that are registered', async () => {
    const { cache } = wrong();
    const v2 = t.router({ list: shared(cache).query(() => 1), rename: t.procedure.mutation(() => 1) });
    cache.register(v2, { mount: 'v2' });
    expect(paths(await cache.audit())).toEqual(['add', 'auth.login', 'rename']);
    expect(paths(await cache.audit({ ignore: [{ rule: 'mutation-without-invalidates', path: 'auth.*' }] }))).toEqual([
      'add',
      'rename',
    ]);
  });

  test.each<[string, unknown[], RegExp]>([
    ['nothing, and none is registered', [], /audit: no router was given, and none is registered/],
    ['nothing but options', [{ ignore: [] }], /none is registered/],
    ['something that is no router', [undefined], /audit: expected tRPC routers, such as .*, received undefined/],
    ['a procedure', [t.procedure.query(() => 1)], /audit: expected tRPC routers/],
    ['an unknown option', [{ ignored: [] }], /audit: unknown option "ignored"/],
    ['a rule without its name', [{ ignore: ['unmatched-pattern'] }], /audit: ignore: expected a list such as/],
    ['a path that is none', [{ ignore: [{ rule: 'x', path: 7 }] }], /audit: ignore: path: expected a path or pattern/],
    ['an unknown member', [{ ignore: [{ rule: 'x', paths: [] }] }], /audit: ignore: unknown option "paths"/],
  ])('%s, and refuses it', async (_, given, message) => {
    const { audit } = cacheOf();
    await expect((audit as any)(...given)).rejects.toThrow(message);
  });
});
