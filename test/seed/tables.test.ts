import { describe, expect, test } from 'vitest';
import { proofRows, unproven } from '../support/proof-tables.ts';

const numbered = (letter: string, last: number) => Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);

describe('docs/seed-features.md', () => {
  const rows = proofRows('docs/seed-features.md');

  test('has a row for every feature and every defect', () => {
    expect([...new Set(rows.map(({ id }) => id))]).toEqual([...numbered('F', 43), ...numbered('D', 50)]);
  });

  test('names tests that exist, or says why there is none', () => {
    expect(unproven(rows)).toEqual([]);
  });
});

describe('docs/proofs.md', () => {
  const rows = proofRows('docs/proofs.md');

  test('has rows, numbered in order', () => {
    expect([...new Set(rows.map(({ id }) => id))]).toEqual(numbered('P', 27));
  });

  test('names tests that exist', () => {
    expect(unproven(rows)).toEqual([]);
  });
});
