import { type Client, connect, type Exchange } from './client.ts';
import { Report } from './report.ts';
import { batch, expire, manyAtOnce, perUser, rename, slowestQuery } from './scenes.ts';
import type { World } from './world.ts';

/** Drives the API as its users would, and reports what came back. */
export async function takeTour(url: string, world: World): Promise<Report> {
  const report = new Report();
  const scene: Scene = {
    guest: connect(url, 'guest'),
    ada: connect(url, 'Ada', 'token-of-ada'),
    grace: connect(url, 'Grace', 'token-of-grace'),
    report,
    world,
    visit: visitFor(report),
  };
  // The first requests of a process load code, have it compiled and open connections: not what this tour measures.
  for (const client of [scene.guest, scene.ada, scene.grace]) {
    for (let times = 0; times < 100; times++) await client.trpc.city.byId.query({ id: 1 });
  }
  await slowestQuery(scene);
  await perUser(scene);
  await batch(scene);
  await rename(scene);
  await expire(scene);
  await manyAtOnce(scene);
  return report;
}

/** What the scenes of the tour share. */
export interface Scene {
  guest: Client;
  ada: Client;
  grace: Client;
  report: Report;
  world: World;
  visit: ReturnType<typeof visitFor>;
}

interface Expected<Output> {
  /** The `x-cache` header; `null` for a call that the cache has no part in. */
  xCache: string | null;
  status?: number;
  note: (output: Output) => string;
  check?: (output: Output) => boolean;
}

/** Makes one call, measures it, compares it with what is expected, and adds it to the report. */
const visitFor =
  (report: Report) =>
  async <Output>(client: Client, call: string, run: () => Promise<Output>, expected: Expected<Output>) => {
    const earlier = client.exchanges.length;
    const start = performance.now();
    const output = await run();
    const ms = performance.now() - start;
    const exchange: Exchange = client.exchanges[earlier]!; // of many at once: the first to be answered
    const ok =
      exchange.status === (expected.status ?? 200) &&
      exchange.headers.get('x-cache') === expected.xCache &&
      (expected.check?.(output) ?? true);
    report.add({ who: client.name, call, ms, exchange, note: expected.note(output), ok });
    return { output, ms, exchange };
  };
