import { brotliCompressSync } from 'node:zlib';
import { bundle, entries } from '../../test/package/bundle.ts';
import { factsOf, type Group } from '../group.ts';

/** What is loaded of each entry of the package at once: minified and brotli, without peers and dependencies. */
export async function size(): Promise<Group[]> {
  const minified: Record<string, number> = {};
  const compressed: Record<string, number> = {};
  for (const { name, file } of entries) {
    const { bytes } = await bundle(`export * from ${JSON.stringify(file)}`);
    minified[name] = bytes.length;
    compressed[name] = brotliCompressSync(bytes).length;
  }
  return [factsOf('size, minified and brotli', 'bytes', compressed), factsOf('size, minified', 'bytes', minified)];
}
