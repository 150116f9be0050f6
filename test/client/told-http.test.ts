import fc from 'fast-check';
import { parseList } from 'structured-headers';
import { describe, expect, test } from 'vitest';
import { readTold } from '../../src/client/told.ts';
import { toldHeader } from '../../src/http/told.ts';
import { adapters } from '../support/http-adapters.ts';
import { createSite } from './site.ts';

describe.each(adapters)('over $name', (adapter) => {
  test('a mutation tells what it invalidated, beside the headers of the app, and an error of it too', async () => {
    const { cache, router } = createSite();
    const { send } = await adapter.serve(
      cache.http({
        router,
        createContext: () => ({ user: null }),
        responseMeta: () => ({ headers: { 'x-own': '1' } }),
      }),
    );
    const post = (path: string) =>
      send(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    const done = await post('post.touch');
    expect([done.status, done.headers.get('x-own')]).toEqual([200, '1']);
    expect(done.headers.get('x-cache-invalidated')).toBe('"post.list", "user.*"');
    const failed = await post('post.half');
    expect([failed.status, failed.headers.get('x-cache-invalidated')]).toEqual([409, '"stats"']);
    expect((await post('post.nothing')).headers.get('x-cache-invalidated')).toBeNull();
    expect((await send('stats')).headers.get('x-cache-invalidated')).toBeNull();
  });
});

describe('the header', () => {
  const told = fc.array(
    fc.record({ path: fc.string({ minLength: 1, unit: 'grapheme' }), input: fc.json() }, { requiredKeys: ['path'] }),
    { maxLength: 20 },
  );

  test('is a list of RFC 9651 that says all of it, or more, in at most 1,024 characters', () => {
    fc.assert(
      fc.property(told, (given) => {
        const header = toldHeader(given);
        expect(header === undefined).toBe(given.length === 0);
        if (header === undefined) return;
        expect(header.length).toBeLessThanOrEqual(1_024);
        const list = parseList(header).map(([path, parameters]) => {
          const input = (parameters as Map<string, unknown>).get('i');
          return { path, ...(input !== undefined && { input: JSON.parse(input as string) }) };
        });
        const { invalidated } = readTold(header);
        expect(invalidated).toEqual(list);
        for (const { path, input } of given) {
          expect(
            invalidated.some(
              (one) =>
                one.path === '*' ||
                (one.path === path &&
                  (!('input' in one) || JSON.stringify(one.input) === JSON.stringify(input && JSON.parse(input)))),
            ),
          ).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('that is no such list means everything, and takes no time', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { invalidated } = readTold(text);
        let isList = true;
        try {
          isList = parseList(text.trim()).every(([item]) => typeof item === 'string');
        } catch {
          isList = false;
        }
        if (!isList) expect(invalidated).toEqual([{ path: '*' }]);
      }),
      { numRuns: 2_000 },
    );
    for (const text of ['"a";', '"a" "b"', 'a', '"a', '"a",', '"a";i="x', '"é"', '(1 2)'])
      expect(readTold(text).invalidated, text).toEqual([{ path: '*' }]);
    expect(readTold('"a"; x=1;y ,\t"b";i="no json"').invalidated).toEqual([{ path: 'a' }, { path: 'b' }]);
    expect(readTold(`"a"${'; a="'.repeat(50_001)}`).invalidated).toEqual([{ path: '*' }]);
    expect(readTold('').invalidated).toEqual([]);
  });
});
