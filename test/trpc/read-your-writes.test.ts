import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cacheOf, contextOf, counter, errorOf, requester, t } from '../support/app.ts';
import { adapters } from '../support/http-adapters.ts';
import { faultyStore } from '../support/stores.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const sign = 'trpc-cached-exact=1';

describe.each(adapters)('readYourWrites over $name', (adapter) => {
  const open = async (options: object = { readYourWrites: '10s' }, responseMeta?: () => object) => {
    const { store } = faultyStore();
    const cache = cacheOf({ store, namespace: 'test', http: options });
    const router = t.router({
      list: t.procedure.use(cache.cached('1h')).query(counter()),
      write: t.procedure.use(cache.invalidates('list')).mutation(() => 'ok'),
      nothing: t.procedure.use(cache.invalidates(() => null)).mutation(() => 'ok'),
    });
    const served = cache.http({ router, createContext: contextOf, ...(responseMeta && { responseMeta }) });
    return { request: await requester(served as never, adapter), store };
  };
  const isExact = ({ lookup }: Awaited<ReturnType<typeof open>>['store']) =>
    (lookup.mock.lastCall as unknown[] | undefined)?.[0] as { exact?: boolean };

  test('a mutation that invalidated gives its client a sign, and queries with it read the source of truth', async () => {
    const { request, store } = await open();
    const reply = await request('write', { method: 'POST' });
    expect(reply.headers.getSetCookie()).toEqual([`${sign}; Max-Age=10; Path=/; HttpOnly; SameSite=Lax`]);
    await request('list', { headers: { cookie: `session=7; ${sign}` } });
    expect(isExact(store)).toMatchObject({ exact: true });
    await request('list', { headers: { cookie: 'session=7' } });
    expect(isExact(store)).not.toHaveProperty('exact');
  });

  test('reads that such a query makes of other queries are exact, too, and those of others are not any more once it is answered', async () => {
    const { store } = faultyStore();
    const cache = cacheOf({ store, namespace: 'test', http: { readYourWrites: '10s' } });
    const inner = cache.wrap('inner', counter(), { ttl: '1h' });
    const router = t.router({ page: t.procedure.query(() => inner()) });
    const request = await requester(cache.http({ router, createContext: contextOf }) as never, adapter);
    await request('page', { headers: { cookie: sign } });
    expect(isExact(store)).toMatchObject({ exact: true });
    await request('page');
    expect(isExact(store)).not.toHaveProperty('exact');
  });

  test.each(['xtrpc-cached-exact=1', 'trpc-cached-exact=11', 'a=trpc-cached-exact=1'])(
    '%s is another cookie',
    async (cookie) => {
      const { request, store } = await open();
      await request('list', { headers: { cookie } });
      expect(isExact(store)).not.toHaveProperty('exact');
    },
  );

  test('a mutation that invalidated nothing, and a query, set no cookie', async () => {
    const { request } = await open();
    for (const reply of [await request('nothing', { method: 'POST' }), await request('list')])
      expect(reply.headers.getSetCookie()).toEqual([]);
  });

  test('the cookies of the user are all kept', async () => {
    const mine = ['a=1; Path=/', 'b=2; Path=/'];
    const { request } = await open({ readYourWrites: '10s' }, () => {
      const headers = new Headers();
      for (const cookie of mine) headers.append('set-cookie', cookie);
      return { headers };
    });
    const reply = await request('write', { method: 'POST' });
    expect(reply.headers.getSetCookie()).toEqual(expect.arrayContaining([expect.stringContaining(sign), ...mine]));
  });

  test('it is off unless asked for: no cookie is set and none is read', async () => {
    const { request, store } = await open({});
    expect((await request('write', { method: 'POST' })).headers.getSetCookie()).toEqual([]);
    await request('list', { headers: { cookie: sign } });
    expect(isExact(store)).not.toHaveProperty('exact');
  });
});

test('readYourWrites wants a duration or false', async () => {
  for (const readYourWrites of [0, true, 'soon']) {
    const error = await errorOf(() => cacheOf({ http: { readYourWrites: readYourWrites as never } }));
    expect(error.message).toContain('http.readYourWrites');
  }
  cacheOf({ http: { readYourWrites: false } });
});
