import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { end } from '../support/server-process.ts';
import type { Built } from './build.ts';
import { edgeModule, type Row } from './rows.ts';
import type { Settings } from './settings.ts';
import { workerOf } from './workerd.ts';

/** A runtime that serves the app. */
export interface Instance {
  readonly origin: string;
  /** The same router on tRPC's standalone adapter, where there is one. */
  readonly standalone: string | undefined;
  readonly close: () => Promise<void>;
}

/** The version of a runtime, in its own words. */
export async function versionOf({ kind, program }: Row): Promise<string> {
  if (kind === 'edge') {
    const manifest = `${dirname(dirname(edgeModule as string))}/package.json`;
    return `${JSON.parse(readFileSync(manifest, 'utf8')).version} on Node ${process.versions.node}`;
  }
  const { stdout } = await promisify(execFile)(program as string, ['--version']);
  return (/\d[\d.-]*\d/.exec(stdout) ?? [stdout])[0];
}

/** Starts one process of the runtime; it is gone with this process at the latest. */
export async function startInstance(row: Row, built: Built, settings: Settings): Promise<Instance> {
  const { command, args, env } = await commandOf(row, built, settings);
  return startProcess(command, args, row.kind === 'workerd' ? 3 : 1, {
    cwd: built.folder,
    env: { ...process.env, ...env, SETTINGS: JSON.stringify(settings) },
  });
}

/** Starts a program that writes a line with its port to a descriptor. */
export async function startProcess(
  command: string,
  args: string[],
  descriptor: number,
  options: SpawnOptions = {},
): Promise<Instance> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  let log = '';
  child.stderr?.on('data', (text) => {
    log = `${log}${text}`.slice(-4_000);
  });
  const told = (await Promise.race([firstWord(child, descriptor), ended(child)])) as
    | { port: number; standalone?: number }
    | undefined;
  if (told === undefined) throw new Error(`did not start: ${command} ${args.join(' ')}\n${log}`);
  const originOf = (port: number) => `http://127.0.0.1:${port}`;
  return {
    origin: originOf(told.port),
    standalone: told.standalone === undefined ? undefined : originOf(told.standalone),
    async close() {
      process.off('exit', kill);
      await end(child);
    },
  };
}

async function firstWord(child: ChildProcess, descriptor: number): Promise<unknown> {
  for await (const line of createInterface(child.stdio[descriptor] as Readable))
    if (line.startsWith('{')) return JSON.parse(line);
  return undefined;
}

const ended = async (child: ChildProcess): Promise<undefined> => {
  await once(child, 'exit');
};

interface Command {
  readonly command: string;
  readonly args: string[];
  readonly env?: Record<string, string>;
}

async function commandOf(row: Row, built: Built, settings: Settings): Promise<Command> {
  const command = row.program as string;
  const { folder, fileOf } = built;
  switch (row.kind) {
    case 'workerd': {
      const config = `${folder}/${settings.namespace}-${Math.random().toString(36).slice(2)}.capnp`;
      await writeFile(config, workerOf({ date: row.date as string, bindings: { SETTINGS: settings } }));
      return { command, args: ['serve', config, '--control-fd=3'] };
    }
    case 'node':
      return { command, args: [fileOf('node')] };
    case 'bun':
      return { command, args: ['run', '--no-install', fileOf('bun')] };
    case 'deno':
      return {
        command,
        args: ['run', '-A', '--no-lock', '--cached-only', '--node-modules-dir=manual', fileOf('deno')],
        env: { DENO_DIR: `${folder}/deno`, DENO_NO_UPDATE_CHECK: '1' },
      };
    case 'edge':
      return { command, args: [fileOf('host')], env: { MODULE: edgeModule as string, BUNDLE: fileOf('edge') } };
  }
}
