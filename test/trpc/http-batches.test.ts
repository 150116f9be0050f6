import { describe, expect, test } from 'vitest';
import { adapters, openShop } from '../support/http-adapters.ts';
import {
  directives,
  etagOf,
  expectNoShare,
  expectNoStore,
  expectNotModified,
  expectUndescribed,
  isSharedStorable,
  life,
  pass,
  useClock,
} from '../support/http-checks.ts';

useClock();

describe.each(adapters)('batches over $name', (adapter) => {
  test('A38: a batch lives as long as its shortest-lived member, and has a tag', async () => {
    const shop = await openShop(adapter);
    const cold = await shop.send('pub,long?batch=1');
    expect(life(cold)).toBe(60);
    expect(isSharedStorable(cold)).toBe(true);
    expect(cold.headers.get('x-cache')).toBe('MISS, MISS');
    pass(20);
    const warm = await shop.send('pub,long?batch=1');
    expect(life(warm)).toBe(40);
    expect(warm.headers.get('x-cache')).toBe('HIT, HIT');
    expect(etagOf(warm)).toBe(etagOf(cold));
    expect(JSON.parse(warm.body)).toEqual([
      { result: { data: { name: 'pub', stock: 1 } } },
      { result: { data: { name: 'long', stock: 1 } } },
    ]);
  });

  test('A39: a client that holds the tag of the batch gets 304', async () => {
    const shop = await openShop(adapter);
    const etag = etagOf(await shop.send('pub,long?batch=1'));
    pass(20);
    const reply = await shop.send('pub,long?batch=1', { headers: { 'if-none-match': etag } });
    expectNotModified(reply, etag);
    expect(directives(reply).get('max-age')).toBe('40');
  });

  test('A40: the order of a batch is in its tag, and so is that it is a batch', async () => {
    const shop = await openShop(adapter);
    const tags = new Set<string>();
    for (const path of ['pub,long?batch=1', 'long,pub?batch=1', 'pub', 'pub?batch=1'])
      tags.add(etagOf(await shop.send(path)));
    expect(tags.size).toBe(4);
  });

  test('A40: two queries in another order have another tag also when their answers are equal', async () => {
    const shop = await openShop(adapter);
    shop.data.long = shop.data.pub;
    const [one, other] = [await shop.send('pub,long?batch=1'), await shop.send('long,pub?batch=1')];
    expect(other.body).toBe(one.body);
    expect(etagOf(other)).not.toBe(etagOf(one));
  });

  test('A40: a query that stands twice in a batch is answered twice, with a tag of its own', async () => {
    const shop = await openShop(adapter);
    const once = await shop.send('pub?batch=1');
    const twice = await shop.send('pub,pub?batch=1');
    const [member] = JSON.parse(once.body) as unknown[];
    expect(JSON.parse(twice.body)).toEqual([member, member]);
    expect(twice.headers.get('x-cache')).toBe('HIT, HIT');
    expect(etagOf(twice)).not.toBe(etagOf(once));
    const again = await shop.send('pub,pub?batch=1', { headers: { 'if-none-match': etagOf(twice) } });
    expectNotModified(again, etagOf(twice));
  });

  test('A40: a batch that asks one procedure for several inputs keeps them apart', async () => {
    const shop = await openShop(adapter);
    const path = (...ids: number[]) =>
      `${ids.map(() => 'byId').join()}?batch=1&input=${encodeURIComponent(JSON.stringify(Object.fromEntries(ids.map((id, index) => [index, { id }]))))}`;
    for (let round = 0; round < 2; round++) {
      const reply = await shop.send(path(1, 2, 1));
      expect(JSON.parse(reply.body)).toEqual([1, 2, 1].map((id) => ({ result: { data: { id } } })));
    }
    expect(shop.runs.byId).toBe(2);
    expect(etagOf(await shop.send(path(1, 2)))).not.toBe(etagOf(await shop.send(path(2, 1))));
  });

  test('A41: a member that changes changes the tag of the batch', async () => {
    const shop = await openShop(adapter);
    const old = etagOf(await shop.send('pub,long?batch=1'));
    shop.data.long = { name: 'long', stock: 2 };
    await shop.cache.invalidate('long');
    const reply = await shop.send('pub,long?batch=1', { headers: { 'if-none-match': old } });
    expect(reply.status).toBe(200);
    expect(etagOf(reply)).not.toBe(old);
    expect(reply.headers.get('x-cache')).toBe('HIT, MISS');
  });

  test('A42: a private member makes the batch private, for the shortest lifetime', async () => {
    const shop = await openShop(adapter);
    await shop.send('priv');
    pass(20);
    const reply = await shop.send('pub,priv?batch=1');
    expect(directives(reply).has('private')).toBe(true);
    expectNoShare(reply);
    expect(life(reply)).toBe(40);
  });

  test('A43: a member that is asked about every time makes the batch so', async () => {
    const shop = await openShop(adapter);
    const reply = await shop.send('pub,def?batch=1');
    expect([...directives(reply).keys()].sort()).toEqual(['no-cache', 'private']);
  });

  test('A44: a failing member takes tag and lifetime from the batch, and the others are cached', async () => {
    const shop = await openShop(adapter);
    const reply = await shop.send('pub,err?batch=1', { headers: { 'if-none-match': '*' } });
    expect(reply.status).toBe(207);
    expect(JSON.parse(reply.body)).toMatchObject([
      { result: { data: { name: 'pub' } } },
      { error: { message: 'no such thing' } },
    ]);
    expectNoStore(reply);
    await shop.send('pub');
    expect(shop.runs.pub).toBe(1);
  });

  test('A45: a member that nobody wanted cached takes tag and lifetime from the batch', async () => {
    const shop = await openShop(adapter);
    for (const path of ['pub,raw?batch=1', 'raw,pub?batch=1', 'pub,bare?batch=1']) {
      const reply = await shop.send(path, { headers: { 'if-none-match': '*' } });
      expect(reply.status).toBe(200);
      expect(JSON.parse(reply.body)).toHaveLength(2);
      expectUndescribed(reply);
    }
  });

  test('A46: a batch of failures is the failure, and stored by nobody', async () => {
    const shop = await openShop(adapter);
    const reply = await shop.send('err,err?batch=1');
    expect(reply.status).toBe(404);
    expectNoStore(reply);
  });
});
