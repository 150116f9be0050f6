import type { Chooser, Step, Touches } from './steps.ts';

/** Gives one chooser per schedule. */
export interface Scheduler {
  readonly begin: () => Chooser;
  /** After each schedule; false when there is none left. */
  readonly end: () => boolean;
}

interface Point {
  readonly kind: 'step';
  readonly options: readonly Asleep[];
  /** Steps that lead nowhere new: an order that differs only by neighbours that do not meet was tried. */
  readonly asleep: readonly Asleep[];
  readonly tried: Asleep[];
}
interface Fork {
  readonly kind: 'fork';
  readonly ways: number;
  way: number;
}
interface Asleep {
  readonly id: number;
  readonly touches: Touches;
}

const meet = (a: Touches, b: Touches): boolean => (a.writes & (b.reads | b.writes)) !== 0 || (b.writes & a.reads) !== 0;
const holds = (steps: readonly Asleep[], id: number): boolean => steps.some((step) => step.id === id);

/**
 * All orders that can make a difference, depth first, each from the start (sleep sets: Godefroid, Partial-Order Methods for
 * the Verification of Concurrent Systems, 1996).
 */
export function allOrders(): Scheduler {
  const path: (Point | Fork)[] = [];
  let depth = 0;
  let asleep: readonly Asleep[] = [];
  const chooser: Chooser = {
    known: new Map(),
    pick(possible) {
      const at = path[depth++];
      let point: Point;
      if (at === undefined) {
        const options = possible.map(({ id, touches }) => ({ id, touches: touches() }));
        const first = options.find(({ id }) => !holds(asleep, id));
        if (first === undefined) return undefined;
        point = { kind: 'step', options, asleep, tried: [first] };
        path.push(point);
      } else if (at.kind === 'step') point = at;
      else throw new Error('the same choices led to another world');
      const chosen = point.tried.at(-1) as Asleep;
      asleep = [...point.asleep, ...point.tried.slice(0, -1)].filter((step) => !meet(step.touches, chosen.touches));
      const step = possible.find(({ id }) => id === chosen.id);
      if (step === undefined) throw new Error('the same choices led to another world');
      return step;
    },
    choose(ways) {
      const at = path[depth++];
      if (at === undefined) path.push({ kind: 'fork', ways, way: 0 });
      else if (at.kind === 'step' || at.ways !== ways) throw new Error('the same choices led to another world');
      return at === undefined ? 0 : (at as Fork).way;
    },
  };
  return {
    begin() {
      depth = 0;
      asleep = [];
      return chooser;
    },
    end() {
      for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
        if (at.kind === 'fork') {
          if (++at.way < at.ways) return true;
        } else {
          const { asleep: sleeping, tried } = at;
          const next = at.options.find(({ id }) => !holds(sleeping, id) && !holds(tried, id));
          if (next !== undefined) return tried.push(next) > 0;
        }
        path.pop();
      }
      return false;
    },
  };
}

/** Whole numbers from a seed (mulberry32). */
export function numbers(seed: number): (below: number) => number {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/**
 * One order at random. Half of them let whoever is most important go first, and change who that is now and then: what needs
 * one process to be slow for long is met sooner so (Burckhardt et al., A Randomized Scheduler, 2010).
 */
export function randomOrder(seed: number): Chooser {
  const below = numbers(seed);
  const byImportance = below(2) === 0;
  const importance = new Map<string, number>();
  const importanceOf = (owner: string) => {
    let is = importance.get(owner);
    if (is === undefined) importance.set(owner, (is = below(1_000)));
    return is;
  };
  return {
    pick(possible) {
      if (!byImportance) return possible[below(possible.length)];
      const best = [...possible].sort((a, b) => importanceOf(b.owner) - importanceOf(a.owner))[0] as Step;
      if (below(8) === 0) importance.set(best.owner, -below(1_000));
      return best;
    },
    choose: below,
    known: new Map(),
  };
}
