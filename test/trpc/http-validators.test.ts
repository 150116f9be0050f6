import { describe, expect, test } from 'vitest';
import { adapters, openShop } from '../support/http-adapters.ts';
import {
  directives,
  etagOf,
  expectNotModified,
  headersOf,
  outputOf,
  pass,
  useClock,
  varyOf,
} from '../support/http-checks.ts';

useClock();

describe.each(adapters)('validators over $name', (adapter) => {
  test('A1: a cold query answers in full, with a weak tag of at least sixteen legal characters', async () => {
    const shop = await openShop(adapter);
    const reply = await shop.send('def');
    expect(reply.status).toBe(200);
    expect(outputOf(reply)).toEqual({ name: 'def', stock: 1 });
    expect(reply.headers.get('etag')).toMatch(/^W\/"[\x21\x23-\x5b\x5d-\x7e]{16,}"$/);
    expect(reply.headers.get('x-cache')).toBe('MISS');
  });

  test('A2: the second request gets the same tag and body, and the resolver ran once', async () => {
    const shop = await openShop(adapter);
    const first = await shop.send('def');
    const second = await shop.send('def');
    expect(etagOf(second)).toBe(etagOf(first));
    expect(second.body).toBe(first.body);
    expect(second.headers.get('x-cache')).toBe('HIT');
    expect(shop.runs.def).toBe(1);
  });

  test('A3: a client that holds the tag gets 304 without a body', async () => {
    const shop = await openShop(adapter);
    const etag = etagOf(await shop.send('def'));
    expectNotModified(await shop.send('def', { headers: { 'if-none-match': etag } }), etag);
    expect(shop.runs.def).toBe(1);
  });

  test('A3: a client that holds the tag of what a cold server computes gets 304, too', async () => {
    const etag = etagOf(await (await openShop(adapter)).send('def'));
    const cold = await openShop(adapter);
    expectNotModified(await cold.send('def', { headers: { 'if-none-match': etag } }), etag);
    expect(cold.runs.def).toBe(1);
  });

  test('A4: the tag matches also without its weakness', async () => {
    const shop = await openShop(adapter);
    const etag = etagOf(await shop.send('def'));
    const reply = await shop.send('def', { headers: { 'if-none-match': etag.replace('W/', '') } });
    expectNotModified(reply, etag);
  });

  test.each([
    ['first', (etag: string) => `${etag}, "a", W/"b,c"`],
    ['in the middle', (etag: string) => `"a", ${etag}, W/"b,c"`],
    ['last', (etag: string) => `"a", W/"b,c", ${etag}`],
    ['first without spaces', (etag: string) => `${etag},"a",W/"b,c"`],
    ['in the middle without spaces', (etag: string) => `"a",${etag},W/"b,c"`],
    ['last without spaces', (etag: string) => `"a",W/"b,c",${etag}`],
  ])('A5: the tag matches %s in a list', async (_, list) => {
    const shop = await openShop(adapter);
    const etag = etagOf(await shop.send('def'));
    expectNotModified(await shop.send('def', { headers: { 'if-none-match': list(etag) } }), etag);
  });

  test('A6: another tag gets the full answer with the current one', async () => {
    const shop = await openShop(adapter);
    const first = await shop.send('def');
    const reply = await shop.send('def', { headers: { 'if-none-match': '"nope"' } });
    expect(reply.status).toBe(200);
    expect(reply.body).toBe(first.body);
    expect(etagOf(reply)).toBe(etagOf(first));
  });

  test('A7: a star matches whatever there is', async () => {
    const shop = await openShop(adapter);
    const etag = etagOf(await shop.send('def'));
    expectNotModified(await shop.send('def', { headers: { 'if-none-match': '*' } }), etag);
  });

  const past = 'Thu, 01 Jan 1970 00:00:00 GMT';
  const future = 'Fri, 01 Jan 2100 00:00:00 GMT';

  test('A8: a matching tag is 304 although a date of the client says modified', async () => {
    const shop = await openShop(adapter);
    const etag = etagOf(await shop.send('def'));
    const reply = await shop.send('def', { headers: { 'if-none-match': etag, 'if-modified-since': past } });
    expectNotModified(reply, etag);
  });

  test('A9: another tag is 200 although a date of the client says unmodified', async () => {
    const shop = await openShop(adapter);
    await shop.send('def');
    const reply = await shop.send('def', { headers: { 'if-none-match': '"nope"', 'if-modified-since': future } });
    expect(reply.status).toBe(200);
  });

  test('A10: a date alone is never 304, and no modification date is sent', async () => {
    const shop = await openShop(adapter);
    await shop.send('def');
    const reply = await shop.send('def', { headers: { 'if-modified-since': future } });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('last-modified')).toBeNull();
  });

  test('A11: a 304 has the Cache-Control, Vary, ETag and Date of the 200, and nothing that describes a body', async () => {
    const shop = await openShop(adapter);
    const full = await shop.send('def');
    const short = await shop.send('def', { headers: { 'if-none-match': etagOf(full) } });
    expectNotModified(short, etagOf(full));
    expect(directives(short)).toEqual(directives(full));
    expect(varyOf(short)).toEqual(varyOf(full));
    expect(short.headers.has('date')).toBe(adapter.name !== 'fetch');
  });

  test.each(['Headers', 'a plain object'])('A12: a 304 keeps what responseMeta set by %s', async (form) => {
    const sent: [string, string][] = [
      ['access-control-allow-origin', 'https://shop.example'],
      ['access-control-expose-headers', 'ETag'],
      ['x-request-id', 'r1'],
    ];
    const shop = await openShop(adapter, {
      responseMeta: () => {
        if (form === 'Headers')
          return { headers: new Headers([...sent, ['set-cookie', 'a=1'], ['set-cookie', 'b=2']]) };
        return { headers: { ...Object.fromEntries(sent), 'set-cookie': ['a=1', 'b=2'] } };
      },
    });
    const full = await shop.send('def');
    const short = await shop.send('def', { headers: { 'if-none-match': etagOf(full) } });
    expectNotModified(short, etagOf(full));
    expect(short.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(headersOf(short, 'x-cache')).toEqual(headersOf(full, 'x-cache', 'transfer-encoding', 'content-length'));
    expect(headersOf(short)).toMatchObject(Object.fromEntries(sent));
  });

  test('A13: after an invalidation the old tag gets the new answer with a new tag', async () => {
    const shop = await openShop(adapter);
    const old = etagOf(await shop.send('def'));
    shop.data.def = { name: 'def', stock: 2 };
    await shop.cache.invalidate('def');
    const reply = await shop.send('def', { headers: { 'if-none-match': old } });
    expect(reply.status).toBe(200);
    expect(outputOf(reply)).toEqual({ name: 'def', stock: 2 });
    expect(etagOf(reply)).not.toBe(old);
  });

  test('A14: an equal answer computed again keeps its tag, so the client keeps its copy', async () => {
    const shop = await openShop(adapter);
    const etag = etagOf(await shop.send('def'));
    pass(61);
    shop.data.def = { name: 'def', stock: 1 };
    expectNotModified(await shop.send('def', { headers: { 'if-none-match': etag } }), etag);
    expect(shop.runs.def).toBe(2);
  });

  test('A57: a client that asks for a fresh answer, too, gets 304 for the tag it holds', async () => {
    const shop = await openShop(adapter);
    const etag = etagOf(await shop.send('def'));
    const headers = { 'if-none-match': etag, 'cache-control': 'no-cache' };
    expectNotModified(await shop.send('def', { headers }), etag);
  });

  test('A60: a range is not served, whatever If-Range says', async () => {
    const shop = await openShop(adapter);
    const full = await shop.send('def');
    const reply = await shop.send('def', { headers: { range: 'bytes=0-3', 'if-range': etagOf(full) } });
    expect(reply.status).toBe(200);
    expect(reply.body).toBe(full.body);
    expect(reply.headers.get('content-range')).toBeNull();
  });

  test('A62: another transformer gives another tag, and the old one matches no more', async () => {
    const old = etagOf(await (await openShop(adapter)).send('def'));
    const typed = await openShop(adapter, { shop: { typed: true } });
    const reply = await typed.send('def', { headers: { 'if-none-match': old } });
    expect(reply.status).toBe(200);
    expect(etagOf(reply)).not.toBe(old);
  });

  test('A62: another version of the cache gives another tag, and the old one matches no more', async () => {
    const old = etagOf(await (await openShop(adapter, { shop: { version: '1' } })).send('def'));
    const next = await openShop(adapter, { shop: { version: '2' } });
    const reply = await next.send('def', { headers: { 'if-none-match': old } });
    expect(reply.status).toBe(200);
    expect(etagOf(reply)).not.toBe(old);
  });
});
