// Docs: docs/freshness.md#many-processes
import { type Isolate, lookUp } from './isolate.ts';
import type { Lease } from './remote.ts';
import { pauseOf, pauses, timeouts } from './rules.ts';
import { ask, type Lookup, type World } from './world.ts';

/** What somebody may do who wants to run a procedure where one run is enough for all isolates, as in `turn.ts`. */
export type Turn =
  | { readonly lookup: Lookup; readonly lease?: Lease }
  | { readonly stored: Lookup }
  | { readonly elsewhere: true };

/** Takes the lease of a fill, or waits for who holds it, in growing pauses. */
export function takeTurn(
  world: World,
  isolate: Isolate,
  key: number,
  first: Lookup,
  waits: boolean,
  waitMs: number,
  taken: (turn: Turn) => void,
): void {
  const { clock, remote, random } = world;
  const started = clock.now;
  let [lookup, waited] = [first, false];
  let waitsFor: Lease['waitsFor'];

  const attempt = (wait: number): void => {
    const lease: Lease = { name: `${key}:${lookup.ids[0]}`, token: world.nextId(), waitsFor };
    const next = () => attempt(Math.min(wait * pauses.factor, pauses.longest));
    const work = () => remote.lease(lease, key, timeouts.lease);
    ask(
      world,
      isolate.index,
      work,
      (answer) => {
        if (answer === undefined) return taken({ lookup });
        if (answer === 'taken') {
          if (!waits) return taken({ elsewhere: true });
          if (clock.now - started + wait > waitMs) return taken({ lookup });
          waited = true;
          waitsFor = lookup.isEmpty ? 'entry' : 'holder';
          return clock.in(pauseOf(wait, random), next);
        }
        if (answer === 'leased' && !waited) return taken({ lookup, lease });
        // Of what another isolate stored a moment ago, no copy that is trusted tells.
        const lookedUp: Parameters<typeof lookUp>[3] = (again) => {
          const isNew = again?.entry !== undefined && again.entry.storedAt !== first.entry?.storedAt;
          if (answer === 'there') {
            if (again === undefined) return taken({ lookup });
            if (isNew) return taken({ stored: again });
            lookup = again;
            waitsFor = undefined; // an old one
            return next();
          }
          if (again === undefined) return taken({ lookup, lease });
          if (!isNew && again.ids[0] === lookup.ids[0]) return taken({ lookup: again, lease });
          ask(
            world,
            isolate.index,
            () => remote.release(lease),
            () => {},
          );
          if (isNew) return taken({ stored: again });
          lookup = again;
          next();
        };
        lookUp(world, isolate, key, lookedUp, true);
      },
      timeouts.read,
    );
  };
  attempt(pauses.first);
}
