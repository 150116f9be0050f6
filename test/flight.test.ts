import { describe, expect, test } from 'vitest';
import { createFlights } from '../src/flight.ts';

const second = 1_000;

describe('a flight', () => {
  test('gives its result to everybody who joined before it landed', async () => {
    const flights = createFlights<string>();
    const { land } = flights.lead('k');
    const joined = [flights.join('k', 0, second), flights.join('k', 0, second)];
    land('shared');
    expect(await Promise.all(joined)).toEqual(['shared', 'shared']);
  });

  test('is over once it has landed: who looks up afterwards finds the store', () => {
    const flights = createFlights<string>();
    flights.lead('k').land('shared');
    expect(flights.join('k', flights.depart().at, second)).toBeUndefined();
  });

  test('can be joined until its entry is stored: until then lookups find nothing', async () => {
    const flights = createFlights<string>();
    let store: () => void = () => {};
    flights.lead('k').land('shared', new Promise<void>((resolve) => (store = resolve)));
    expect(await flights.join('k', flights.depart().at, second)).toBe('shared');
    store();
    await Promise.resolve();
    expect(flights.join('k', flights.depart().at, second)).toBeUndefined();
  });

  test('that ended is still joined by a lookup that departed before its end, and by no later one', async () => {
    const flights = createFlights<string>();
    const early = flights.depart();
    flights.lead('k').land('shared');
    const late = flights.depart();
    expect(await flights.join('k', early.at, second)).toBe('shared');
    expect(flights.join('k', late.at, second)).toBeUndefined();
  });

  test('is kept for no longer than the oldest lookup that could want it', () => {
    const flights = createFlights<string>();
    const early = flights.depart();
    flights.lead('k').land('shared');
    early.arrive();
    expect(flights.join('k', early.at, second)).toBeUndefined();
  });

  test('whose leader has nothing to share sends its waiters on their way, without an error', async () => {
    const flights = createFlights<string>();
    const { land } = flights.lead('k');
    const joined = flights.join('k', 0, second);
    land(undefined);
    expect(await joined).toBeUndefined();
  });

  test('that lands twice counts once', async () => {
    const flights = createFlights<string>();
    const { land } = flights.lead('k');
    const joined = flights.join('k', 0, second);
    land('first');
    land('second');
    expect(await joined).toBe('first');
  });

  test('that never lands is waited for until the deadline, and then forgotten by all', async () => {
    const flights = createFlights<string>();
    flights.lead('k');
    expect(await flights.join('k', 0, 1)).toBeUndefined();
    expect(flights.join('k', 0, second)).toBeUndefined();
  });

  test('of an earlier leader does not close that of a later one', async () => {
    const flights = createFlights<string>();
    const earlier = flights.lead('k');
    const later = flights.lead('k');
    earlier.land('old');
    const joined = flights.join('k', flights.depart().at, second);
    later.land('new');
    expect(await joined).toBe('new');
  });

  test('of another key is not joined', () => {
    const flights = createFlights<string>();
    flights.lead('k');
    expect(flights.join('other', 0, second)).toBeUndefined();
  });
});
