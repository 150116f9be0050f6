import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { compatibilityPage, expectTable, markdownTable, sectionOf } from '../support/compatibility.ts';
import { root } from './source.ts';

const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  exports: Record<string, string | { default: string }>;
};
const entries = Object.entries(exports).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [{ name: `trpc-cached${name.slice(1)}`, file: `${root}${target.default}` }],
);

/** A module with all that it imports of this package, minified. */
async function bundle(contents: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    // What is imported when somebody asks for it is a file of its own, as bundlers make it.
    splitting: true,
    outdir: '/',
    platform: 'neutral',
    packages: 'external',
    write: false,
    metafile: true,
    logLevel: 'silent',
    // By their paths, for by its name the package would be one of others.
    alias: Object.fromEntries(entries.map(({ name, file }) => [name, file])),
  });
  const first = firstOf(metafile);
  const names = new Set([...first].map((path) => basename(path)));
  const loaded = outputFiles.filter(({ path }) => names.has(basename(path)));
  const bytes = Buffer.concat(loaded.map(({ contents }) => contents));
  return { text: bytes.toString(), bytes, files: filesIn(metafile, first) };
}

/** The outputs that are loaded with the entry: not those that wait for an `import()`. */
function firstOf({ outputs }: Metafile): Set<string> {
  const entry = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === '<stdin>') as string;
  const found = new Set<string>();
  const visit = (path: string) => {
    if (found.has(path)) return;
    found.add(path);
    for (const { path: to, kind } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && to in outputs) visit(to);
  };
  visit(entry);
  return found;
}

/** The built files of which something is left, by their paths in `dist`. */
const filesIn = ({ outputs }: Metafile, first: ReadonlySet<string>): string[] =>
  [...first]
    .map((path) => outputs[path] as Metafile['outputs'][string])
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([path, { bytesInOutput }]) => path.startsWith('dist/') && bytesInOutput > 0)
    .map(([path]) => path.slice('dist/'.length))
    .sort();

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
