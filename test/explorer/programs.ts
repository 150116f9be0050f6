import { evict, kill, lose, read, restart, snapshot, wait, write } from './actions.ts';
import { type Action, lifetimes, type Program } from './program.ts';

const on = (store: Program['store'], more: Partial<Program>, name: string, ...actors: Action[][]): Program => ({
  name,
  store,
  ...more,
  actors,
});
const resent = { weather: { resent: 'invalidations' } } as const;
const lost = { weather: { messages: 'lost' } } as const;
const trustMs = 10_000;
const almost = 6_000;

/** Small programs: every order of them is run. Each is about a fill, or a copy, that meets something. */
export const smallPrograms: readonly Program[] = [
  on('memory', {}, 'in memory: two reads, a write', [read(0)], [read(0)], [write(0), read(1)]),
  on('memory', {}, 'in memory: a tag that is learned', [read(0, 'tagged')], [write(1, 'learned')], [read(0, 'tagged')]),
  on('server', resent, 'a fill and an invalidation that comes twice', [read(0)], [write(1), write(1, 'tag')]),
  on('server', resent, 'an invalidation that comes again after a later one', [write(1), read(0), write(1)]),
  on('server', {}, 'a flight, who joins it, and a write', [read(0)], [read(0)], [write(1)]),
  on('server', {}, 'two processes and a write', [read(0)], [read(1)], [write(1)]),
  on('server', {}, 'a tag that is learned by one', [read(0, 'tagged')], [write(1, 'learned'), write(0, 'learned')]),
  on(
    'server',
    { before: [read(0, 'tagged')] },
    'a tag of the last fill',
    [write(0, 'learned'), read(1, 'tagged')],
    [write(1, 'learned')],
  ),
  on('server', {}, 'a scope and everything', [read(0, 'mine')], [write(1, 'scope')], [write(0, 'everything')]),
  on('server', {}, 'any one key is evicted', [read(0)], [write(1)], [evict()]),
  on(
    'server',
    { before: [read(0, 'tagged')] },
    'any one key is evicted, with a tag that is learned',
    [read(1, 'tagged')],
    [write(0, 'learned')],
    [evict()],
  ),
  on('server', {}, 'the namespace goes twice', [read(0)], [evict(':e:all'), write(1), evict(':e:all')]),
  on('server', {}, 'the memory is lost', [read(0)], [write(1)], [lose]),
  on('server', { before: [read(0), snapshot] }, 'an older snapshot', [write(1), read(0)], [restart]),
  on('server', { before: [snapshot] }, 'a fill over a restart', [read(0)], [write(1), restart], [write(1)]),
  on(
    'server',
    { before: [read(0, 'stale'), wait(lifetimes.ttlMs + 1)] },
    'a revalidation and a write',
    [read(0, 'stale')],
    [write(1, 'stale')],
  ),
  on(
    'server',
    { before: [read(0, 'stale'), wait(lifetimes.ttlMs + 1)], behind: true },
    'a revalidation, an expiry and the end of the windows',
    [read(0, 'stale')],
    [write(1, 'expire stale')],
    [wait(lifetimes.staleMs)],
  ),
  on(
    'server',
    { before: [read(0)] },
    'an expiry of what has no stale window',
    [write(1, 'expire path'), read(1)],
    [read(0)],
  ),
  on(
    'server',
    { before: [read(0, 'over')] },
    'an expired answer inside another fill',
    [write(1, 'expire both'), read(0, 'over')],
    [read(0, 'stale')],
  ),
  on('server', { behind: true }, 'a fill behind the answer', [read(0), read(0)], [write(1)]),
  on('server', {}, 'a process is killed while it reads', [read(0)], [kill(0)], [write(1), read(1)]),
  on('server', {}, 'a process is killed while it writes', [write(0)], [kill(0)], [read(1)]),
  on('server', { leases: true }, 'a lease and a write', [read(0)], [write(1), read(1)]),
  on('server', { leases: true }, 'the holder of a lease is killed', [read(0)], [kill(0)], [read(1)]),
  on('server', {}, 'a query inside another one', [read(0, 'outer')], [write(1), write(0, 'tag')]),
  on('tiers', { before: [read(0)] }, 'a copy and a write elsewhere', [read(0)], [write(1)]),
  on('tiers', {}, 'a copy that is made while a write is under way', [read(0), read(0)], [write(1)]),
  on('tiers', { before: [read(0)] }, 'a copy and any one key evicted', [write(1)], [evict()], [read(0)]),
  on('tiers', { before: [read(0), snapshot] }, 'a copy and an older snapshot', [write(1), read(0)], [restart]),
  on('tiers', { trustMs, before: [read(0)] }, 'a trusted copy and a write of its own', [read(0)], [write(0)]),
  on(
    'tiers',
    { trustMs, ...lost, before: [read(1)] },
    'a trusted copy that comes while its process writes',
    [read(0)],
    [write(0)],
  ),
  on('tiers', { trustMs, ...lost }, 'a trusted copy that is filled while its process writes', [read(0)], [write(0)]),
  on(
    'tiers',
    { trustMs, before: [read(1)], ...lost },
    'trust ends in time',
    [read(0), wait(almost), read(0)],
    [write(1)],
    [wait(almost)],
  ),
  on('tiers', { trustMs, before: [read(0)] }, 'a message and a refill', [read(0)], [write(1), read(1)]),
  on(
    'tiers',
    { trustMs, before: [read(0), read(0)], ...lost },
    'a trusted copy inside another fill',
    [write(1), read(0, 'outer'), wait(almost), wait(almost), read(0, 'outer')],
    [wait(almost)],
  ),
  on('tiers', { trustMs, before: [read(0)], ...lost }, 'the wall clock is set back', [
    read(0),
    write(1),
    wait(trustMs + 1, true),
    read(0),
  ]),
];
