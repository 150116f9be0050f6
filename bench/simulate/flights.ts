// Docs: docs/how-it-works.md#flight
import type { Made } from './remote.ts';

/** A run under way in one isolate, and who waits for it. */
export interface Flight {
  readonly key: string;
  readonly begunAt: number;
  readonly waiting: ((shared: Made | undefined) => void)[];
  /** What it gave; `null` where there was nothing to share. */
  landed: Made | null | undefined;
}

/** The flights of one isolate, as in `flight.ts`, with callbacks where that has promises. */
export interface Flights {
  /** Notes that a lookup is sent; what is returned is its place in the order of events. */
  readonly depart: () => number;
  readonly arrive: () => void;
  /** Calls back with what the flight gave; false where there is none to join. */
  readonly join: (
    key: string,
    departedAt: number,
    accept: (entry: Made) => boolean,
    joined: (shared: Made | undefined) => void,
  ) => boolean;
  readonly lead: (key: string, now: number) => Flight;
  readonly land: (flight: Flight, shared: Made | undefined) => void;
  /** It cannot be joined any more, but by who looked up before. */
  readonly end: (flight: Flight) => void;
  readonly isFlying: (key: string, departedAt: number, since: number) => boolean;
}

export function createFlights(): Flights {
  const flying = new Map<string, Flight>();
  const ended = new Map<string, { readonly flight: Flight; readonly at: number }>();
  let order = 0;
  let departed = 0;
  return {
    depart() {
      departed += 1;
      return ++order;
    },
    arrive() {
      departed -= 1;
      if (departed === 0 && ended.size > 0) ended.clear();
    },
    join(key, departedAt, accept, joined) {
      const missed = ended.get(key);
      const flight = flying.get(key) ?? (missed !== undefined && missed.at > departedAt ? missed.flight : undefined);
      if (flight === undefined) return false;
      if (flight.landed === undefined) {
        flight.waiting.push(joined);
        return true;
      }
      if (flight.landed !== null && !accept(flight.landed)) {
        if (flying.get(key) === flight) flying.delete(key);
        if (missed?.flight === flight) ended.delete(key);
        return false;
      }
      joined(flight.landed ?? undefined);
      return true;
    },
    lead(key, now) {
      const flight: Flight = { key, begunAt: now, waiting: [], landed: undefined };
      ended.delete(key);
      flying.set(key, flight);
      return flight;
    },
    land(flight, shared) {
      flight.landed = shared ?? null;
      for (const joined of flight.waiting.splice(0)) joined(shared);
    },
    end(flight) {
      if (flying.get(flight.key) !== flight) return;
      flying.delete(flight.key);
      if (departed > 0) ended.set(flight.key, { flight, at: ++order });
    },
    isFlying(key, departedAt, since) {
      if ((ended.get(key)?.at ?? 0) > departedAt) return true;
      const flight = flying.get(key);
      return flight !== undefined && flight.begunAt >= since;
    },
  };
}
