import type { BusListener, Store } from '../../src/store.ts';
import type { Server } from './server.ts';
import type { Step, Steps, Touches } from './steps.ts';

/** The parts of a world, one bit each. */
export const parts = {
  epochs: 1,
  entries: 2,
  leases: 4,
  saved: 8,
  database: 16,
  acknowledged: 32,
  clock: 64,
  first: 128,
  second: 256,
} as const;
/** A step after which nothing is as it was, such as time that passes. */
export const everything: Touches = { reads: 0, writes: 511 };

/** What may happen to messages beside being late. Bounded exhaustive programs name it, random ones draw it. */
export interface Weather {
  /** Requests that arrive a second time, later: clients resend after a lost reply. */
  readonly resent: 'none' | 'invalidations' | 'any, at random';
  /** Messages to other processes about what moved on. */
  readonly messages: 'once' | 'twice' | 'lost' | 'any of these, at random';
  /** Requests, or their replies, that are lost, at random: the caller is told that the connection broke. */
  readonly cuts: boolean;
}

/** A process as the wire sees it. */
export interface Party {
  readonly name: 'first' | 'second';
  /** The steps of a process after it was killed never happen. */
  readonly own: number;
}

/** A store that is a server elsewhere: a request is on its way, is applied at once as a whole, and its reply is on its way. */
export function distantStore(
  server: Server,
  { name, own }: Party,
  steps: Steps,
  weather: Weather,
  confirmsEarly: boolean,
): Store {
  const { epochs, entries, leases, clock, acknowledged } = parts;
  const sent = async <T>(what: string, arriving: Step['touches'], apply: () => T, changes = 0): Promise<T> => {
    const reply = () => ({ reads: clock, writes: own | changes });
    const fate = weather.cuts ? steps.choose(24) : 24;
    await steps.step({ label: `${what} of the ${name} arrives`, owner: name, touches: arriving, isSent: true });
    const answer = fate === 0 ? undefined : apply();
    const isResent =
      (weather.resent === 'invalidations' && changes !== 0) ||
      (weather.resent === 'any, at random' && steps.choose(5) === 0);
    if (isResent) {
      const again = `${what} of the ${name} arrives again`;
      void steps.step({ label: again, owner: name, touches: arriving, isSent: true }).then(apply);
    }
    await steps.step({ label: `the ${name} gets the reply to ${what}`, owner: name, touches: reply });
    if (fate < 2) throw new Error('the connection broke');
    return answer as T;
  };
  let listener: BusListener | undefined;
  const tell = (moved: readonly string[]) => {
    const { messages } = weather;
    const times = messages === 'any of these, at random' ? steps.choose(3) : messages === 'twice' ? 2 : 1;
    const touches = () => ({ reads: 0, writes: own });
    for (let time = 0; time < times; time++) {
      const heard = steps.step({ label: `the ${name} hears what moved on`, owner: name, touches });
      void heard.then(() => listener?.moved(moved));
    }
  };
  if (weather.messages !== 'lost') server.moved.add(tell);
  return {
    name: 'distant',
    supports: { local: false },
    lookup(request) {
      const ticket = server.ticket();
      const touches = () => ({ reads: clock | epochs | entries, writes: server.knows(request.epochs) ? 0 : epochs });
      const what = request.key === undefined ? 'a lookup of tags' : 'a lookup';
      return sent(what, touches, () => server.lookup(request, ticket));
    },
    fill(request) {
      const touches = { reads: clock | epochs, writes: entries | (request.lease ? leases : 0) };
      return sent(
        'a fill',
        () => touches,
        () => server.fill(request),
      );
    },
    async advance(names, mode) {
      const ticket = server.ticket();
      const touches = () => ({ reads: 0, writes: epochs });
      const work = () => server.advance(names, mode, ticket);
      if (!confirmsEarly) return sent('an invalidation', touches, work, acknowledged);
      void steps.step({ label: 'a confirmed write arrives', owner: name, touches, isSent: true }).then(work);
    },
    lease(lease, key, keepMs) {
      const touches = { reads: clock | entries, writes: leases };
      return sent(
        'a lease',
        () => touches,
        () => server.lease(lease, key, keepMs),
      );
    },
    release(lease, aloneMs) {
      const touches = { reads: 0, writes: leases };
      return sent(
        'the end of a lease',
        () => touches,
        () => server.release(lease, aloneMs),
      );
    },
    subscribe(given) {
      listener = given;
      return () => {
        listener = undefined;
      };
    },
  };
}
