import { readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compatibilityPage, expectTable, markdownTable, sectionOf } from '../support/compatibility.ts';
import { bundle, entries } from './bundle.ts';

describe('the size of each entry', () => {
  it('is at most 2 % more than the page says', async () => {
    const written = new Map(
      sectionOf(readFileSync(compatibilityPage, 'utf8'), 'size')
        .split('\n')
        .map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')))
        .map(([, name = '', ...cells]) => [name, cells.slice(0, 2)]),
    );
    const rows: string[][] = [];
    for (const { name, file } of entries) {
      const { bytes } = await bundle(`export * from ${JSON.stringify(file)}`);
      const sizes = [bytes.length, brotliCompressSync(bytes).length];
      const cells = written.get(name) ?? [];
      const isAsWritten = sizes.every((size, index) => {
        const before = Number.parseFloat(cells[index] ?? '') * 1000;
        return size <= before * 1.02 && size >= before * 0.9;
      });
      rows.push([`\`${name}\``, ...(isAsWritten ? cells : sizes.map((size) => `${(size / 1000).toFixed(2)} kB`))]);
    }
    await expectTable('size', markdownTable(['entry', 'minified', 'and brotli'], rows));
  });
});

describe('what an app does not use', () => {
  it('is not in it: with the memory store alone there is no other store, no CDN, no client, no test tool', async () => {
    const { text, files } = await bundle(
      `import { createCache, memoryStore } from 'trpc-cached'; createCache({ scope: 'public', store: memoryStore() });`,
    );
    expect(files).toContain('stores/memory.js');
    expect(files.filter((file) => /^(?:cdn|client|testing)\//.test(file))).toEqual([]);
    expect(files.filter((file) => file.startsWith('stores/'))).toEqual(['stores/memory.js']);
    // Words of their protocols.
    for (const word of ['EVALSHA', 'MGET', 'purge_everything']) expect(text.includes(word), word).toBe(false);
  });

  // The outage suite tests a cache, and so makes one.
  // The tools for tests drive a whole cache.
  const alone = entries.filter(({ name }) => !['trpc-cached', 'trpc-cached/testing'].includes(name));
  it.each(alone)('is nothing of the core for $name', async ({ file }) => {
    const { files } = await bundle(`export * from ${JSON.stringify(file)}`);
    expect(files.filter((name) => name.startsWith('trpc/') || name === 'create-cache.js')).toEqual([]);
  });
});
