import { setTimeout as sleep } from 'node:timers/promises';
import type { Asking, Reply, Site } from './site.ts';

/** Asks again until it is so; fails after ten seconds. */
export async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (let pause = 5; !(await isSo()); pause = Math.min(2 * pause, 100)) {
    if (performance.now() > deadline) throw new Error(`${what}: not within 10 s`);
    await sleep(pause);
  }
}

/** The stored answer to a query. What is written behind the response of the first one is not there at once. */
export async function stored(site: Site, path: string, input?: unknown, asking?: Asking): Promise<Reply> {
  let reply = await site.query(path, input, asking);
  await eventually(`${site.label}: a hit of ${path}`, async () => {
    reply = await site.query(path, input, asking);
    return reply.cache === 'HIT';
  });
  return reply;
}
