import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import type { Random } from './random.ts';
import type { Line, World } from './world.ts';

export const faultNames = [
  'server paused',
  'restarted empty',
  'restarted from an older snapshot',
  'emptied',
  'keys evicted',
  'connections cut',
  'replies lost',
  'replies late',
  'line silent',
  'answers are garbage',
  'answers refuse',
  'killed in a fill',
  'killed in an invalidation',
] as const;
export type FaultName = (typeof faultNames)[number];

/** What faults act on. */
export interface Scene {
  readonly world: World;
  readonly fleet: Fleet;
  readonly random: Random;
  /** The last snapshot, of some time ago. */
  snapshot: string | undefined;
}

/** The faults that make sense in a world, some more often than others. */
export function faultsOf({ kind }: World): readonly FaultName[] {
  const everywhere: readonly FaultName[] = [
    ...(['server paused', 'restarted empty', 'emptied', 'keys evicted', 'keys evicted'] as const),
    ...(['connections cut', 'connections cut', 'replies lost', 'replies lost', 'replies late', 'line silent'] as const),
    ...(['killed in a fill', 'killed in an invalidation'] as const),
  ];
  // A database that Upstash restores from a backup is a documented limit.
  return kind === 'redis'
    ? [...everywhere, 'restarted from an older snapshot', 'restarted from an older snapshot']
    : [...everywhere, 'answers are garbage', 'answers refuse'];
}

/** Makes one fault happen, from its beginning to its end. */
export async function happen(name: FaultName, scene: Scene): Promise<void> {
  const { world, fleet, random } = scene;
  const { server } = world;
  switch (name) {
    case 'server paused':
      server.pause();
      await sleep(random.between(100, 900));
      return server.resume();
    case 'restarted empty':
      await server.kill();
      await sleep(random.between(0, 300));
      return server.restart();
    case 'restarted from an older snapshot': {
      const from = scene.snapshot ?? (await server.snapshot());
      await sleep(random.between(100, 500)); // what is invalidated now is not in it
      await server.kill();
      return server.restart(from);
    }
    case 'emptied':
      return server.flush();
    case 'keys evicted':
      for (let left = random.between(5, 60); left > 0; left--) {
        const key = await server.command('RANDOMKEY');
        if (typeof key === 'string') await server.command('DEL', key);
      }
      return;
    case 'killed in a fill':
      return fleet.killIn('fill', random.between(0, world.lines.length - 1));
    case 'killed in an invalidation':
      return fleet.killIn('invalidation', random.between(0, world.lines.length - 1));
    default:
      return onLines(name, scene);
  }
}

async function onLines(name: FaultName, { world, random }: Scene): Promise<void> {
  const all = random.chance(0.3);
  const lines = all ? world.lines : [random.pick(world.lines)];
  const lateBy = random.between(20, 400);
  const ways: Partial<Record<FaultName, (line: Line) => void>> = {
    'connections cut': (line) => line.cut(),
    'replies lost': (line) => line.loseReplies(),
    'replies late': (line) => line.delay(lateBy),
    'line silent': (line) => line.silence(),
    'answers are garbage': (line) => line.garbage?.(),
    'answers refuse': (line) => line.refuse?.(),
  };
  for (const line of lines) ways[name]?.(line);
  await sleep(name === 'connections cut' ? random.between(0, 100) : random.between(50, 500));
  for (const line of lines) line.heal();
}
