import { describe, expect, test } from 'vitest';
import { adapters, openShop } from '../support/http-adapters.ts';
import {
  etagOf,
  expectNoShare,
  expectNoStore,
  expectUntagged,
  headersOf,
  life,
  outputOf,
  useClock,
} from '../support/http-checks.ts';
import { plainTrpc } from '../support/plain-trpc.ts';

useClock();

const post = { method: 'POST', headers: { 'content-type': 'application/json' } };

describe.each(adapters)('what is never 304 over $name', (adapter) => {
  const plainShop = () => openShop(adapter, { shop: { library: false } });

  test('A16: a tag of somebody else, or a star, is no way around authorization', async () => {
    const shop = await openShop(adapter);
    const etag = etagOf(await shop.send('auth', { headers: { 'x-user': 'a' } }));
    for (const held of [etag, '*']) {
      const reply = await shop.send('auth', { headers: { 'if-none-match': held } });
      expect(reply.status).toBe(401);
      expect(JSON.parse(reply.body)).toMatchObject({ error: { data: { code: 'UNAUTHORIZED' } } });
      expectNoStore(reply);
    }
  });

  test('A17: a failure is answered in full, whatever the client says it holds', async () => {
    const shop = await openShop(adapter);
    const reply = await shop.send('err', { headers: { 'if-none-match': '*' } });
    expect(reply.status).toBe(404);
    expect(JSON.parse(reply.body)).toMatchObject({ error: { message: 'no such thing' } });
    expectNoStore(reply);
  });

  test('A18: a mutation runs once for every request, whatever the client says it holds', async () => {
    const shop = await openShop(adapter);
    for (const held of ['*', '"a"', etagOf(await shop.send('def'))]) {
      const reply = await shop.send('m', { ...post, headers: { ...post.headers, 'if-none-match': held } });
      expect(reply.status).toBe(200);
      expectUntagged(reply);
    }
    expect(shop.runs.m).toBe(3);
  });

  test('A19: a query that is not cached is answered as by plain tRPC', async () => {
    const headers = { 'if-none-match': '*' };
    const reply = await (await openShop(adapter)).send('raw', { headers });
    const expected = await (await plainShop()).send('raw', { headers });
    expect(reply.status).toBe(200);
    expect(headersOf(reply)).toEqual(headersOf(expected));
    expect(reply.body).toBe(expected.body);
  });

  test('A19: a query with http: false is answered as by plain tRPC, from the cache', async () => {
    const headers = { 'if-none-match': '*' };
    const shop = await openShop(adapter);
    const expected = await (await plainShop()).send('bare', { headers });
    for (let round = 0; round < 2; round++) {
      const reply = await shop.send('bare', { headers });
      expect(reply.status).toBe(200);
      expect(headersOf(reply)).toEqual(headersOf(expected));
      expect(reply.body).toBe(expected.body);
    }
    expect(shop.runs.bare).toBe(1);
  });

  test.each([
    ['404', 404, 'err'],
    ['a missing procedure', 404, 'nothing.here'],
    ['401', 401, 'auth'],
    ['500', 500, 'bug'],
    ['an input of the wrong type', 400, `byId?input=${encodeURIComponent('{"id":"x"}')}`],
    ['an input that is no JSON', 400, 'byId?input=%7B'],
  ])('A28: %s has the status and body of plain tRPC, and is stored by nobody', async (_, status, path) => {
    const reply = await (await openShop(adapter)).send(path);
    const expected = await (await plainShop()).send(path);
    expect(reply.status).toBe(status);
    expect(reply.status).toBe(expected.status);
    expect(reply.body).toBe(expected.body);
    expectNoStore(reply);
  });

  test('A28: a failure that responseMeta answers as a success is stored by nobody', async () => {
    const shop = await openShop(adapter, { responseMeta: () => ({ status: 200 }) });
    const reply = await shop.send('err');
    expect(reply.status).toBe(200);
    expectNoStore(reply);
  });

  test.each(['Headers', 'a plain object'])(
    'A28: what responseMeta promised by %s does not hold for a failure',
    async (form) => {
      const promised = {
        'Cache-Control': 'public, max-age=60',
        ETag: '"v1"',
        'CDN-Cache-Control': 'max-age=300',
        Age: '3',
      };
      const shop = await openShop(adapter, {
        responseMeta: () => ({ headers: form === 'Headers' ? new Headers(promised) : promised }),
      });
      expectNoStore(await shop.send('err'));
    },
  );

  test('http-cases Q5: an answer that its resolver does not want kept is stored by nobody, also in a batch', async () => {
    const promised = { 'Cache-Control': 'public, max-age=60', ETag: '"v1"', 'CDN-Cache-Control': 'max-age=300' };
    const shop = await openShop(adapter, { responseMeta: () => ({ headers: promised }) });
    for (const path of ['fleeting', 'pub,fleeting?batch=1']) {
      const reply = await shop.send(path, { headers: { 'if-none-match': '*' } });
      expect(reply.status).toBe(200);
      expectNoStore(reply);
    }
    expect(shop.runs.fleeting).toBe(2);
  });

  test('A29: a mutation by GET is 405 with the methods it allows, and stored by nobody', async () => {
    const reply = await (await openShop(adapter)).send('m');
    expect(reply.status).toBe(405);
    expect(reply.headers.get('allow')).toBe((await plainTrpc()).allow);
    expectNoStore(reply);
  });

  test('A33: a mutation has neither tag nor lifetime, and invalidates', async () => {
    const shop = await openShop(adapter);
    await shop.send('def');
    shop.data.def = { name: 'def', stock: 2 };
    const reply = await shop.send('m', post);
    expect(reply.status).toBe(200);
    expectUntagged(reply);
    expectNoShare(reply);
    expect(life(reply)).toBe(0);
    expect(outputOf(await shop.send('def'))).toEqual({ name: 'def', stock: 2 });
  });

  test('A58: HEAD is answered as by plain tRPC, and runs nothing', async () => {
    const shop = await openShop(adapter);
    const reply = await shop.send('def', { method: 'HEAD' });
    const expected = await (await plainShop()).send('def', { method: 'HEAD' });
    expect(reply.status).toBe(204);
    expect(headersOf(reply)).toEqual(headersOf(expected));
    expect(shop.runs.def).toBeUndefined();
  });

  test('A61: a context that cannot be made is a failure, although the query is public', async () => {
    const shop = await openShop(adapter, {
      createContext: () => {
        throw new Error('no session store');
      },
    });
    const reply = await shop.send('pub', { headers: { 'if-none-match': '*' } });
    expect(reply.status).toBe(500);
    expectNoStore(reply);
  });
});
