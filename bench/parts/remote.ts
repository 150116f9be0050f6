import { initTRPC } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { Redis as Upstash } from '@upstash/redis';
import { Redis } from 'ioredis';
import superjson from 'superjson';
import { memoryStore, tieredStore } from 'trpc-cached';
import { redisStore } from 'trpc-cached/redis';
import { upstashStore } from 'trpc-cached/upstash';
import { type Group, groupsBy, type Settings } from '../group.ts';
import { cpuMs, type Subject } from '../measure.ts';
import { type Payload, payloads } from '../payloads.ts';
import { started } from '../processes.ts';
import { etagOfHit, exchange, expectRuns, siteOf } from '../routers.ts';

interface Servers {
  url: string;
  token: string;
  redisPort: number;
}

interface Clients {
  readonly upstash: Upstash;
  readonly redis: Redis;
}

/** Hits from Redis, over its protocol and over the REST gateway; servers are processes of their own. */
export async function remote(settings: Settings): Promise<readonly Group[]> {
  const groups = groupsBy(settings);
  const servers = await started<Servers>('./servers-process.ts');
  const { url, token, redisPort } = servers.message;
  const upstash = new Upstash({ url, token, enableTelemetry: false });
  const redis = new Redis({ port: redisPort, lazyConnect: true });
  await redis.connect();
  const clients = { upstash, redis };
  try {
    for (const payload of [payloads.tiny, payloads.large, payloads.huge]) {
      const sites = await sitesOf(payload, clients);
      const byHand = await handwritten(payload, upstash);
      await groups.add(`remote caller, ${payload.name}`, callers(sites, byHand));
      await groups.add(`remote HTTP, ${payload.name}`, handlers(sites, byHand));
      for (const site of Object.values(sites)) expectRuns(site, 1);
    }
    const sites = await Promise.all(
      [payloads.small, payloads.huge].map(async (payload) => {
        const store = tieredStore(memoryStore(), upstashStore(upstash));
        const site = siteOf({ value: payload.value, store });
        const etag = await etagOfHit(site.wrapped, 'cached');
        return { ...site, payload, etag };
      }),
    );
    const ofCpu = ({ wrapped, payload }: (typeof sites)[number], against?: string[]): Subject => ({
      name: `hit, ${payload.name}`,
      ...(against && { against }),
      run: () => exchange(wrapped, 'cached'),
    });
    const [small, huge] = sites as [(typeof sites)[number], (typeof sites)[number]];
    await groups.add('tiered, trust 0, CPU', [ofCpu(small), ofCpu(huge, ['hit, 1 kB'])], { now: cpuMs });
    for (const site of sites) expectRuns(site, 1);
  } finally {
    redis.disconnect();
    await servers.stop();
  }
  return groups.all;
}

/** The same value behind each store, filled. */
async function sitesOf({ value }: Payload, { upstash, redis }: Clients) {
  const sites = {
    upstash: siteOf({ value, store: upstashStore(upstash) }),
    redis: siteOf({ value, store: redisStore(redis) }),
    tiered: siteOf({ value, store: tieredStore(memoryStore(), upstashStore(upstash)) }),
    trusting: siteOf({ value, store: tieredStore(memoryStore(), upstashStore(upstash), { trust: '1h' }) }),
  };
  for (const site of Object.values(sites)) await etagOfHit(site.handler, 'cached');
  return sites;
}

type Sites = Awaited<ReturnType<typeof sitesOf>>;
type Handwritten = Awaited<ReturnType<typeof handwritten>>;

function callers({ upstash, redis, tiered, trusting }: Sites, byHand: Handwritten): Subject[] {
  const against = ['get and set by hand'];
  return [
    { name: 'get and set by hand', run: () => byHand.caller.superjson() },
    { name: 'get and set by hand, Dates lost', run: () => byHand.caller.json() },
    { name: 'Upstash', against, run: () => upstash.caller.cached() },
    { name: 'Redis over TCP', against, run: () => redis.caller.cached() },
    { name: 'tiered over Upstash', against, run: () => tiered.caller.cached() },
    { name: 'tiered with trust', against, run: () => trusting.caller.cached() },
  ];
}

function handlers({ upstash, redis, tiered }: Sites, byHand: Handwritten): Subject[] {
  const against = ['get and set by hand'];
  return [
    { name: 'get and set by hand', run: () => exchange(byHand.handler, 'superjson') },
    { name: 'Upstash', against, run: () => exchange(upstash.handler, 'cached') },
    { name: 'Upstash, cache.fetch', against, run: () => exchange(upstash.wrapped, 'cached') },
    { name: 'Upstash, 304', against, run: () => exchange(upstash.handler, 'cached', '*') },
    { name: 'Redis over TCP, cache.fetch', against, run: () => exchange(redis.wrapped, 'cached') },
    { name: 'tiered over Upstash, cache.fetch', against, run: () => exchange(tiered.wrapped, 'cached') },
    { name: 'tiered over Upstash, 304', against, run: () => exchange(tiered.handler, 'cached', '*') },
  ];
}

/** What people write in a resolver without a library: `get`, and `set` when there was nothing. */
async function handwritten({ name, value }: Payload, redis: Upstash) {
  const t = initTRPC.create({ transformer: superjson });
  const router = t.router({
    superjson: t.procedure.query(async () => {
      const key = `by-hand:superjson:${name}`;
      const kept = await redis.get<ReturnType<typeof superjson.serialize>>(key);
      if (kept !== null) return superjson.deserialize<unknown>(kept);
      await redis.set(key, superjson.serialize(value), { ex: 3_600 });
      return value as unknown;
    }),
    json: t.procedure.query(async () => {
      const key = `by-hand:json:${name}`;
      const kept = await redis.get<unknown>(key);
      if (kept !== null) return kept;
      await redis.set(key, value, { ex: 3_600 });
      return value as unknown;
    }),
  });
  const caller = router.createCaller({});
  await caller.superjson();
  await caller.json();
  return { caller, handler: (req: Request) => fetchRequestHandler({ endpoint: '/trpc', req, router }) };
}
