import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type * as ioredis from 'ioredis';
import type * as redis from 'redis';

// A package of its own: what only few tests need is not installed with the project.
const folder = fileURLToPath(new URL('../parts/redis-clients/', import.meta.url));

/** Whether the majors before the current ones are there: `bash test/support/parts.sh redis-clients` installs them. */
export const olderAvailable: boolean = existsSync(`${folder}node_modules/.installed`);

export type Packages = Pick<typeof ioredis, 'Cluster' | 'Redis'> & Pick<typeof redis, 'createClient' | 'createCluster'>;

/** The packages of `test/parts/redis-clients`, by a name that the compiler does not follow. */
export const olderPackages = async (): Promise<Packages> => {
  const name = `${folder}index.js`;
  return (await import(name)) as Packages;
};

/** The versions that are asked for; all of them are exact. */
export const olderVersions = (): Record<'ioredis' | 'redis', string> =>
  JSON.parse(readFileSync(`${folder}package.json`, 'utf8')).dependencies;
