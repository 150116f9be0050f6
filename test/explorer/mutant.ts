import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Library } from './library.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const resolve = createRequire(import.meta.url).resolve;

/** A change of one place in one file of `src`. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** The library with a change, made of the files as they are now; throws when the place to change is not there once. */
export async function mutantOf({ file, from, to }: Change): Promise<Library> {
  const text = await readFile(`${root}src/${file}`, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`src/${file} does not hold this once: ${from}`);
  const { outputFiles } = await build({
    entryPoints: [`${root}src/index.ts`],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    plugins: [
      {
        name: 'change',
        setup({ onLoad, onResolve }) {
          onLoad({ filter: /\.ts$/ }, ({ path }) =>
            path === `${root}src/${file}` ? { contents: text.replace(from, () => to), loader: 'ts' } : undefined,
          );
          // By address: the file is written where no package is found.
          onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' ? undefined : { path: pathToFileURL(resolve(path)).href, external: true },
          );
        },
      },
    ],
  });
  const folder = await mkdtemp(`${tmpdir()}/mutant-`);
  try {
    const path = `${folder}/index.mjs`;
    await writeFile(path, outputFiles[0]?.contents ?? '');
    return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Library;
  } finally {
    await rm(folder, { recursive: true });
  }
}
