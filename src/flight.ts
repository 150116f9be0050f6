// Docs: docs/how-it-works.md#flight
import { late, within } from './deadline.ts';

/** A fill under way, in the hands of the call that makes it. */
export interface Lead<T> {
  /**
   * Gives the waiters what they came for; the first call counts. Whoever looks up before `stored` has settled finds nothing
   * in the store yet, and may still join.
   */
  readonly land: (shared: T | undefined, stored?: Promise<unknown>) => void;
}

/** A lookup on its way. */
export interface Departure {
  /** Its place in the order of events. */
  readonly at: number;
  /** To be called when its answer has been used. */
  readonly arrive: () => void;
}

/** Fills under way, so that equal calls share one (single flight). */
export interface Flights<T> {
  /** Notes that a lookup is sent: a fill that ends meanwhile is what it missed. */
  readonly depart: () => Departure;
  /**
   * The result of a fill that was under way when the lookup departed, shared; `undefined` when there is none, when it took
   * longer than `deadlineMs`, or when its leader has nothing to share. A late one is forgotten: nobody else waits for it; and
   * so is one that has landed with what the joiner may not have.
   */
  readonly join: (
    key: string,
    departedAt: number,
    deadlineMs: number,
    accept?: (landed: T) => boolean,
  ) => Promise<T | undefined> | undefined;
  /** Opens a flight. Whoever leads it must land it, with or without something to share. */
  readonly lead: (key: string) => Lead<T>;
  /** Whether a fill of this key is under way, and not for longer than `withinMs`, or was when the lookup departed. */
  readonly isFlying: (key: string, departedAt: number, withinMs: number) => boolean;
  readonly clear: () => void;
}

const mostEnded = 1_000;

/** Flights of one cache, keyed by the entry's key and every epoch id of the joiner's own lookup (docs/how-it-works.md, rule 3 of epochs). */
export function createFlights<T>(): Flights<T> {
  type Flight = { readonly end: Promise<T | undefined>; readonly begun: number; landed?: T };
  const flights = new Map<string, Flight>();
  // Ended, but some lookup departed before that; in the order of their ends.
  const ended = new Map<string, { readonly flight: Flight; readonly at: number }>();
  const departed = new Set<number>();
  let order = 0;

  const forget = (key: string, flight: Flight) => {
    if (flights.get(key) === flight) flights.delete(key);
    if (ended.get(key)?.flight === flight) ended.delete(key);
  };
  const over = (key: string, flight: Flight) => {
    if (flights.get(key) !== flight) return;
    forget(key, flight);
    if (departed.size > 0) ended.set(key, { flight, at: ++order });
    // A lookup whose request has ended (workerd) may never arrive.
    if (ended.size > mostEnded) for (const [oldest] of ended) return void ended.delete(oldest);
  };

  return {
    depart() {
      const at = ++order;
      departed.add(at);
      return {
        at,
        arrive() {
          departed.delete(at);
          const [oldest = Number.POSITIVE_INFINITY] = departed;
          for (const [key, one] of ended) {
            if (one.at > oldest) break;
            ended.delete(key);
          }
        },
      };
    },
    join(key, departedAt, deadlineMs, accept = () => true) {
      const missed = ended.get(key);
      const flight = flights.get(key) ?? (missed !== undefined && missed.at > departedAt ? missed.flight : undefined);
      if (flight === undefined) return undefined;
      if (flight.landed !== undefined && !accept(flight.landed)) {
        forget(key, flight);
        return undefined;
      }
      const giveUp = () => {
        forget(key, flight);
        return undefined;
      };
      // workerd rejects promises of a request that has ended, or leaves them pending: both are a reason to go alone.
      return within(flight.end, deadlineMs).then((shared) => (shared === late ? giveUp() : shared), giveUp);
    },
    lead(key) {
      let settle: (shared: T | undefined) => void = () => {};
      const end = new Promise<T | undefined>((resolve) => {
        settle = resolve;
      });
      const flight: Flight = { end, begun: performance.now() };
      ended.delete(key);
      flights.set(key, flight);
      let isOver = false;
      return {
        land(shared, stored) {
          if (isOver) return;
          isOver = true;
          if (shared !== undefined) flight.landed = shared;
          settle(shared);
          if (stored === undefined) over(key, flight);
          else
            stored.then(
              () => over(key, flight),
              () => over(key, flight),
            );
        },
      };
    },
    isFlying(key, departedAt, withinMs) {
      if ((ended.get(key)?.at ?? 0) > departedAt) return true;
      const flight = flights.get(key);
      return flight !== undefined && performance.now() - flight.begun <= withinMs;
    },
    clear() {
      flights.clear();
      ended.clear();
    },
  };
}
