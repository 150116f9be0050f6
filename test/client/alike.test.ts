import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alike } from '../../src/alike.ts';

/** What parsers do to the letters of a text. */
const writings: readonly ((text: string) => string)[] = [
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => text.toUpperCase().toLowerCase(),
  (text) => text.toLowerCase().toUpperCase(),
  (text) => text.normalize('NFD'),
  (text) => text.normalize('NFKC').toUpperCase(),
  (text) => text.toUpperCase().normalize('NFC'),
];

describe('texts', () => {
  test.each([
    ['straße', 'STRASSE'],
    ['ẞ', 'ß'],
    ['ὈΔΟΣ', 'ὀδος'],
    ['ὀδοσ α', 'ὈΔΟΣΑ'],
    ['ﬁn', 'FIN'],
    ['ΐ', 'Ϊ́'],
    ['I', 'ı'],
    ['a b', 'A-B'],
    ['1', ' 01'],
  ])('that differ by letter case or writing alone may mean the same: %s, %s', (one, other) => {
    expect([alike(one, other), alike(other, one)]).toEqual([true, true]);
  });

  test.each([
    ['a', 'b'],
    ['é', 'e'],
    ['ss', 's'],
    ['straße', 'strase'],
    ['id-1', 'id-2'],
  ])('that are others are told apart: %s, %s', (one, other) => {
    expect([alike(one, other), alike(other, one)]).toEqual([false, false]);
  });

  test('no letter of Unicode is told from itself in another writing', () => {
    const told: string[] = [];
    for (let code = 0; code < 0x1_f000; code++) {
      const letter = String.fromCodePoint(code);
      if (!/\p{L}/u.test(letter)) continue;
      if (!writings.every((write) => alike(letter, write(letter)))) told.push(letter);
    }
    expect(told).toEqual([]);
  });

  test('neither is a text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom(...writings), (text, write) => {
        expect(alike(text, write(text))).toBe(true);
      }),
    );
  });
});
