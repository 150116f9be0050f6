// One process of the checker: a cache, a router, readers and writers. Ends with its parent, however that ends.
import { setTimeout as sleep } from 'node:timers/promises';
import { createCache } from '../../src/index.ts';
import { createChecks } from './checks.ts';
import { openHistory } from './history.ts';
import { seeded } from './random.ts';
import { createReaders } from './readers.ts';
import type { Order, Role } from './roles.ts';
import { type Answered, appOn, type Context } from './router.ts';
import { openStore } from './stores.ts';
import { addTo, newTally, type Tally, took } from './tally.ts';
import { createWriters } from './writers.ts';

process.on('disconnect', () => process.exit());

const role = JSON.parse(process.argv[2]!) as Role;
const history = openHistory(role.historyPath);
const random = seeded(role.seed);
const tally = newTally();
let armed: 'fill' | 'invalidation' | undefined;
let stopping = false;

/** Dies as told, some time after this: in the middle of what begins now. */
function dieIfArmed(what: typeof armed, withinMs: number): void {
  if (armed !== what) return;
  armed = undefined;
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), random.next() * withinMs);
}

const cache = createCache<Context>({
  store: await openStore(role),
  namespace: 'chaos',
  scope: 'public',
  coalesce: role.coalesce,
  timeouts: { lease: '1s', join: '2s' },
});

async function read(row: number): Promise<Answered> {
  tally.runs += 1;
  const version = history.committed(row);
  dieIfArmed('fill', 20);
  await sleep(random.between(0, 12));
  return [row, version];
}

const app = appOn({ cache, read, commit: history.commit });
const checks = createChecks({ role, history, tally, report: (violation) => send({ violation }) });
for (const status of ['hit', 'stale', 'bypass'] as const) cache.on(status, () => void (tally[status] += 1));
cache.on('bypass', checks.bypassed);
cache.on('miss', ({ coalesced }) => void (tally[coalesced ? 'coalesced' : 'miss'] += 1));
cache.on('breaker', ({ state }) => {
  if (state === 'open') tally.opened += 1;
  if (state === 'closed') tally.closed += 1;
});

const parts = { role, app, cache, history, random, tally, checks, isStopping: () => stopping };
const readers = createReaders({ ...parts, failed: (failure) => send({ failure }) });
const writers = createWriters({ ...parts, beginning: () => dieIfArmed('invalidation', 3) });

const send = (message: object) => void process.send?.(message);

function sendTally(): void {
  const part: Tally = newTally();
  addTo(part, tally);
  Object.assign(tally, newTally());
  send({ tally: part });
}
setInterval(sendTally, 200);

let lastTurn = performance.now();
setInterval(() => {
  const turn = performance.now();
  took(tally.busy, Math.max(0, turn - lastTurn - 10));
  lastTurn = turn;
}, 10);

async function stop(): Promise<void> {
  stopping = true;
  await loops;
  // The cache writes what it could not write before it trusts a lookup: reading is what makes that certain.
  while (checks.waiting() > 0) {
    await readers.burst(4);
    await sleep(20);
  }
  sendTally();
  send({ done: 'stop' });
}

async function sweep(): Promise<void> {
  await readers.all();
  sendTally();
  send({ done: 'sweep' });
}

process.on('message', (order: Order) => {
  if (order === 'stop') void stop();
  else if (order === 'sweep') void sweep();
  else if (order === 'leave') process.exit();
  else armed = order.arm;
});

const loops = Promise.all([...readers.loops(), ...writers.loops()]);
send({ ready: true });
