import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { root } from './source.ts';

const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  exports: Record<string, string | { default: string }>;
};
/** What the package exports, by name, and the built file of each. */
export const entries = Object.entries(exports).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [{ name: `trpc-cached${name.slice(1)}`, file: `${root}${target.default}` }],
);

/** A module with all that it imports of this package, minified: what is loaded with it, and not what waits for an `import()`. */
export async function bundle(contents: string) {
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

/** The outputs that are loaded with the entry. */
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
