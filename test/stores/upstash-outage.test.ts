import { afterEach, describe, expect, test, vi } from 'vitest';
import { upstashStore } from '../../src/stores/upstash.ts';
import { errorOf } from '../support/app.ts';
import type { Fault } from '../support/gateway.ts';
import { redisAvailable } from '../support/redis.ts';
import { upstashClient } from '../support/upstash.ts';
import { outageApp } from './outage-app.ts';
import { singleTry, useUpstash } from './upstash-harness.ts';

/** A bound that no run misses, and that a client left to itself would: it stalls for 4.3 s, or for ever. */
const soon = async <T>(work: () => Promise<T>): Promise<T> => {
  const started = performance.now();
  const result = await work();
  expect(performance.now() - started).toBeLessThan(2_000);
  return result;
};

const timeouts = { read: '200ms', write: '300ms' } as const;
/** Where nothing hangs: a busy machine is no outage. */
const patient = { read: '5s', write: '5s' } as const;

describe.skipIf(!redisAvailable)('law 4: what is in front of an Upstash database fails', () => {
  const upstash = useUpstash();
  afterEach(() => {
    vi.useRealTimers();
    upstash.server.resume();
  });
  const appOn = (store = upstash.store(), within: typeof timeouts | typeof patient = timeouts) =>
    outageApp(store, { timeouts: within });

  const faults: [string, Fault][] = [
    ['nothing answers', { kind: 'hang' }],
    ['connections break', { kind: 'drop' }],
    ['every reply is lost', { kind: 'lose-reply' }],
    ['it is over its quota', { kind: 'error', status: 429, body: '{"error":"ERR max requests limit exceeded"}' }],
    ['it is down', { kind: 'error', status: 503, body: '<html>Service Unavailable</html>' }],
    ['it answers with a page', { kind: 'garbage', body: '<html>Sign in</html>' }],
    ['it answers with another JSON', { kind: 'garbage', body: '[{"result":"aGVsbG8="}]' }],
    ['it answers nothing', { kind: 'garbage', body: '' }],
    ['it is slower than the budget', { kind: 'delay', ms: 400 }],
    ['its replies are slower than the budget', { kind: 'delay', ms: 400, at: 'reply' }],
  ];
  test.each(faults)(
    '%s: every query is answered soon, by one run each; afterwards nothing old is served',
    async (_, fault) => {
      const { cache, caller, row, read, events } = appOn();
      await caller.read();
      upstash.gateway.fault = fault;
      row.value = 2;
      const [error] = await soon(() => Promise.all([errorOf(() => cache.invalidate('read')), caller.read()]));
      expect(error.code).toBe('NOT_ACKNOWLEDGED');
      read.mockClear();
      expect(await soon(() => caller.read())).toEqual({ value: 2 });
      expect(read).toHaveBeenCalledTimes(1);
      expect(events.error.length).toBeGreaterThan(0);

      upstash.gateway.fault = undefined;
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
      for (let call = 0; call < 10; call++) expect(await caller.read()).toEqual({ value: 2 });
      expect(read.mock.calls.length).toBeLessThan(6);
      await cache.close();
    },
  );

  test('a closed port and a client that would try for seconds: queries and invalidations end soon all the same', async () => {
    const client = upstashClient({ url: 'http://127.0.0.1:9', token: 'token' });
    const { cache, caller, read } = outageApp(upstashStore(client), { timeouts });
    for (let call = 0; call < 3; call++) expect(await soon(() => caller.read())).toEqual({ value: 1 });
    expect(read).toHaveBeenCalledTimes(3);
    const error = await soon(() => errorOf(() => cache.invalidate('read')));
    expect(error.code).toBe('NOT_ACKNOWLEDGED');
    await cache.close();
  });

  test('a server that is paused, then goes on, serves nothing that was invalidated meanwhile', async () => {
    const { cache, caller, row } = appOn(upstash.store(singleTry));
    await caller.read();
    upstash.server.pause();
    row.value = 2;
    const refused = errorOf(() => cache.invalidate('read'));
    expect(await soon(() => caller.read())).toEqual({ value: 2 });
    await refused;
    expect(await soon(() => caller.read())).toEqual({ value: 2 });
    upstash.server.resume();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    for (let call = 0; call < 3; call++) expect(await caller.read()).toEqual({ value: 2 });
    await cache.close();
  });

  test('a server that dies and comes back empty is used again', async () => {
    const { caller, read } = appOn(upstash.store(), patient);
    await caller.read();
    await upstash.server.kill();
    for (let call = 0; call < 5; call++) expect(await soon(() => caller.read())).toEqual({ value: 1 });
    expect(read).toHaveBeenCalledTimes(6);
    await upstash.server.restart();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    await caller.read();
    read.mockClear();
    for (let call = 0; call < 3; call++) expect(await caller.read()).toEqual({ value: 1 });
    expect(read).not.toHaveBeenCalled();
  });

  test('one fault of one request is nobody else’s: the next query is cached again', async () => {
    const { caller, read } = appOn(upstash.store(singleTry), patient);
    await caller.read();
    upstash.gateway.fault = { kind: 'drop', times: 1 };
    await caller.read();
    await caller.read();
    expect(read).toHaveBeenCalledTimes(2);
  });

  test('no error that is told of holds a stored value', async () => {
    const { caller, events, row } = appOn(upstash.store(singleTry), patient);
    row.value = 123_456_789;
    upstash.gateway.fault = { kind: 'error', status: 400, body: '{"error":"ERR no"}', match: isFill };
    await caller.read();
    expect(events.error.map(({ operation }) => operation)).toEqual(['fill']);
    expect(String(events.error[0]?.error)).not.toContain('123456789');
    expect(events.skip).toMatchObject([{ reason: 'store' }]);
  });
});

const isFill = (commands: string[][]) => JSON.stringify(commands).includes('123456789');
