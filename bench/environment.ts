import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import { peerVersions } from './peers.ts';

/** Where figures come from: what somebody needs to know who compares them with others. Neither host nor path. */
export interface Environment {
  readonly node: string;
  readonly v8: string;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGB: number;
  /** How busy the machine was at the beginning: of one minute, the mean number of processes that ran or waited. */
  readonly load: number;
  /** What was measured, with a `+` where files were changed since; empty without git. */
  readonly commit: string;
  readonly packages: Readonly<Record<string, string>>;
}

const ours = ['@trpc/server', 'superjson', 'lru-cache', '@upstash/redis', 'ioredis', 'redis', 'zod'];

/** The environment of this process. */
export async function environment(): Promise<Environment> {
  const [cpu] = cpus();
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    system: `${type()} ${arch()}`,
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 1e9),
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
    commit: await commit(),
    packages: { ...Object.fromEntries(ours.map((name) => [name, versionOf(name)])), ...peerVersions() },
  };
}

/** From the file itself: some packages do not export theirs. */
function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

async function commit(): Promise<string> {
  const git = async (...args: string[]) =>
    (await promisify(execFile)('git', args, { cwd: new URL('..', import.meta.url) })).stdout.trim();
  try {
    const changed = await git('status', '--porcelain', '--', 'src', 'bench', ':!bench/results');
    return `${await git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : '+'}`;
  } catch {
    return '';
  }
}

/** An environment in a few lines. */
export const described = ({
  node,
  v8,
  system,
  cpu,
  cores,
  memoryGB,
  load,
  commit,
  packages,
}: Environment): string[] => [
  `Node ${node} (V8 ${v8}) on ${system}`,
  `${cpu}, ${cores} cores, ${memoryGB} GB; load ${load} at the start`,
  ...(commit === '' ? [] : [`commit ${commit}`]),
  Object.entries(packages)
    .map(([name, version]) => `${name} ${version}`)
    .join(', '),
];
