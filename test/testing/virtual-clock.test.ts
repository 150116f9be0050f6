import { promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createCache } from '../../src/index.ts';
import { expectHit, expectMiss, type VirtualClock, virtualClock } from '../../src/testing/index.ts';

describe('the virtual clock', () => {
  const own = Object.getOwnPropertyDescriptor(performance, 'now');
  const real = { Date, setTimeout, clearTimeout };
  let clock: VirtualClock | undefined;
  const start = (options?: Parameters<typeof virtualClock>[0]) => (clock = virtualClock(options));
  afterEach(() => {
    clock?.restore();
    vi.useRealTimers();
  });

  test('time stands still until it is advanced, on every clock that there is', async () => {
    const clock = start({ now: 1_000_000 });
    const begun = performance.now();
    await clock.settle();
    expect([Date.now(), clock.now(), performance.now()]).toEqual([1e6, 1e6, begun]);
    expect(new Date()).toEqual(new Date(1_000_000));
    await clock.advance('1m');
    expect([Date.now(), new Date(clock.now()).getTime(), performance.now() - begun]).toEqual([
      1_060_000, 1_060_000, 60_000,
    ]);
    await clock.advance(1);
    expect(Date()).toBe(new Date(1_061_000).toString());
  });

  test('dates of before are dates, and dates of now outlive the clock', () => {
    const before = new Date(5);
    const clock = start();
    expect(before).toBeInstanceOf(Date);
    expect([new Date(5), new Date('2030-01-01'), Date.UTC(2030, 0)]).toEqual([
      before,
      new real.Date('2030-01-01'),
      1893456000000,
    ]);
    const made = new Date();
    clock.restore();
    expect(made).toBeInstanceOf(Date);
  });

  test('timers run when they are due, in their order, each at its own time, also those that a timer sets', async () => {
    const clock = start({ now: 0 });
    const ran: [string, number][] = [];
    const note = (name: string) => ran.push([name, Date.now()]);
    setTimeout(note, 20, 'second of 20');
    setTimeout(note, 10, 'first');
    setTimeout(async () => {
      note('third');
      await null;
      setTimeout(note, 5, 'set by a timer');
    }, 20);
    setTimeout(note, 26, 'later');
    await clock.advance('25ms');
    expect(ran).toEqual([
      ['first', 10],
      ['second of 20', 20],
      ['third', 20],
      ['set by a timer', 25],
    ]);
    expect([clock.timers(), clock.now()]).toEqual([1, 25]);
  });

  test('a timer that is cleared does not run, and one that is refreshed starts anew', async () => {
    const clock = start();
    const run = vi.fn();
    clearTimeout(setTimeout(run, 10));
    const timer = setTimeout(run, 10) as unknown as NodeJS.Timeout;
    timer.unref();
    await clock.advance('6ms');
    timer.refresh();
    await clock.advance('6ms');
    expect(run).not.toHaveBeenCalled();
    await clock.advance('4ms');
    expect(run).toHaveBeenCalledTimes(1);
    clearTimeout(undefined);
  });

  test('a timer can be cleared by its number, as a number or a text, and by itself; no other goes with it', async () => {
    const clock = start();
    const run = vi.fn();
    const timers = Array.from({ length: 4 }, (_, index) => setTimeout(run, 10, index) as unknown as NodeJS.Timeout);
    clearTimeout(Number(timers[0]));
    clearTimeout(`${timers[1]}`);
    expect(timers[2]?.close()).toBe(timers[2]);
    clearTimeout(undefined);
    clearTimeout('timer');
    clearTimeout({} as never);
    await clock.advance('10ms');
    expect(run.mock.calls).toEqual([[3]]);
  });

  test('a delay that Node cannot keep is one millisecond, as there', async () => {
    const clock = start();
    const run = vi.fn();
    const odd = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 31, Number.NaN, -1, 0, '1', undefined];
    for (const ms of odd) setTimeout(run, ms as number);
    setTimeout(run, 2 ** 31 - 1);
    await clock.advance('1ms');
    expect([run.mock.calls.length, clock.timers()]).toEqual([odd.length, 1]);
    await clock.advance(2 ** 31);
    expect(clock.timers()).toBe(0);
  });

  test('a promise of util.promisify(setTimeout) waits for the clock, and gives its value', async () => {
    const clock = start();
    const told = vi.fn();
    promisify(setTimeout)(100, 'value').then(told);
    await clock.advance('99ms');
    expect(told).not.toHaveBeenCalled();
    await clock.advance('1ms');
    expect(told.mock.calls).toEqual([['value']]);
  });

  test('a callback that throws keeps no other from running, and is told when the time has passed', async () => {
    const clock = start({ now: 0 });
    const ran: number[] = [];
    for (const ms of [1, 2, 3, 4])
      setTimeout(() => {
        ran.push(ms);
        if (ms === 2 || ms === 3) throw new Error(`of ${ms}`);
      }, ms);
    await expect(clock.advance('5ms')).rejects.toThrow('of 2');
    expect([ran, clock.timers(), clock.now()]).toEqual([[1, 2, 3, 4], 0, 5]);
  });

  test('a real timer of before can be cleared, and is not touched otherwise', async () => {
    const run = vi.fn();
    const before = setTimeout(run, 0);
    const clock = start();
    clearTimeout(before);
    await clock.settle();
    await clock.settle();
    expect(run).not.toHaveBeenCalled();
  });

  test('the wall clock can be set alone: nothing runs, and no time has passed', async () => {
    const clock = start({ now: 0 });
    const run = vi.fn();
    const begun = performance.now();
    setTimeout(run, 10);
    clock.setTime(new real.Date(-1_000));
    await clock.settle();
    expect([Date.now(), performance.now() - begun, run.mock.calls.length]).toEqual([-1_000, 0, 0]);
    await clock.advance('10ms');
    expect([Date.now(), run.mock.calls.length]).toEqual([-990, 1]);
  });

  test('afterwards everything is as it was, and what waited does not run', async () => {
    const clock = start();
    const run = vi.fn();
    setTimeout(run, 1);
    clock.restore();
    clock.restore();
    expect({ Date, setTimeout, clearTimeout }).toEqual(real);
    expect(Date).toBe(real.Date);
    expect(Object.getOwnPropertyDescriptor(performance, 'now')).toEqual(own);
    expect(clock.timers()).toBe(0);
  });

  test('a second one is refused, of its own kind or of a framework, until the first one is restored', () => {
    const clock = start();
    expect(() => virtualClock()).toThrow(/Another virtual clock is installed\. Restore it first/);
    clock.restore();
    vi.useFakeTimers();
    expect(() => virtualClock()).toThrow('Fake timers of a test framework are installed');
    vi.useRealTimers();
    start();
  });

  test('what is no duration and no time is refused', async () => {
    expect(() => virtualClock({ now: 'tomorrow' as never })).toThrow('virtualClock: now');
    const clock = start();
    await expect(clock.advance('soon' as never)).rejects.toThrow('clock.advance');
    expect(() => clock.setTime(Number.NaN)).toThrow('clock.setTime');
  });

  test('a cache keeps its lifetimes by it', async () => {
    const clock = start();
    const cache = createCache({ scope: 'public' });
    const double = cache.wrap('double', (n: number) => n * 2, { ttl: '1h' });
    await expectMiss(cache, () => double(1));
    await clock.advance('59m');
    await expectHit(cache, () => double(1));
    await clock.advance('1m');
    await expectMiss(cache, () => double(1));
  });
});
