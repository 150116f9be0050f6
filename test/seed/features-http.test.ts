import { TRPCError } from '@trpc/server';
import { describe, expect, test, vi } from 'vitest';
import { cacheOf, contextOf, counter, requester, t } from '../support/app.ts';
import { directives, etagOf, expectNotModified, outputOf, pass, useClock, varyOf } from '../support/http-checks.ts';
import { serve, status } from '../support/query.ts';

describe('features over HTTP', () => {
  useClock();

  test('F2: a hit is served before the handler', async () => {
    const { get } = await serve(
      {},
      vi
        .fn(() => 'first')
        .mockImplementationOnce(() => 'first')
        .mockImplementation(fail),
    );
    const [miss, hit] = [await get(), await get()];
    expect([miss.status, hit.status, outputOf(hit)]).toEqual([200, 200, 'first']);
  });

  test('F3: with enabled: false the resolver runs twice, and the status header says BYPASS', async () => {
    const { get, run } = await serve({}, counter(), { enabled: false });
    const replies = [await get(), await get()];
    expect(run).toHaveBeenCalledTimes(2);
    expect(replies.map(status)).toEqual(['BYPASS', 'BYPASS']);
    expect(replies.map(({ headers }) => headers.get('etag'))).toEqual([null, null]);
  });

  test('F10: en, ru, en are two runs, and every answer varies by accept-language', async () => {
    const { get, run } = await serve({ vary: ['Accept-Language'] });
    const replies = [];
    for (const language of ['en', 'ru', 'en']) replies.push(await get({ 'accept-language': language }));
    expect(run).toHaveBeenCalledTimes(2);
    for (const reply of replies) expect(varyOf(reply)).toContain('accept-language');
  });

  test('F11: an answer with noStore runs again and is sent with no-store', async () => {
    const app = await serve({}, (opts) => void app.cache.control(opts).noStore());
    const replies = [await app.get(), await app.get()];
    expect(app.run).toHaveBeenCalledTimes(2);
    expect(replies.map(({ headers }) => headers.get('cache-control'))).toEqual(['no-store', 'no-store']);
    expect(replies.map(({ headers }) => headers.get('etag'))).toEqual([null, null]);
  });

  test('F13: first MISS, then HIT; an error has no status of its own; the name can be changed or left out', async () => {
    const { get } = await serve();
    expect([await get(), await get()].map(status)).toEqual(['MISS', 'HIT']);
    expect(status(await (await serve({}, fail)).get())).toBeNull();
    const renamed = await serve({}, counter(), { http: { statusHeader: 'x-shop-cache' } });
    expect((await renamed.get()).headers.get('x-shop-cache')).toBe('MISS');
    const silent = await serve({}, counter(), { http: { statusHeader: false } });
    expect(status(await silent.get())).toBeNull();
  });

  test('F14: equal values of two processes have one tag, well-formed', async () => {
    const value = () => ({ id: 1, rows: ['a', 'b'] });
    const tags = await Promise.all(
      [serve({}, value), serve({}, value)].map(async (app) => etagOf(await (await app).get())),
    );
    expect(tags[0]).toMatch(/^(W\/)?"[^"]+"$/);
    expect(tags[1]).toBe(tags[0]);
  });

  test('F15: a list with the tag in it gives 304 with tag, lifetime and vary; a wrong tag gives 200', async () => {
    const { get } = await serve();
    const etag = etagOf(await get());
    const matching = await get({ 'if-none-match': `"x", ${etag}` });
    expectNotModified(matching, etag);
    expect(matching.headers.get('cache-control')).toBe('private, no-cache');
    expect(varyOf(matching)).toContain('trpc-accept');
    const other = await get({ 'if-none-match': '"x"' });
    expect([other.status, status(other), outputOf(other)]).toEqual([200, 'HIT', 1]);
  });

  test('F16: a client that holds the current tag gets 304 from a cold store, and the resolver runs once', async () => {
    const value = () => 'same';
    const etag = etagOf(await (await serve({}, value)).get());
    const { get, run } = await serve({}, value);
    const reply = await get({ 'if-none-match': etag });
    expectNotModified(reply, etag);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('F17: at second 20 of 60 max-age is 40; http: false sends nothing', async () => {
    const { get } = await serve({ http: { browser: 60 } });
    expect(directives(await get()).get('max-age')).toBe('60');
    pass(20);
    expect(directives(await get()).get('max-age')).toBe('40');
    const { headers } = await (await serve({ http: false })).get();
    expect([headers.get('cache-control'), headers.get('etag'), headers.get('x-cache')]).toEqual([null, null, null]);
  });

  test('F18: what a client says about caching is ignored by default: it must not turn the cache off', async () => {
    const { get, run } = await serve();
    for (const value of ['No-Cache, max-age=0', 'no-store', 'no-cache', 'max-age=0'])
      await get({ 'cache-control': value, pragma: 'no-cache' });
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('F21: an error runs again, and a 404 stays a 404 that nobody keeps', async () => {
    const { get, run } = await serve({}, fail);
    const replies = [await get(), await get()];
    expect(replies.map((reply) => [reply.status, reply.headers.get('cache-control')])).toEqual([
      [404, 'no-store'],
      [404, 'no-store'],
    ]);
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('F24: a cookie set on a miss is never replayed on a hit', async () => {
    const cache = cacheOf();
    const router = t.router({
      one: t.procedure.use(cache.cached(60)).query(({ ctx }) => {
        (ctx as unknown as { resHeaders: Headers }).resHeaders.append('set-cookie', 'session=ann');
        return 1;
      }),
    });
    const createContext = (opts: any) => ({ ...contextOf(opts), resHeaders: opts.resHeaders });
    const request = await requester(cache.http({ router, createContext }));
    const [miss, hit] = [await request('one'), await request('one')];
    expect([miss, hit].map(({ headers }) => headers.get('set-cookie'))).toEqual(['session=ann', null]);
    expect([miss, hit].map(status)).toEqual(['MISS', 'HIT']);
  });
});

const fail = () => {
  throw new TRPCError({ code: 'NOT_FOUND' });
};
