import { type RedisServer, startRedis } from '../support/redis.ts';
import { type Built, buildInto } from './build.ts';
import { checks } from './checks.ts';
import { versionOf } from './instance.ts';
import type { Row } from './rows.ts';
import { startWorld } from './world.ts';

/** What was found of one runtime: why each check failed, or nothing where it passed. */
export interface Found {
  readonly row: Row;
  readonly version: string;
  readonly failures: ReadonlyMap<string, unknown>;
}

/** What is there for all runtimes. */
export interface Ground {
  readonly built: Built;
  readonly redis: RedisServer;
  /** Whether all variants of all rows are looked at, and for longer. */
  readonly thorough: boolean;
}

/** Builds what these runtimes need, and starts the server. */
export async function prepareFor(rows: readonly Row[], folder: string, thorough: boolean): Promise<Ground> {
  const entries = {
    workerd: ['worker'],
    edge: ['edge', 'host'],
    node: ['node'],
    bun: ['bun'],
    deno: ['deno'],
  } as const;
  const needed = new Set(rows.flatMap(({ kind }) => entries[kind]));
  const [built, redis] = await Promise.all([buildInto(folder, [...needed]), startRedis()]);
  return { built, redis, thorough };
}

/** Runs every check on one runtime. One that fails does not keep the others from running. */
export async function runOn(row: Row, ground: Ground): Promise<Found> {
  const failures = new Map<string, unknown>();
  const [version, world] = await Promise.all([versionOf(row), startWorld(row, ground)]);
  try {
    for (const { name, run } of checks) {
      try {
        await run(world);
      } catch (error) {
        failures.set(name, error);
      }
      world.gateway.reset();
    }
  } finally {
    await world.close();
  }
  return { row, version, failures };
}
