// Docs: docs/how-it-works.md
import { fill, type Isolate, lookUp } from './isolate.ts';
import { body, epochs, type Made } from './remote.ts';
import { isDueEarly, jittered, timeouts } from './rules.ts';
import type { Outcome } from './tally.ts';
import { type Turn, takeTurn } from './turn.ts';
import type { Lookup, World } from './world.ts';

/** One call of a cached query. */
interface Call {
  readonly world: World;
  readonly isolate: Isolate;
  readonly key: number;
  readonly askedAt: number;
  readonly departedAt: number;
}

/** The story of a call, as in `cache.ts`: look up; serve what is there; else share the flight of an equal call, or lead one. */
export function read(world: World, isolate: Isolate, key: number): void {
  const call = { world, isolate, key, askedAt: world.clock.now, departedAt: isolate.flights.depart() };
  lookUp(world, isolate, key, (lookup) => {
    if (lookup === undefined) run(call, false, (version) => done(call, 'bypassed', undefined, version));
    else if (!serve(call, lookup)) join(call, lookup, call.departedAt, true);
    isolate.flights.arrive();
  });
}

function done(call: Call, outcome: Outcome, entry: Made | undefined, version: number): void {
  const { world, isolate, key, askedAt } = call;
  world.tally.served(outcome, askedAt, world.truth.behindMs(key, version, askedAt), entry);
  world.answered?.({ isolate: isolate.index, key, outcome, version, askedAt, at: world.clock.now });
}

/** What is there already: fresh, or expired within its window and revalidated behind the response. */
function serve(call: Call, lookup: Lookup): boolean {
  const { clock, settings, random } = call.world;
  const { entry, expired } = lookup;
  if (entry !== undefined) {
    done(call, lookup.from, entry, entry.version);
    if (isDueEarly(entry, settings.early, clock.now, random)) revalidate(call, lookup);
    return true;
  }
  if (expired?.staleUntil === undefined || expired.staleUntil <= clock.now) return false;
  done(call, 'stale', expired, expired.version);
  revalidate(call, lookup);
  return true;
}

const flightKey = (key: number, { ids }: Lookup): string => `${key}:${ids[0]}`;

/** What the flight of an equal call gives; where that is nothing, that of another one, and then a run of one's own. */
function join(call: Call, lookup: Lookup, departedAt: number, mayJoinAgain: boolean): void {
  const { isolate, key, askedAt } = call;
  const isJoined = isolate.flights.join(
    flightKey(key, lookup),
    departedAt,
    (entry) => entry.freshUntil > askedAt,
    (shared) => {
      if (shared !== undefined) done(call, 'coalesced', shared, shared.version);
      else if (mayJoinAgain) join(call, lookup, Number.POSITIVE_INFINITY, false);
      else lead(call, lookup, true);
    },
  );
  if (!isJoined) lead(call, lookup, true);
}

/** Runs the procedure behind the response, once per entry and set of epochs. */
function revalidate(call: Call, lookup: Lookup): void {
  const since = call.world.clock.now - timeouts.revalidate;
  if (!call.isolate.flights.isFlying(flightKey(call.key, lookup), call.departedAt, since)) lead(call, lookup, false);
}

/** Leads a flight, as in `lead.ts`: takes a turn where turns are taken, runs, hands to the waiters what it has, stores. */
function lead(call: Call, first: Lookup, waits: boolean): void {
  const { world, isolate, key, askedAt } = call;
  const { clock, settings } = world;
  const { flights } = isolate;
  const flight = flights.lead(flightKey(key, first), clock.now);
  const go = (turn: Turn) => {
    if (!('lookup' in turn)) {
      const entry = 'stored' in turn ? turn.stored.entry : undefined;
      flights.end(flight);
      flights.land(flight, entry);
      if (waits && entry !== undefined) done(call, 'coalesced', entry, entry.version);
      return;
    }
    const begunAt = clock.now;
    run(call, true, (version) => {
      // What runs behind a response ends with its isolate, unless another request waits for it; so its lease is not given back.
      if (!waits && !isolate.isAlive && flight.waiting.length === 0) return;
      const entry = make(world, key, turn.lookup, version, clock.now - begunAt);
      const keepMs = Math.max(entry.freshUntil, entry.staleUntil ?? 0) - clock.now;
      fill(world, isolate, key, entry, keepMs, turn.lease, () => flights.end(flight));
      flights.land(flight, entry);
      if (waits) done(call, 'ran', entry, version);
    });
  };
  if (!settings.lease) go({ lookup: first });
  else takeTurn(world, isolate, key, first, waits, waits ? timeouts.join - (clock.now - askedAt) : 0, go);
}

/** Runs the procedure. It reads the data when it begins: the worst case. A run that stores nothing is nobody's concern. */
function run({ world, isolate, key }: Call, stores: boolean, ended: (version: number) => void): void {
  const { clock, delays, tally, truth } = world;
  const version = truth.version(key);
  if (stores) isolate.runs += 1;
  tally.runBegins(key);
  clock.in(delays.run(key), () => {
    if (stores) isolate.runs -= 1;
    tally.runEnds(key);
    ended(version);
  });
}

/** The entry of a finished run, as `prepare` of `fill.ts` makes it. */
function make(world: World, key: number, lookup: Lookup, version: number, ranMs: number): Made {
  const { clock, keys, settings, random } = world;
  const freshUntil = clock.now + jittered(keys.ttlMs(key), settings.jitter, random);
  const staleMs = settings.staleWhileRevalidateMs;
  return {
    key: String(key),
    epochs,
    ids: lookup.ids,
    storedAt: clock.now,
    freshUntil,
    ...(staleMs > 0 && { staleUntil: freshUntil + staleMs }),
    ranMs,
    id: String(world.nextId()),
    body,
    version,
    payload: keys.payload(key),
  };
}
