import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFlights, type Flights } from '../src/flight.ts';

describe('flights', () => {
  let flights: Flights<string>;
  beforeEach(() => {
    vi.useFakeTimers();
    flights = createFlights();
  });
  afterEach(() => void vi.useRealTimers());
  const join = (key: string, departedAt = 0) => flights.join(key, departedAt, 1_000);

  test('who joins gets what the leader lands', async () => {
    const { land } = flights.lead('a');
    const waiters = [join('a'), join('a')];
    land('answer');
    expect(await Promise.all(waiters)).toEqual(['answer', 'answer']);
  });

  test('there is nothing to join under another key, or where nobody leads', () => {
    flights.lead('a');
    expect(join('b')).toBeUndefined();
  });

  test('a leader may land with nothing to share', async () => {
    const { land } = flights.lead('a');
    const waiter = join('a');
    land(undefined);
    expect(await waiter).toBeUndefined();
  });

  test('the first landing counts', async () => {
    const { land } = flights.lead('a');
    const waiter = join('a');
    land('first');
    land('second');
    expect(await waiter).toBe('first');
  });

  test('a waiter gives up at its deadline, and the late flight is nobody else’s', async () => {
    const { land } = flights.lead('a');
    const waiter = join('a');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiter).toBeUndefined();
    expect(join('a')).toBeUndefined();
    land('late');
    expect(join('a')).toBeUndefined();
  });

  test('a flight that was given up does not take a newer one with it when it lands', async () => {
    const old = flights.lead('a');
    const waiter = join('a');
    await vi.advanceTimersByTimeAsync(1_000);
    await waiter;
    const next = flights.lead('a');
    old.land('old');
    const joined = join('a');
    next.land('new');
    expect(await joined).toBe('new');
  });

  test('until the entry is stored, later calls may still join', async () => {
    let stored: () => void = () => {};
    const { land } = flights.lead('a');
    land('answer', new Promise<void>((resolve) => (stored = resolve)));
    expect(await join('a')).toBe('answer');
    stored();
    await vi.advanceTimersByTimeAsync(0);
    expect(join('a')).toBeUndefined();
  });

  test('a fill that fails ends the flight like one that succeeds', async () => {
    const { land } = flights.lead('a');
    land('answer', Promise.reject(new Error('store')));
    await vi.advanceTimersByTimeAsync(0);
    expect(join('a')).toBeUndefined();
  });

  test('a lookup that was on its way when a flight ended may join it, one that departs later may not', async () => {
    const { at, arrive } = flights.depart();
    flights.lead('a').land('answer');
    expect(await join('a', at)).toBe('answer');
    const later = flights.depart();
    expect(join('a', later.at)).toBeUndefined();
    arrive();
    later.arrive();
    expect(join('a', 0)).toBeUndefined();
  });

  test('clear() forgets all of them', () => {
    flights.lead('a');
    flights.clear();
    expect(join('a')).toBeUndefined();
  });
});
