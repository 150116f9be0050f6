import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Breaker, createBreaker } from '../src/breaker.ts';

describe('the breaker', () => {
  let breaker: Breaker;
  beforeEach(() => {
    vi.useFakeTimers();
    breaker = createBreaker();
  });
  afterEach(() => void vi.useRealTimers());
  const fail = (times: number) => {
    for (let time = 0; time < times; time++) breaker.failed();
  };
  /** How long it keeps calls away. */
  const closedFor = () => {
    for (let ms = 0; ms <= 60_000; ms += 500) {
      if (breaker.allows()) return ms;
      vi.advanceTimersByTime(500);
    }
    return Infinity;
  };

  test('it lets calls through until five in a row have failed', () => {
    fail(4);
    expect(breaker.allows()).toBe(true);
    breaker.succeeded();
    fail(4);
    expect(breaker.allows()).toBe(true);
    fail(1);
    expect(breaker.allows()).toBe(false);
  });

  test('it keeps calls away for a second, then twice as long after each failed probe, at most half a minute', () => {
    fail(5);
    const pauses = [];
    for (let probe = 0; probe < 7; probe++) {
      pauses.push(closedFor());
      breaker.failed();
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  test('what was sent together and failed together is one failure', () => {
    for (let request = 1; request <= 5; request++) {
      const sentAt = Date.now();
      vi.advanceTimersByTime(250);
      for (let lookup = 0; lookup < 10; lookup++) breaker.failed(sentAt);
      expect(breaker.allows()).toBe(request < 5);
    }
  });

  test('a clock that was set back does not hide failures', () => {
    breaker.failed(Date.now());
    vi.setSystemTime(Date.now() - 3_600_000);
    for (let time = 0; time < 4; time++) breaker.failed(Date.now());
    expect(breaker.allows()).toBe(false);
  });

  test('one call is the probe; the others wait for what it finds', () => {
    fail(5);
    vi.advanceTimersByTime(1_000);
    expect([breaker.allows(), breaker.allows(), breaker.allows()]).toEqual([true, false, false]);
    breaker.succeeded();
    expect([breaker.allows(), breaker.allows()]).toEqual([true, true]);
  });

  test('a probe that never reports holds nobody for ever', () => {
    fail(5);
    vi.advanceTimersByTime(1_000);
    breaker.allows();
    expect(closedFor()).toBe(1_000);
  });

  test('calls that were sent before it opened, and fail after, do not keep it open longer', () => {
    fail(50);
    expect(closedFor()).toBe(1_000);
  });

  test('a clock that is set back opens it rather than keeping it closed', () => {
    fail(5);
    vi.setSystemTime(Date.now() - 3_600_000);
    expect(breaker.allows()).toBe(true);
  });

  test('after it has closed it takes five failures again', () => {
    fail(5);
    vi.advanceTimersByTime(1_000);
    breaker.allows();
    breaker.succeeded();
    fail(4);
    expect(breaker.allows()).toBe(true);
    fail(1);
    expect(closedFor()).toBe(1_000);
  });
});
