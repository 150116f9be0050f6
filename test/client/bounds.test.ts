import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCopies } from '../../src/client/copies.ts';
import { conditionalFetch } from '../../src/client/index.ts';
import type { Copy } from '../../src/client/stored.ts';
import { counted, serve } from './origin.ts';

/** Answers `/n` with n characters of JSON, and knows its tags. */
const openSized = () =>
  serve((req, res) => {
    const size = Number((req.url ?? '').replace(/\D/g, ''));
    const tag = `"${req.url}"`;
    const known = req.headers['if-none-match'] === tag;
    res.writeHead(known ? 304 : 200, { 'content-type': 'application/json', etag: tag });
    res.end(known ? undefined : JSON.stringify('x'.repeat(size - 2)));
  });

describe('the memory of conditionalFetch', () => {
  test('is bounded by bytes: what was asked for longest ago is asked for anew', async () => {
    const { url } = await openSized();
    const statuses: number[] = [];
    const get = conditionalFetch({ fetch: counted(statuses), maxBytes: 100_000 });
    const ask = async (path: string) => (await get(`${url}/${path}`)).text();
    for (const path of ['10000a', '10000b', '10000c', '10000d', '10000e']) await ask(path);
    statuses.length = 0;
    for (const path of ['10000e', '10000d', '10000a']) await ask(path);
    expect(statuses).toEqual([304, 304, 200]);
  });

  test('is bounded by entries', async () => {
    const { url } = await openSized();
    const statuses: number[] = [];
    const get = conditionalFetch({ fetch: counted(statuses), maxEntries: 2 });
    const ask = async (path: string) => (await get(`${url}/${path}`)).text();
    for (const path of ['11', '12', '13', '13', '12', '11']) await ask(path);
    expect(statuses).toEqual([200, 200, 200, 304, 304, 200]);
  });

  const copy = fc.record({
    place: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    language: fc.integer({ min: 0, max: 20 }).map((number) => `x${number}`),
    size: fc.integer({ min: 0, max: 3_000 }),
    order: fc.nat(100),
  });

  test('stays below its bounds whatever is put in, variants of one URL included', () => {
    fc.assert(
      fc.property(fc.array(copy, { maxLength: 80 }), (puts) => {
        const copies = createCopies(10_000, 3);
        const of = ({ language, size, order }: (typeof puts)[number]): Copy => ({
          etag: '"1"',
          text: 'x'.repeat(size),
          statusText: 'OK',
          url: '',
          headers: new Headers({ etag: '"1"' }),
          vary: [['accept-language', language]],
          asked: '',
          sentAt: 0,
          receivedAt: 0,
          order,
        });
        for (const put of puts) copies.put(put.place, of(put));
        const places = [...new Set(puts.map(({ place }) => place))];
        const held = places.map((place) => {
          const found = puts
            .filter((put) => put.place === place)
            .flatMap(({ language }) => copies.find(place, new Headers({ 'accept-language': language })) ?? []);
          return [...new Set(found)];
        });
        expect(held.filter((found) => found.length > 0).length).toBeLessThanOrEqual(3);
        for (const found of held) expect(found.length).toBeLessThanOrEqual(8);
        const characters = held.flat().reduce((sum, { text }) => sum + text.length, 0);
        expect(2 * characters).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});
