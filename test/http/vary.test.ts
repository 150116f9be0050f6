import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeVary, varyNames } from '../../src/http/vary.ts';

const name = fc.constantFrom('accept', 'Accept', 'TRPC-Accept', 'origin', 'Accept-Language', 'x-tenant');
const field = fc.option(
  fc.array(fc.tuple(name, fc.constantFrom(',', ', ', ' ,, ')), { maxLength: 5 }).map((pairs) => pairs.flat().join('')),
  { nil: null },
);

describe('varyNames', () => {
  test.each([
    ['an absent field (null)', null, []],
    ['an absent field (undefined)', undefined, []],
    ['an empty field', '', []],
    ['the field of tRPC', 'trpc-accept, accept', ['trpc-accept', 'accept']],
    ['names in any case, spaces and empty members', ' ,Origin,, ACCEPT\t,origin ', ['origin', 'accept']],
    ['a star', '*', ['*']],
  ])('RFC 9110 §12.5.5: %s gives its names once, in lower case', (_, value, names) => {
    expect(varyNames(value)).toEqual(names);
  });
});

describe('mergeVary', () => {
  test.each([
    ['A36: a declared name joins those of tRPC', 'trpc-accept, accept', ['Accept-Language'], ['accept-language']],
    ['A36: a name that is there in another case is not added', 'trpc-accept, Accept', ['ACCEPT'], []],
    ['A36: a name that is wanted twice is added once', null, ['Origin', 'origin', 'ORIGIN'], ['origin']],
    ['RFC 9110 §12.5.5: a star that is there covers everything', 'accept, *', ['origin'], []],
    ['RFC 9110 §12.5.5: a star that is wanted replaces the other names', 'accept', ['origin', '*'], ['*']],
    ['RFC 9110 §12.5.5: a beginning of a name is another name', 'accept-language', ['accept'], ['accept']],
    ['RFC 9110 §5.6.1.2: empty names are no names', '', ['', ' '], []],
    ['RFC 9110 §5.6.1: a wanted comma list counts as its names', 'accept', ['origin, Accept'], ['origin']],
    ['A37: names are added in one order, whatever the order they come in', undefined, ['b', 'C', 'a'], ['a', 'b', 'c']],
  ])('%s', (_, existing, add, expected) => {
    expect(mergeVary(existing, add)).toEqual(expected);
  });

  test('A36: existing and added names together hold every name once, in any case', () => {
    fc.assert(
      fc.property(field, fc.array(name), (existing, add) => {
        const before = varyNames(existing);
        const after = [...before, ...mergeVary(existing, add)];
        expect(new Set(after).size).toBe(after.length);
        expect(new Set(after)).toEqual(new Set([...before, ...add.map((each) => each.toLowerCase())]));
      }),
    );
  });

  test('A37: adding what was added adds nothing', () => {
    fc.assert(
      fc.property(field, fc.array(name), (existing, add) => {
        const after = [...varyNames(existing), ...mergeVary(existing, add)].join(', ');
        expect(mergeVary(after, add)).toEqual([]);
      }),
    );
  });

  test('A37: the order of the calls of a batch does not change what is added', () => {
    fc.assert(
      fc.property(field, fc.array(name), (existing, add) => {
        expect(mergeVary(existing, [...add].reverse())).toEqual(mergeVary(existing, add));
      }),
    );
  });
});
