import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';

const top = fileURLToPath(new URL('../../', import.meta.url));
const part = `${top}test/parts/versions/`;

/** Whether `test/parts/versions` is installed; said aloud where it is not. */
export const isInstalled = existsSync(`${part}node_modules/.package-lock.json`);
if (!isInstalled) console.warn('test/parts/versions is not installed: bash test/support/parts.sh versions');

/** The folder of a package as a file of `folder` would find it. */
function folderOf(name: string, folder: string): string {
  const found = join(folder, 'node_modules', name);
  if (existsSync(found)) return found;
  if (folder === dirname(folder)) throw new Error(`${name} is not installed`);
  return folderOf(name, dirname(folder));
}

interface Manifest {
  readonly version: string;
  readonly exports?: Record<string, Condition>;
  readonly module?: string;
  readonly main?: string;
}
type Condition = string | { readonly import?: Condition; readonly default?: Condition };

/** A package as a file of `folder` would import it: the file itself, so that no alias or mock is asked. */
export async function load<Module>(specifier: string, folder = part): Promise<Module> {
  const [, name = '', path = ''] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(specifier) ?? [];
  const found = folderOf(name, folder);
  const { exports = {}, module, main } = JSON.parse(readFileSync(join(found, 'package.json'), 'utf8')) as Manifest;
  let target: Condition | undefined = exports[`.${path}`] ?? module ?? main;
  while (typeof target === 'object') target = target.import ?? target.default;
  if (target === undefined) throw new Error(`${name} exports no .${path}`);
  return (await import(/* @vite-ignore */ join(found, target))) as Module;
}

const releaseIn = (folder: string) => ({
  version: (JSON.parse(readFileSync(join(folderOf('@trpc/server', folder), 'package.json'), 'utf8')) as Manifest)
    .version,
  /** A module of the release. */
  load: <Module>(specifier: string) => load<Module>(specifier, folder),
});

/** A release of tRPC: its server and the client that came with it. */
export type Release = ReturnType<typeof releaseIn>;

/** The releases of tRPC that tests run on, the oldest first, the latest last. */
export const releases: readonly Release[] = [
  ...(isInstalled
    ? readdirSync(part)
        .filter((name) => name.startsWith('trpc-'))
        .map((name) => releaseIn(`${part}${name}`))
    : []),
  releaseIn(top),
].sort((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }));

const modules = [
  ...['@trpc/client', '@trpc/server', '@trpc/server/observable'],
  ...['aws-lambda', 'express', 'fastify', 'fetch', 'next', 'standalone', 'ws'].map(
    (name) => `@trpc/server/adapters/${name}`,
  ),
];

let imported: Release | undefined;

/** Runs imports that find a release in place of the installed one, also those of the library: an application has one tRPC. */
export async function importing<Found>(release: Release, work: () => Promise<Found>): Promise<Found> {
  if (imported !== release) vi.resetModules();
  imported = release;
  for (const name of modules) vi.doMock(name, () => release.load<object>(name));
  vi.doMock('../support/http-adapters.ts', onFetch);
  try {
    // First, and alone: asked for by several at once while its replacement is on its way, it would be half a module to some.
    await import('@trpc/server');
    return await work();
  } finally {
    for (const name of [...modules, '../support/http-adapters.ts']) vi.doUnmock(name);
  }
}

/** Lets everybody find the installed release again. */
export function endImporting(): void {
  imported = undefined;
  vi.resetModules();
}

/** The tests of every adapter with the fetch adapter alone, and that on a socket where a case needs one. */
async function onFetch() {
  const actual = await vi.importActual<typeof import('../support/http-adapters.ts')>('../support/http-adapters.ts');
  const { adapters, overFetch } = actual;
  const onSocket = adapters.filter(({ name }) => name === 'next-route');
  const without = (limit: string) => (limit === 'noSocket' ? onSocket : [overFetch]);
  return { ...actual, adapters: [overFetch], without };
}
