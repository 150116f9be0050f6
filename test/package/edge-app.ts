// Bundled by edge.test.ts and run where there are only Web APIs: a router, a request, a hit, a 304, an invalidation.
import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { conditionalFetch } from '../../src/client/index.ts';
import { createCache } from '../../src/index.ts';
import { type IoredisClient, redisStore } from '../../src/stores/redis.ts';
import { type UpstashClient, upstashStore } from '../../src/stores/upstash.ts';

const unused = {
  pipeline(): never {
    throw new Error('asked before the first call');
  },
};
createCache({ scope: 'public', namespace: 'edge', store: upstashStore(unused satisfies UpstashClient) });
const idle: IoredisClient = {
  status: 'wait',
  call: unused.pipeline,
  duplicate: unused.pipeline,
};
createCache({ scope: 'public', namespace: 'edge', store: redisStore(idle) });

const t = initTRPC.create();
const cache = createCache({ scope: 'public' });
let runs = 0;
const router = t.router({
  at: t.procedure.use(cache.cached('1m')).query(() => ({ runs: ++runs, at: new Date(), text: 'é'.repeat(10_000) })),
  move: t.procedure.use(cache.invalidates('at')).mutation(() => null),
});
const top = cache.wrap('top', (region: string) => [region], { ttl: '5m' });
const options = cache.http({ router, createContext: () => ({}) });
const asking = conditionalFetch({
  fetch: (input, init) => fetchRequestHandler({ endpoint: '/', req: new Request(input, init), ...options }),
});

/** What an edge function would export: made at module scope, doing nothing before the first request. */
export async function drive(): Promise<string[]> {
  const call = async (path: string, init?: RequestInit) => {
    const req = new Request(`https://edge.example/${path}`, init);
    const response = await fetchRequestHandler({ endpoint: '/', req, ...options });
    return {
      response,
      seen: `${response.status} ${response.headers.get('x-cache')} ${(await response.text()).length > 0}`,
    };
  };
  const miss = await call('at');
  const hit = await call('at');
  const etag = miss.response.headers.get('etag') ?? '';
  const notModified = await call('at', { headers: { 'if-none-match': etag } });
  await call('move', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  const renewed = await call('at');
  await top('eu');
  await top('eu');
  await (await asking('https://edge.example/at')).text();
  const kept = await asking('https://edge.example/at');
  const shown = `${kept.status} ${kept.headers.get('x-cache')} ${(await kept.text()).length > 0}`;
  return [miss.seen, hit.seen, notModified.seen, renewed.seen, shown];
}
