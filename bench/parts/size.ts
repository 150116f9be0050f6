import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { factsOf, type Group } from '../group.ts';

const entries = {
  'trpc-cached': 'index.js',
  'trpc-cached/upstash': 'stores/upstash.js',
  'trpc-cached/redis': 'stores/redis.js',
  'trpc-cached/cdn': 'cdn/index.js',
  'trpc-cached/client': 'client/index.js',
} as const;

/** What each entry of the package weighs: minified and brotli, without peers and dependencies. */
export async function size(): Promise<Group[]> {
  const minified: Record<string, number> = {};
  const compressed: Record<string, number> = {};
  for (const [name, file] of Object.entries(entries)) {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL(`../../dist/${file}`, import.meta.url))],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'neutral',
      packages: 'external',
      write: false,
    });
    const [{ contents } = { contents: new Uint8Array() }] = outputFiles;
    minified[name] = contents.length;
    compressed[name] = brotliCompressSync(contents).length;
  }
  return [factsOf('size, minified and brotli', 'bytes', compressed), factsOf('size, minified', 'bytes', minified)];
}
