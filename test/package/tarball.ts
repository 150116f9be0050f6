import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './source.ts';

/** Whether there is time for everything; `npm run test:package` says so. */
export const isThorough = process.env.THOROUGH === '1';

/** Runs a program to its end, and gives what it wrote; a failure says it, too. */
export async function run(file: string, args: readonly string[], cwd = root): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(file, args, { cwd, maxBuffer: 1e8 });
    return stdout;
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${message}\n${stdout}\n${stderr}`);
  }
}

/** The package as it would be published, in a folder outside of the repository. */
export interface Tarball {
  readonly folder: string;
  readonly path: string;
  /** Every file in it, sorted. */
  readonly files: readonly string[];
  readonly remove: () => void;
}

/** Packs what is built. */
export async function pack(): Promise<Tarball> {
  const folder = mkdtempSync(join(tmpdir(), 'trpc-cached-'));
  const output = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
  const [{ filename, files }] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }];
  return {
    folder,
    path: join(folder, filename),
    files: files.map(({ path }) => path).sort(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
