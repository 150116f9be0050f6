import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

// A package of its own: what only benchmarks need is not installed with the project.
const folder = fileURLToPath(new URL('./peers/', import.meta.url));
const installed = `${folder}node_modules/.package-lock.json`;

/** Installs the packages of `bench/peers` as its lock file has them, unless they are there. */
export async function installPeers(say: (line: string) => void): Promise<void> {
  if (existsSync(installed)) return;
  say('installing bench/peers …');
  await promisify(execFile)('npm', ['ci'], { cwd: folder });
}

/** A module of `bench/peers`. By a name that the compiler does not follow: types of what may not be installed are not needed. */
export const peerModule = async <Module>(name: string): Promise<Module> =>
  (await import(new URL(`./peers/${name}.js`, import.meta.url).href)) as Module;

/** The versions that `bench/peers` asks for; all of them are exact. */
export const peerVersions = (): Record<string, string> =>
  (JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as { dependencies: Record<string, string> }).dependencies;
