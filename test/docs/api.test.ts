import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reference } from './api.ts';
import { root } from './pages.ts';

const pages = reference();

// `npx vitest run test/docs/api.test.ts -u` writes it.
describe('the API reference', () => {
  it.each(pages)('$path says what the JSDoc of the source says', async ({ path, text }) => {
    await expect(text).toMatchFileSnapshot(`../../${path}`);
  });

  it('has no page of an entry point that is gone', () => {
    const there = readdirSync(`${root}docs/api`).map((name) => `docs/api/${name}`);
    expect(there.sort()).toEqual(pages.map(({ path }) => path).sort());
  });

  it('has headings that links can tell apart', () => {
    for (const { path, text } of pages) {
      const headings = Array.from(text.matchAll(/^##+ (.+)$/gm), ([, heading = '']) => heading.toLowerCase());
      expect(new Set(headings).size, path).toBe(headings.length);
    }
  });

  it('has a word for every export and every member', () => {
    for (const { path, text } of pages) {
      expect(text.match(/^\| .* \|\s+\|$/gm) ?? [], path).toEqual([]);
      expect(text.match(/^##+ .+\n\n(?:```|Types:|More:|##)/gm) ?? [], path).toEqual([]);
    }
  });
});
