// Docs: docs/cli.md#doctor
import { spanOf } from '../explanation.ts';
import { type Finding, found } from './finding.ts';
import { bytesOf } from './table.ts';

type Fields = ReadonlyMap<string, string>;

/** What `INFO` of a Redis server says to somebody who caches in it. */
export function checkServer(fields: Fields): readonly Finding[] {
  return [
    version(fields),
    role(fields),
    ...replicas(fields),
    ...eviction(fields),
    ...memory(fields),
    ...persistence(fields),
  ];
}

function version(fields: Fields): Finding {
  const say = found('version');
  const valkey = fields.get('valkey_version');
  if (valkey !== undefined) return say('ok', `Valkey ${valkey}`);
  const redis = fields.get('redis_version');
  if (redis === undefined) return say('info', 'the server does not tell its version');
  if (Number.parseInt(redis, 10) >= 6) return say('ok', `Redis ${redis}`);
  return say('error', `Redis ${redis} is too old`, 'Use version 6 or later.');
}

function role(fields: Fields): Finding {
  const say = found('role');
  const name = fields.get('role');
  if (name === 'master') {
    if (/^[0-9a-f]{40}$/.test(fields.get('master_replid') ?? '')) return say('ok', 'a primary');
    return say(
      'error',
      'a primary that does not tell master_replid in INFO replication: every call is a bypass',
      'Allow INFO to the user, or use a server that tells it.',
    );
  }
  if (name === undefined) return say('info', 'the server does not tell whether it is a primary');
  return say(
    'error',
    'a replica: it hears of invalidations late, and redisStore does not use it',
    'Give the address of the primary.',
  );
}

function replicas(fields: Fields): readonly Finding[] {
  const count = Number(fields.get('connected_slaves') ?? 0);
  if (count === 0) return [];
  const message = `${count} ${count === 1 ? 'replica' : 'replicas'}: a failover may lose confirmed invalidations, and the new primary serves no entry from before it`;
  return [found('replicas')('info', message)];
}

/**
 * Any policy is safe: what is evicted is a miss. But entries have a time to live, and so do epochs of inputs, scopes and tags; those
 * of paths and of the namespace have none, and without them many entries are misses at once.
 */
function eviction(fields: Fields): readonly Finding[] {
  const say = found('eviction');
  const policy = fields.get('maxmemory_policy');
  if (policy === undefined) return [say('info', 'the server does not tell its eviction policy')];
  if (fields.get('maxmemory') === '0') return [say('info', `${policy}, without a limit of memory`)];
  if (policy === 'noeviction')
    return [
      say(
        'warning',
        'noeviction: when memory is full nothing new is stored, and an invalidation deletes epochs instead of moving them on',
        'CONFIG SET maxmemory-policy volatile-lru (or allkeys-lru, if the server holds nothing but caches).',
      ),
    ];
  if (policy === 'allkeys-random')
    return [
      say(
        'warning',
        'allkeys-random evicts epochs that every entry depends on: many misses at once',
        'CONFIG SET maxmemory-policy allkeys-lru.',
      ),
    ];
  if (policy.startsWith('volatile-')) return [say('ok', `${policy}: evicts entries, and keeps the epochs of paths`)];
  return [say('ok', `${policy}: evicts what nobody reads; epochs are read by every lookup`)];
}

function memory(fields: Fields): readonly Finding[] {
  const say = found('memory');
  const used = Number(fields.get('used_memory') ?? Number.NaN);
  const most = Number(fields.get('maxmemory') ?? Number.NaN);
  if (Number.isNaN(used) || Number.isNaN(most)) return [];
  if (most === 0)
    return [
      say(
        'warning',
        `${bytesOf(used)} used, and no limit: the server grows until the machine has no memory`,
        'CONFIG SET maxmemory to what the machine can spare, and maxmemory-policy to volatile-lru (or allkeys-lru, if the server holds nothing but caches).',
      ),
    ];
  const share = Math.round((100 * used) / most);
  const message = `${bytesOf(used)} of ${bytesOf(most)} used (${share} %)`;
  const isTight = share >= 90 && fields.get('maxmemory_policy') === 'noeviction';
  return [
    isTight
      ? say('error', `${message}, and nothing is evicted`, 'Raise maxmemory, or set an eviction policy.')
      : say('ok', message),
  ];
}

function persistence(fields: Fields): readonly Finding[] {
  const say = found('persistence');
  if (fields.get('rdb_last_bgsave_status') === 'err')
    return [
      say(
        'error',
        'the last snapshot failed: the server may refuse writes (stop-writes-on-bgsave-error), invalidations too',
        'Free the disk, or CONFIG SET save "" if nothing here must last.',
      ),
    ];
  if (fields.get('aof_last_write_status') === 'err')
    return [
      say(
        'error',
        'the last write of the log (AOF) failed: the server refuses writes, invalidations too',
        'Free the disk.',
      ),
    ];
  if (!fields.has('aof_enabled')) return [];
  const kept = fields.get('aof_enabled') === '1' ? 'a log (AOF)' : 'snapshots at most';
  return [say('ok', `${kept}: after a restart everything is a miss once, whatever came back`)];
}

/** How the clock of the server stands to that of this machine. */
export function checkClock(time: unknown, askedAt: number, answeredAt: number): Finding {
  const say = found('clock');
  const [seconds, micros] = Array.isArray(time) ? time.map(Number) : [];
  if (seconds === undefined || micros === undefined || Number.isNaN(seconds + micros))
    return say('info', 'the server does not tell its time');
  const skewMs = seconds * 1_000 + micros / 1_000 - (askedAt + answeredAt) / 2;
  const blurMs = (answeredAt - askedAt) / 2;
  const isSame = Math.abs(skewMs) <= blurMs + 50;
  const message = isSame ? 'as here' : `${spanOf(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} this machine`;
  // Freshness is judged by the clocks of the application, invalidation by ids.
  return say(isSame ? 'ok' : 'info', `${message}; nothing depends on it: invalidations compare ids, not times`);
}
