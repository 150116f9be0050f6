import { type Group, groupsBy, type Settings } from '../group.ts';
import type { Subject } from '../measure.ts';
import { type Payload, payloads, sizes } from '../payloads.ts';
import { etagOfHit, exchange, expectRuns, type Handler, type Path, siteOf } from '../routers.ts';

const calls = 10;
const batchOf = (path: Path) => `${Array.from({ length: calls }, () => path).join()}?batch=1&input=%7B%7D`;

/** Requests through the fetch adapter, from memory. Every subject makes its request and reads its whole body. */
export async function http(settings: Settings): Promise<readonly Group[]> {
  // Of all parts it runs the most code, and takes the longest until that is compiled.
  const { plan } = settings;
  const groups = groupsBy({ ...settings, plan: { ...plan, coldMs: 2 * plan.coldMs } });
  const add = async (name: string, compared: Compared) => {
    const { site, subjects } = await subjectsOf(compared);
    await groups.add(name, subjects);
    expectRuns(site, 1);
  };

  for (const payload of sizes) await add(`HTTP, ${payload.name}, superjson`, { payload });
  for (const payload of [payloads.tiny, payloads.large, payloads.huge])
    await add(`HTTP, ${payload.name}, no transformer`, { payload, transformer: 'none' });
  const behindAuth = { plain: 'plainBehindAuth', cached: 'cachedBehindAuth' };
  for (const payload of [payloads.tiny, payloads.large])
    await add(`HTTP, ${payload.name}, superjson, behind auth`, { payload, ...behindAuth });
  const batches = { plain: batchOf('plain'), cached: batchOf('cached') };
  await add('HTTP, batch of 10, 100 B, superjson', { payload: payloads.tiny, ...batches });

  const { cache, router } = siteOf({ value: payloads.tiny.value });
  const given = { router, createContext: () => ({}) };
  cache.http(given);
  await groups.add('cache.http', [{ name: 'cache.http(…) for each request', run: () => cache.http(given) }]);
  return groups.all;
}

/** Two paths to the same answer. */
interface Compared {
  readonly payload: Payload;
  readonly transformer?: 'superjson' | 'none';
  /** Without the cache. */
  readonly plain?: string;
  /** With it. */
  readonly cached?: string;
}

async function subjectsOf({ payload, transformer = 'superjson', plain = 'plain', cached = 'cached' }: Compared) {
  const site = siteOf({ value: transformer === 'none' ? payload.tree : payload.value, transformer });
  const etag = await etagOfHit(site.handler, cached);
  const text = await (await site.handler(new Request(`http://bench.test/trpc/${plain}`))).text();
  const bare: Handler = () => new Response(text, { headers: { 'content-type': 'application/json' } });
  const against = ['not cached', 'new Response(text)'];
  const subject = (name: string, handler: Handler, path: string, held?: string): Subject => ({
    name,
    x: payload.bytes,
    ...(name !== 'not cached' && name !== 'new Response(text)' && { against }),
    run: () => exchange(handler, path, held),
  });
  const subjects = [
    subject('not cached', site.handler, plain),
    subject('new Response(text)', bare, plain),
    subject('hit', site.handler, cached),
    subject('hit, cache.fetch', site.wrapped, cached),
    subject('304', site.handler, cached, etag),
    subject('304, cache.fetch', site.wrapped, cached, etag),
  ];
  return { site, subjects };
}
