import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BuildOptions, build } from 'esbuild';

const here = fileURLToPath(new URL('./', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));

/** The files that runtimes are started with. */
export interface Built {
  readonly folder: string;
  /** By the name of the entry: `worker`, `edge`, `node`, `bun`, `deno`, `host`. */
  readonly fileOf: (entry: Entry) => string;
}

type Entry = 'worker' | 'edge' | 'node' | 'bun' | 'deno' | 'host';

// As those who deploy there bundle. No runtime is given anything of Node.
const bundled: BuildOptions = { bundle: true, format: 'esm', target: 'es2022', mainFields: ['module', 'main'] };
/** How an app is bundled for Workers. */
export const forWorkers: BuildOptions = { ...bundled, conditions: ['workerd', 'worker', 'browser'] };
const ways: Record<Entry, BuildOptions> = {
  worker: { ...forWorkers, entryPoints: [`${here}serve-worker.ts`], external: ['cloudflare:workers'] },
  edge: {
    ...bundled,
    entryPoints: [`${here}serve-edge.ts`],
    format: 'iife',
    conditions: ['edge-light', 'browser'],
    external: ['crypto'],
  },
  node: unbundled('serve-node.ts'),
  bun: unbundled('serve-bun.ts'),
  deno: unbundled('serve-deno.ts'),
  host: unbundled('edge-host.ts'),
};

/** The app as one file, which takes every package from where it is installed. */
function unbundled(entry: string): BuildOptions {
  const platform = { platform: 'node', format: 'esm', target: 'es2022' } as const;
  return { ...platform, entryPoints: [`${here}${entry}`], bundle: true, packages: 'external' };
}

/** Installs the built package into a folder of its own, as npm would, and puts the app beside it. */
export async function buildInto(folder: string, entries: readonly Entry[]): Promise<Built> {
  const installed = `${folder}/node_modules/trpc-cached`;
  await mkdir(installed, { recursive: true });
  await writeFile(`${folder}/package.json`, '{ "private": true, "type": "module" }\n');
  await cp(`${root}package.json`, `${installed}/package.json`);
  if (await isBuilt()) await cp(`${root}dist`, `${installed}/dist`, { recursive: true });
  else await compile(`${installed}/dist`);
  const fileOf = (entry: Entry) => `${folder}/${entry}.js`;
  await Promise.all(
    entries.map((entry) =>
      build({
        ...ways[entry],
        outfile: fileOf(entry),
        alias: ways[entry].packages === 'external' ? {} : installedAt(installed),
        absWorkingDir: folder,
        logLevel: 'error',
      }),
    ),
  );
  return { folder, fileOf };
}

// The app stands in the repository, where the name of the package means the repository itself.
const installedAt = (installed: string) => ({
  'trpc-cached/upstash': `${installed}/dist/stores/upstash.js`,
  'trpc-cached': `${installed}/dist/index.js`,
});

/** Whether `dist` is what the sources say. */
async function isBuilt(): Promise<boolean> {
  const built = await stat(`${root}dist/index.js`).catch(() => undefined);
  if (built === undefined) return false;
  const names = await readdir(`${root}src`, { recursive: true });
  const changed = await Promise.all(names.map(async (name) => (await stat(`${root}src/${name}`)).mtimeMs));
  return Math.max(...changed) < built.mtimeMs;
}

async function compile(outDir: string): Promise<void> {
  const args = [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}tsconfig.build.json`, '--outDir', outDir];
  // What does not type-check is emitted all the same, and is told by who looks at types.
  await promisify(execFile)(process.execPath, args).catch((error: unknown) => {
    if (!existsSync(`${outDir}/index.js`)) throw error;
  });
}
