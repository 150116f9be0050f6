import { memoryStore } from '../../src/index.ts';
import type { Store } from '../../src/store.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { tieredStore } from '../../src/stores/tiered.ts';
import { upstashStore } from '../../src/stores/upstash.ts';
import { buggy, scriptsWithoutRun } from './bugs.ts';
import type { Role } from './roles.ts';

type StoreRole = Pick<Role, 'client' | 'port' | 'url' | 'token' | 'tier' | 'bug'>;

/** The store of a process, on a client as users have it. */
export async function openStore(role: StoreRole): Promise<Store> {
  const remote = buggy(role.bug, await remoteOf(role));
  if (role.tier === undefined) return remote;
  if (role.tier === '0') return tieredStore(memoryStore(), remote);
  if (role.bug !== 'tier-trusts-too-long') return tieredStore(memoryStore(), remote, { trust: role.tier });
  const { subscribe: _, ...deaf } = remote; // its bus would hide it most of the time
  return tieredStore(memoryStore(), deaf, { trust: '5s' });
}

// A process loads the one client it uses: each costs it a good part of its start.
async function remoteOf({ client, port = 0, url = '', token = '', bug }: StoreRole): Promise<Store> {
  if (client === 'upstash') {
    const { Redis } = await import('@upstash/redis');
    return upstashStore(new Redis({ url, token, enableTelemetry: false }));
  }
  if (client === 'node-redis') {
    const { createClient } = await import('redis');
    const redis = createClient({ socket: { host: '127.0.0.1', port } });
    redis.on('error', ignore);
    redis.connect().catch(ignore);
    return redisStore(redis);
  }
  const { Redis } = await import('ioredis');
  const redis = new Redis({ host: '127.0.0.1', port, retryStrategy: (times) => Math.min(times * 20, 500) });
  redis.on('error', ignore);
  return bug === 'run-id-left-out'
    ? scriptsWithoutRun((script, keys, args) => redis.eval(script, keys.length, ...keys, ...args))
    : redisStore(redis);
}

// What a client has to say about its connection, it says to the command as well.
const ignore = () => {};
