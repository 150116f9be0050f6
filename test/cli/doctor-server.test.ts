import { describe, expect, it } from 'vitest';
import { checkClock, checkServer } from '../../src/cli/doctor-server.ts';
import { fieldsOf } from '../../src/cli/finding.ts';

const healthy = {
  redis_version: '7.2.4',
  role: 'master',
  master_replid: 'a'.repeat(40),
  connected_slaves: '0',
  maxmemory: '1000000',
  used_memory: '950000',
  maxmemory_policy: 'volatile-lru',
  aof_enabled: '0',
  rdb_last_bgsave_status: 'ok',
};
const levels = (fields: Partial<Record<string, string>>) => {
  const info = Object.entries({ ...healthy, ...fields }).map(([name, value]) => `${name}:${value}`);
  const findings = checkServer(fieldsOf(['# Server', ...info].join('\r\n')));
  return Object.fromEntries(findings.map(({ check, level }) => [check, level]));
};

describe('the doctor, of a server', () => {
  it('has nothing to say against one that is set up for a cache', () => {
    expect(new Set(Object.values(levels({})))).toEqual(new Set(['ok']));
  });

  it.each([
    [
      { maxmemory_policy: 'noeviction', used_memory: '1' },
      { eviction: 'warning', memory: 'ok' },
    ],
    [{ maxmemory_policy: 'noeviction' }, { eviction: 'warning', memory: 'error' }],
    [{ maxmemory_policy: 'allkeys-random' }, { eviction: 'warning' }],
    [{ maxmemory_policy: 'allkeys-lfu' }, { eviction: 'ok' }],
    [
      { maxmemory: '0', maxmemory_policy: 'noeviction' },
      { eviction: 'info', memory: 'warning' },
    ],
    [{ redis_version: '5.0.14' }, { version: 'error' }],
    [{ redis_version: '7.2.4', valkey_version: '8.1.0' }, { version: 'ok' }],
    [{ role: 'slave' }, { role: 'error' }],
    [{ master_replid: '' }, { role: 'error' }],
    [{ connected_slaves: '2' }, { replicas: 'info' }],
    [{ rdb_last_bgsave_status: 'err' }, { persistence: 'error' }],
    [{ aof_last_write_status: 'err' }, { persistence: 'error' }],
  ])('%j is found', (fields, expected) => {
    expect(levels(fields)).toMatchObject(expected);
  });

  it('takes what a server does not tell for unknown, not for well', () => {
    const found = checkServer(fieldsOf('redis_version:7.0.0'));
    expect(found.filter(({ level }) => level !== 'info').map(({ check }) => check)).toEqual(['version']);
  });

  it('compares clocks, and says that nothing depends on them', () => {
    const at = 1_700_000_000_000;
    const told = (ms: number) => [String(Math.floor(ms / 1_000)), String((ms % 1_000) * 1_000)];
    expect(checkClock(told(at + 5), at, at + 10)).toMatchObject({ level: 'ok' });
    const off = checkClock(told(at + 90_000), at, at);
    expect(off).toMatchObject({ level: 'info', message: expect.stringContaining('1 min 30 s ahead') });
    expect(off.message).toContain('nothing depends on it');
    expect(checkClock('OK', at, at).level).toBe('info');
  });
});
