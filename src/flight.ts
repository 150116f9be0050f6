// Docs: docs/how-it-works.md#flight
import { late, within } from './deadline.ts';

/** Fills under way, so that equal calls share one (single flight). */
export interface Flights<T> {
  /**
   * The result of a fill under way, shared; `undefined` when there is none, when it took longer than `deadlineMs`, or when
   * its leader has nothing to share. A late flight is forgotten, so that nobody else waits for it.
   */
  readonly join: (key: string, deadlineMs: number) => Promise<T | undefined> | undefined;
  /** Opens a flight. Whoever leads it must land it, with or without something to share. */
  readonly lead: (key: string) => { readonly land: (shared: T | undefined) => void };
  readonly clear: () => void;
}

/** Flights of one cache, keyed by the entry's key and every epoch id of the joiner's own lookup (DESIGN section 3, rule 3). */
export function createFlights<T>(): Flights<T> {
  const flights = new Map<string, Promise<T | undefined>>();
  const forget = (key: string, flight: Promise<T | undefined>) => {
    if (flights.get(key) === flight) flights.delete(key);
  };
  return {
    join(key, deadlineMs) {
      const flight = flights.get(key);
      if (flight === undefined) return undefined;
      return within(flight, deadlineMs).then(
        (shared) => {
          if (shared !== late) return shared;
          forget(key, flight);
          return undefined;
        },
        () => {
          forget(key, flight); // workerd rejects promises of a request that has ended
          return undefined;
        },
      );
    },
    lead(key) {
      let settle: (shared: T | undefined) => void = () => {};
      const flight = new Promise<T | undefined>((resolve) => {
        settle = resolve;
      });
      flights.set(key, flight);
      return {
        land(shared) {
          forget(key, flight);
          settle(shared);
        },
      };
    },
    clear: () => flights.clear(),
  };
}
