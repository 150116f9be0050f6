import { Redis as Upstash } from '@upstash/redis';
import { memoryStore, type Store, tieredStore } from 'trpc-cached';
import { redisStore } from 'trpc-cached/redis';
import { upstashStore } from 'trpc-cached/upstash';
import { startGateway } from '../../test/support/gateway.ts';
import { startRedis } from '../../test/support/redis.ts';
import { connect, kinds } from '../../test/support/redis-clients.ts';
import { startTcpProxy } from '../../test/support/tcp-proxy.ts';
import { factsOf, type Group } from '../group.ts';
import { payloads } from '../payloads.ts';
import { etagOfHit, exchange, siteOf } from '../routers.ts';

/** How many requests a store makes: counted at the REST gateway, and on the wire to Redis. No time is measured. */
export async function requests(): Promise<Group[]> {
  const redis = await startRedis();
  const gateway = await startGateway({ redisPort: redis.port });
  const proxy = await startTcpProxy(redis.port);
  const groups: Group[] = [];
  const count = async (name: string, store: Store, counted: () => number, forget: () => void) =>
    void groups.push(factsOf(`requests, ${name}`, 'requests', await countsOf(store, counted, forget)));
  try {
    for (const enableAutoPipelining of [true, false]) {
      const client = new Upstash({
        url: gateway.url,
        token: gateway.token,
        enableTelemetry: false,
        enableAutoPipelining,
      });
      const with_ = enableAutoPipelining ? 'with' : 'without';
      await count(`Upstash ${with_} automatic pipelines`, upstashStore(client), gateway.count, gateway.reset);
      await redis.flush();
    }
    const client = new Upstash({ url: gateway.url, token: gateway.token, enableTelemetry: false });
    await count('tiered over Upstash', tieredStore(memoryStore(), upstashStore(client)), gateway.count, gateway.reset);
    await redis.flush();
    for (const kind of kinds) {
      const connected = await connect(kind, proxy.port);
      const wire = wireOf(proxy.sent);
      await count(`Redis with ${kind}`, redisStore(connected.client), wire.count, wire.forget);
      connected.end();
      await redis.flush();
    }
  } finally {
    await proxy.close();
    await gateway.close();
    await redis.stop();
  }
  return groups;
}

/** Counts commands on a wire: each begins with `*` and the number of its parts. */
function wireOf(sent: () => string) {
  let from = 0;
  return {
    count: () =>
      sent()
        .slice(from)
        .match(/\*\d+\r\n\$\d+\r\n\w+/g)?.length ?? 0,
    forget() {
      from = sent().length;
    },
  };
}

async function countsOf(store: Store, counted: () => number, forget: () => void): Promise<Record<string, number>> {
  const { cache, caller, handler } = siteOf({ value: payloads.tiny.value, store });
  const during = async (work: () => unknown): Promise<number> => {
    forget();
    await work();
    return counted();
  };
  const batch = async (size: number): Promise<number> => {
    const input = Object.fromEntries(Array.from({ length: size }, (_, id) => [id, { json: { id } }]));
    const path = `${Array.from({ length: size }, () => 'cachedById').join()}?batch=1&input=${encodeURIComponent(JSON.stringify(input))}`;
    await exchange(handler, path);
    return during(() => exchange(handler, path));
  };

  await caller.cachedById({ id: -1 }); // the first script is loaded, or opens the connection
  await cache.invalidate({ path: 'cachedById', input: { id: -2 } });
  const miss = await during(() => caller.cachedById({ id: 0 }));
  const hit = await during(() => caller.cachedById({ id: 0 }));
  const ofTen = await batch(10);
  const etag = await etagOfHit(handler, 'cached');
  const notModified = await during(() => exchange(handler, 'cached', etag));
  const one = await during(() => cache.invalidate({ path: 'cachedById', input: { id: 0 } }));
  await Promise.all(Array.from({ length: 1_000 }, (_, index) => caller.cachedById({ id: index })));
  const all = await during(() => cache.invalidate('cachedById'));
  return {
    hit,
    'batch of 10 hits': ofTen,
    'a 304': notModified,
    miss,
    'invalidation of 1 entry': one,
    'invalidation of 1,000 entries': all,
  };
}
