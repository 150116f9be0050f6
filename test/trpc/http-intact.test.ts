import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { type Cache, createCache } from 'trpc-cached';
import { describe, expect, test } from 'vitest';

type Output = { name: string; at: Date; secret?: string; twin?: unknown };
type Change = (output: Output) => void;

/** A query behind a middleware that is outside `cached` and changes the output in place. */
function site(change: Change, output: () => Output = () => ({ name: 'Ada', at: new Date(0), secret: 'xyzzy' })) {
  const t = initTRPC.create({ transformer: superjson });
  const cache = createCache({ scope: 'public' });
  const outside = t.middleware(async ({ next }) => {
    const result = await next();
    if (result.ok) change(result.data as Output);
    return result;
  });
  const router = t.router({ user: t.procedure.use(outside).use(cache.cached('1m')).query(output) });
  const get = (options: Parameters<Cache<object>['http']>[0], etag = '') =>
    fetchRequestHandler({
      endpoint: '/trpc',
      req: new Request('http://localhost/trpc/user', { headers: { 'if-none-match': etag } }),
      ...cache.http(options),
    });
  return { router, get };
}

const strip: Change = (output) => {
  delete output.secret;
};

describe('an output that is changed in place outside of cached', () => {
  test('is sent as it was changed, on the miss and on hits, and is not described', async () => {
    const { router, get } = site(strip);
    for (const status of ['MISS', 'HIT', 'HIT']) {
      const response = await get({ router });
      expect(response.headers.get('x-cache')).toBe(status);
      expect(response.headers.get('etag')).toBeNull();
      expect(await response.text()).not.toContain('xyzzy');
    }
  });

  test('is sent as it was changed where it holds one object twice', async () => {
    const shared = () => {
      const twin = { n: 1 };
      return { name: 'Ada', at: new Date(0), secret: 'xyzzy', twin: [twin, twin] };
    };
    const { router, get } = site(strip, shared);
    for (const _ of [1, 2]) expect(await (await get({ router })).text()).not.toContain('xyzzy');
  });

  test.each<[string, Change]>([
    ['a date moved', (output) => output.at.setTime(1)],
    ['a field added', (output) => Object.assign(output, { more: 1 })],
    ['a field changed', (output) => Object.assign(output, { name: 'Eve' })],
  ])('is not answered with 304 for the tag it had before: %s', async (_, change) => {
    const [plain, changed] = [site(() => {}), site(change)];
    const etag = (await plain.get({ router: plain.router })).headers.get('etag') ?? '';
    expect((await plain.get({ router: plain.router }, etag)).status).toBe(304);
    expect((await changed.get({ router: changed.router }, etag)).status).toBe(200);
    expect((await changed.get({ router: changed.router }, etag)).status).toBe(200);
  });

  test('that a responseMeta changes is sent as it was changed', async () => {
    const { router, get } = site(() => {});
    const responseMeta = ({ data }: { data: { result: { data: Output } }[] }) => {
      for (const { result } of data) strip(result.data);
      return {};
    };
    for (const _ of [1, 2]) expect(await (await get({ router, responseMeta })).text()).not.toContain('xyzzy');
  });

  test('and is left alone is described as ever', async () => {
    const { router, get } = site(() => {});
    const first = await get({ router });
    const again = await get({ router }, first.headers.get('etag') ?? '');
    expect([first.status, again.status]).toEqual([200, 304]);
  });
});
