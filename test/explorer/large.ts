import { evict, kill, lose, read, restart, snapshot, wait, write } from './actions.ts';
import { type Action, lifetimes, type Program, type Query, type writes } from './program.ts';
import { numbers } from './scheduler.ts';

type Draw = (below: number) => number;
type How = keyof typeof writes;

const one = <T>(from: readonly T[], draw: Draw): T => from[draw(from.length)] as T;

/** What may invalidate which query. */
const hows: Record<Exclude<Query, 'over'>, readonly How[]> = {
  plain: ['path', 'tag', 'everything', 'expire path'],
  outer: ['path', 'tag', 'everything', 'expire path'],
  tagged: ['learned', 'learned', 'everything'],
  mine: ['scope', 'everything'],
  stale: ['stale', 'stale', 'everything', 'expire stale'],
};
const trustMs = 10_000;
const waits = [6_000, trustMs + 1, lifetimes.ttlMs, lifetimes.ttlMs + 1, 2 * lifetimes.ttlMs];

function actionOf(draw: Draw, queries: readonly (keyof typeof hows)[], isTrusting: boolean): Action {
  const at = draw(2) as 0 | 1;
  const query = one(queries, draw);
  const kind = draw(100);
  if (kind < 50) return read(at, query);
  if (kind < 76) return write(at, one(hows[query], draw));
  if (kind < 86) return evict();
  if (kind < 92) return wait(one(waits, draw));
  if (kind < 94) return wait(6_000, isTrusting);
  return kind < 99 ? one([lose, snapshot, restart], draw) : kill(at);
}

/** A large program of a seed: one or two queries, and everything that may happen to them, in whatever weather. */
export function largeProgram(seed: number): Program {
  const draw = numbers(seed ^ 0x5bd1e995);
  const store = one(['memory', 'server', 'server', 'tiers', 'tiers'] as const, draw);
  const isTrusting = store === 'tiers' && draw(2) === 0;
  const queries = Array.from({ length: 1 + draw(2) }, () => one(Object.keys(hows) as (keyof typeof hows)[], draw));
  const actions = (count: number) => Array.from({ length: count }, () => actionOf(draw, queries, isTrusting));
  return {
    name: `seed ${seed}`,
    store,
    ...(isTrusting && { trustMs }),
    leases: store !== 'memory' && draw(4) === 0,
    behind: draw(3) === 0,
    weather: { resent: 'any, at random', messages: 'any of these, at random', cuts: draw(3) === 0 },
    before: actions(draw(4)),
    actors: Array.from({ length: 2 + draw(3) }, () => actions(1 + draw(4))),
  };
}
