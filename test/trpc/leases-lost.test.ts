import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { hanging, throwing } from '../support/stores.ts';
import { openMany, shared } from './lease-processes.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("coalesce: 'store'", () => {
  test('a leader that fails gives its lease back: the next one runs at once', async () => {
    const { processes, gates, ran } = openMany(2);
    const [one, two] = processes.map(({ call }) => call().catch((error: Error) => error.message));
    await ran(1);
    gates[0]?.reject(new Error('the first failed'));
    await pass(1_000);
    await ran(2);
    gates[1]?.resolve('the second did not');
    await pass(1_000);
    expect(await Promise.all([one, two])).toEqual(['the first failed', 'the second did not']);
  });

  test('a leader whose caller hangs up is replaced by one of those who wait: the others share that run', async () => {
    const { processes, gates, ran, run } = openMany(4);
    const gone = new AbortController();
    void processes[0]?.call(gone.signal);
    await ran(1);
    const others = Promise.all(processes.slice(1).map(({ call }) => call()));
    gone.abort();
    gates[0]?.resolve('half');
    await pass(1_000);
    await ran(2);
    gates[1]?.resolve('whole');
    await pass(2_000);
    expect(await others).toEqual(['whole', 'whole', 'whole']);
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('a leader that died is replaced when its lease has ended', async () => {
    const { processes, gates, ran, run } = openMany(3, { timeouts: { lease: '2s', join: '10s' } });
    void processes[0]?.call(); // its process ends here: nothing of it will ever come back
    await ran(1);
    const others = Promise.all([processes[1]?.call(), processes[2]?.call()]);
    await pass(1_900);
    expect(run).toHaveBeenCalledTimes(1);
    await pass(1_000);
    expect(run).toHaveBeenCalledTimes(2);
    gates[1]?.resolve('by the second');
    await pass(1_000);
    expect(await others).toEqual(['by the second', 'by the second']);
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('who has waited for its time runs without a lease', async () => {
    const { processes, gates, ran, run } = openMany(2, { timeouts: { lease: '1h', join: '3s' } });
    void processes[0]?.call();
    await ran(1);
    const waiting = processes[1]?.call();
    await pass(2_500);
    expect(run).toHaveBeenCalledTimes(1);
    gates[1]?.resolve('by itself');
    await pass(1_500);
    expect(await waiting).toBe('by itself');
  });

  test('nobody waits much longer than twice the time to join, however many wait for whom', async () => {
    const { processes, gates, ran } = openMany(2, { timeouts: { lease: '1h', join: '3s' } });
    void processes[0]?.call(); // holds the lease, and never ends
    await ran(1);
    const waiting = Promise.all(Array.from({ length: 5 }, () => processes[1]?.call()));
    for (const gate of gates.slice(1)) gate.resolve('by itself');
    await pass(6_500);
    expect(await waiting).toEqual(Array.from({ length: 5 }, () => 'by itself'));
  });

  test('nobody waits for a fill that an invalidation has killed', async () => {
    const { processes, gates, ran } = openMany(2);
    const early = processes[0]?.call();
    await ran(1);
    await processes[1]?.cache.invalidate('one');
    const late = processes[1]?.call();
    await ran(2);
    gates[1]?.resolve('new');
    expect(await late).toBe('new');
    gates[0]?.resolve('old');
    expect([await early, await processes[0]?.call()]).toEqual(['old', 'new']);
  });

  test('who waited while it was invalidated gets what was computed after that', async () => {
    const { processes, gates, ran } = openMany(2);
    void processes[0]?.call();
    await ran(1);
    const waiting = processes[1]?.call();
    await pass(100);
    await processes[0]?.cache.invalidate('one');
    gates[0]?.resolve('old');
    await pass(1_000);
    await ran(2);
    gates[1]?.resolve('new');
    await pass(1_000);
    expect([await waiting, await processes[0]?.call()]).toEqual(['new', 'new']);
  });

  test('of many processes one revalidates, and none of them waits', async () => {
    const { processes, gates, ran, run } = openMany(4, {}, { ttl: '1m', staleWhileRevalidate: '1h' });
    gates[0]?.resolve('old');
    await processes[0]?.call();
    await pass(60_000);
    const stale = await Promise.all(processes.map(({ call }) => call()));
    expect(stale).toEqual(['old', 'old', 'old', 'old']);
    await ran(2);
    await pass(100);
    expect(run).toHaveBeenCalledTimes(2);
    gates[1]?.resolve('new');
    await pass(100);
    expect(await Promise.all(processes.map(({ call }) => call()))).toEqual(['new', 'new', 'new', 'new']);
  });

  test.each([
    ['throws', throwing],
    ['hangs', hanging],
    ['gives garbage', () => 'OK'],
  ])('a lease that %s is no lease: the procedure runs', async (_, as) => {
    const remote = shared();
    remote.lease.mockImplementation(as as never);
    const { processes, gates } = openMany(1, {}, {}, remote);
    gates[0]?.resolve('x');
    const calling = processes[0]?.call();
    await pass(1_000);
    expect(await calling).toBe('x');
  });

  test('a release that fails changes nothing for anybody', async () => {
    const remote = shared();
    remote.release.mockImplementation(throwing);
    const { processes, gates } = openMany(1, {}, {}, remote);
    gates[0]?.reject(new Error('no'));
    await expect(processes[0]?.call()).rejects.toThrow('no');
  });
});
