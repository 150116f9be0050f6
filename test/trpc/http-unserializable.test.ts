import { describe, expect, test } from 'vitest';
import { adapters, openShop } from '../support/http-adapters.ts';
import { directives, expectUntagged, useClock } from '../support/http-checks.ts';

useClock();

const post = { method: 'POST', headers: { 'content-type': 'application/json' } };

// tRPC has taken the headers by the time it serializes, and asks for those of the failure to be put beside them.
describe.each(adapters)('an output that tRPC cannot serialize over $name', (adapter) => {
  test.each(['raw,def?batch=1', 'def,raw?batch=1', 'pub'])('says once how %s was answered', async (path) => {
    const shop = await openShop(adapter, { shop: { http: { cacheStatus: 'c' } } });
    shop.data.raw = 1n;
    shop.data.pub = 1n;
    const { headers, ...reply } = await shop.send(path);
    expect(reply.status).toBe(500);
    const words = (headers.get('x-cache') ?? '').split(', ').length;
    expect(words).toBeLessThanOrEqual(path.split(',').length);
    expect(headers.get('cache-status')).not.toContain(',');
    expect([...directives({ ...reply, headers }).keys()]).toEqual(['no-store']);
    expectUntagged({ ...reply, headers });
  });

  test('tells once what its mutation invalidated, and gives one cookie for it', async () => {
    const shop = await openShop(adapter, { shop: { http: { tellInvalidated: true, readYourWrites: '10s' } } });
    shop.data.m = 1n;
    const { status, headers } = await shop.send('m', post);
    expect(status).toBe(500);
    expect(headers.get('x-cache-invalidated')).toBe('"*"');
    expect(headers.getSetCookie()).toEqual([expect.stringMatching(/^trpc-cached-exact=1;/)]);
  });

  test('keeps Vary as it was, each name once', async () => {
    const shop = await openShop(adapter, { responseMeta: () => ({ headers: {} }) });
    shop.data.pub = 1n;
    const { headers } = await shop.send('pub');
    const names = (headers.get('vary') ?? '').split(',').map((name) => name.trim());
    expect(names.sort()).toEqual(['accept', 'trpc-accept']);
  });
});

test.each(adapters)(
  'a failure of a procedure is told of, and says nothing of the cache, over $name',
  async (adapter) => {
    const shop = await openShop(adapter, { shop: { http: { cacheStatus: 'c' } } });
    for (const path of ['err', 'bug', 'pub,err?batch=1']) {
      const { headers } = await shop.send(path);
      expect([headers.get('x-cache'), headers.get('cache-status')]).toEqual([null, null]);
    }
  },
);
