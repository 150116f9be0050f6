import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultName, faultsOf, happen, type Scene } from './faults.ts';
import { type Outcome, startFleet } from './fleet.ts';
import { createHistory, type History, openHistory } from './history.ts';
import { seeded } from './random.ts';
import type { Bug, Role } from './roles.ts';
import { processCount, rowCount } from './rows.ts';
import { startWorld, type World } from './world.ts';

export interface RunOptions {
  readonly kind: World['kind'];
  readonly seconds: number;
  readonly seed: number;
  /** How much the processes do: a test that others run beside does less. */
  readonly load?: Partial<Pick<Role, 'readers' | 'burst' | 'paceMs' | 'writeMs'>>;
  readonly bug?: Bug;
  /** Ends as soon as a violation is found, for bugs on purpose. */
  readonly untilViolated?: boolean;
  /** What happens instead of faults by chance. */
  readonly program?: (scene: Scene & { readonly history: History }) => Promise<void>;
}

/** What a run has shown. */
export interface Shown extends Outcome {
  readonly kind: World['kind'];
  readonly seconds: number;
  readonly faults: ReadonlyMap<FaultName, number>;
}

type Character = Pick<Role, 'client' | 'coalesce' | 'tier'>;

/** The processes of each kind: with and without tier, trust, bus and leases. */
const characters: Record<World['kind'], readonly Character[]> = {
  redis: [
    { client: 'ioredis', coalesce: 'process' },
    { client: 'ioredis', coalesce: 'store', tier: '0' },
    { client: 'node-redis', coalesce: 'store' },
    { client: 'node-redis', coalesce: 'process', tier: '200ms' },
  ],
  upstash: [
    { client: 'upstash', coalesce: 'process' },
    { client: 'upstash', coalesce: 'store', tier: '0' },
    { client: 'upstash', coalesce: 'store' },
    { client: 'upstash', coalesce: 'process', tier: '200ms' },
  ],
};

/** As much as two cores do without most of it being a wait for the processor. */
const loads = {
  redis: { readers: 2, burst: 48, paceMs: 8, writeMs: 50 },
  upstash: { readers: 2, burst: 64, paceMs: 12, writeMs: 200 },
};

/** Runs the processes against a server for so long while faults happen, and has every read checked. */
export async function runChaos(options: RunOptions): Promise<Shown> {
  const { kind, seconds, seed, load, bug } = options;
  const random = seeded(seed);
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  const historyPath = join(folder, 'history');
  createHistory(historyPath, rowCount);
  const history = openHistory(historyPath);
  const world = await startWorld(kind, processCount);
  const roles = characters[kind].map((character, index): Role => {
    // A client that cannot be given scripts of one's own would hide the bug.
    const client = bug === 'run-id-left-out' ? 'ioredis' : character.client;
    const paces = { ...loads[kind], ...load };
    const base = { ...character, client, index, historyPath, seed: seed + index, ...world.lines[index]!.address };
    return { ...base, ...paces, ...(bug !== undefined && { bug }) };
  });
  const fleet = await startFleet(roles);
  const started = performance.now();
  const faults = new Map<FaultName, number>();
  try {
    const isOver = () =>
      performance.now() - started >= seconds * 1_000 || (options.untilViolated && fleet.outcome.violations.length > 0);
    const scene: Scene = { world, fleet, random, snapshot: undefined };
    if (options.program !== undefined) await options.program(Object.assign(scene, { history }));
    else await play(scene, history, faults, isOver);
    if (options.untilViolated) return { kind, seconds, faults, ...fleet.outcome };
    const ran = (performance.now() - started) / 1_000;
    await fleet.stop();
    await sleep(300); // now every invalidation binds also who trusts for a while
    await fleet.sweep();
    return { kind, seconds: ran, faults, ...fleet.outcome };
  } finally {
    fleet.end();
    await world.close();
    history.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** One fault after the other, with a time to recover in between. */
async function play(
  scene: Scene,
  history: History,
  faults: Map<FaultName, number>,
  isOver: () => boolean | undefined,
): Promise<void> {
  const { world, random } = scene;
  const names = faultsOf(world);
  const left: FaultName[] = [];
  while (!isOver()) {
    await sleep(random.between(200, 900));
    if (world.kind === 'redis' && random.chance(0.3)) scene.snapshot = await world.server.snapshot();
    // Each once before any comes again, in an order by chance.
    if (left.length === 0) left.push(...names);
    const [name] = left.splice(random.between(0, left.length - 1), 1) as [FaultName];
    history.setFaulty(true);
    await happen(name, scene);
    history.setFaulty(false);
    faults.set(name, (faults.get(name) ?? 0) + 1);
  }
}
