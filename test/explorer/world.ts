import type { Clock } from './clock.ts';
import type { Library } from './library.ts';
import { createOracle } from './oracle.ts';
import { createProcess, small, storeOf } from './process.ts';
import { type Action, type Program, type Query, queriesOf, writes } from './program.ts';
import { createServer, type ServerBug } from './server.ts';
import { type Chooser, createSteps, inOrder, type Steps, type Touches } from './steps.ts';
import { distantStore, everything, type Party, parts, type Weather } from './wire.ts';

/** What stands around a program: the library, as it is or with a bug, and how the store is wrong. */
export interface Around {
  readonly library: Library;
  readonly clock: Clock;
  readonly server?: ServerBug | 'confirms before it wrote';
}

/** What became of one schedule. */
export interface Outcome {
  /** Reads that gave too old an answer, failed, or never ended. */
  readonly violations: readonly string[];
  /** Answers that nobody had to run for: hits, stale ones, and shared flights. */
  readonly shared: number;
  readonly reads: number;
  /** Whether the rest of the schedule was seen before, so that it was left out. */
  readonly isRedundant: boolean;
  readonly trace: readonly string[];
}

const calm: Weather = { resent: 'none', messages: 'once', cuts: false };

/** Two processes; those that share a store in memory meet in every step. */
const partiesOf = ({ store }: Program): readonly [Party, Party] => [
  { name: 'first', own: store === 'memory' ? everything.writes : parts.first },
  { name: 'second', own: store === 'memory' ? everything.writes : parts.second },
];
/** Runs a program once, in the order that the chooser decides, and reads everything again at the end. */
export async function runOnce(program: Program, chooser: Chooser, around: Around): Promise<Outcome> {
  const { clock, library, server: bug } = around;
  clock.reset();
  const steps = createSteps(chooser.known);
  const oracle = createOracle(program.trustMs ?? 0);
  const confirmsEarly = bug === 'confirms before it wrote';
  const server = createServer(confirmsEarly ? undefined : bug);
  // Only trust listens to messages.
  const isTrusting = program.trustMs !== undefined;
  const weather: Weather = { ...calm, ...program.weather, ...(!isTrusting && { messages: 'lost' }) };
  const parties = partiesOf(program);
  const inProcess = program.store === 'memory' ? library.memoryStore(small) : undefined;
  const processes = parties.map((party) => {
    const far = inProcess ?? distantStore(server, party, steps, weather, confirmsEarly);
    return createProcess(party, storeOf(program, library, far), program, library, steps, oracle);
  });
  const violations: string[] = [];
  const dead = new Set<number>();
  let reads = 0;

  async function read(query: Query, at: 0 | 1): Promise<void> {
    const check = oracle.expect(query, at, clock.elapsed());
    const process = processes[at] as (typeof processes)[number];
    try {
      const joined = process.joined();
      const answer = await process.caller[query]();
      // A flight lasts until its fill is stored: who joins it late gets an answer that much older than the windows.
      const wrong = check(answer, process.joined() === joined);
      reads += 1;
      if (wrong !== undefined) violations.push(wrong);
    } catch (error) {
      violations.push(`${query} failed: ${String(error)}`);
    }
  }

  async function write(how: keyof typeof writes, at: 0 | 1): Promise<void> {
    const { targets, ...rest } = writes[how];
    const ended = oracle.commit(how, at);
    const { cache } = processes[at] as (typeof processes)[number];
    const given = [...targets, ...('mode' in rest ? [{ mode: rest.mode }] : [])];
    const invalidated = cache.invalidate(...(given as unknown as Parameters<typeof cache.invalidate>));
    await invalidated.then(
      () => ended(clock.elapsed(), true),
      // Kept, and written before this process trusts the store again: for others nothing is promised yet.
      () => ended(clock.elapsed(), false),
    );
  }

  async function perform(action: Action): Promise<void> {
    switch (action.does) {
      case 'read':
        return read(action.query, action.at);
      case 'write':
        return write(action.how, action.at);
      case 'evict': {
        const keys = server.keys().filter((key) => action.key === undefined || key.endsWith(action.key));
        const key = keys[steps.choose(keys.length)];
        if (key !== undefined) server.evict(key);
        return;
      }
      case 'wait':
        return clock.pass(action.ms, action.wallStands);
      case 'kill':
        dead.add(action.at);
        return steps.kill((parties[action.at] as Party).name, steps.choose(2) === 0);
      default:
        return server[action.does]();
    }
  }

  const running = new Map<Promise<void>, () => boolean>();
  async function act(actions: readonly Action[], actor: string): Promise<void> {
    for (const action of actions) {
      const label = Object.values(action).join(' ');
      await steps.step({ label: `${actor}: ${label}`, owner: actor, touches: () => touchesOf(action, parties) });
      const isDead = () => 'at' in action && action.does !== 'kill' && dead.has(action.at);
      if (isDead()) continue;
      const performed = perform(action);
      running.set(performed, isDead);
      await performed;
      running.delete(performed);
    }
  }

  const whenIdle = () => [...running.values()].some((isDead) => !isDead()) && clock.toNextTimer();
  const phase = async (work: readonly (readonly Action[])[], name: string, order: Parameters<Steps['run']>[0]) => {
    const all = work.map((actions, index) => act(actions, `${name} ${index + 1}`));
    for (const one of all) one.catch((error) => violations.push(String(error)));
    const isNew = await steps.run(order, whenIdle);
    if (isNew && [...running.values()].some((isDead) => !isDead())) violations.push('a call never ended');
    running.clear();
    return isNew;
  };

  await phase([program.before ?? []], 'before', inOrder);
  const isNew = await phase(program.actors, 'actor', chooser);
  if (isNew) await phase([lastReads(program)], 'after', inOrder);
  const shared = processes.reduce((sum, one) => sum + one.shared(), 0);
  return { violations, shared, reads, isRedundant: !isNew, trace: steps.trace };
}

/** Every query of the program, by both processes: what they hold at the end must be right, too. */
const lastReads = (program: Program): Action[] =>
  queriesOf(program).flatMap((query) => ([0, 1] as const).map((at) => ({ does: 'read', at, query }) as const));

function touchesOf(action: Action, parties: readonly Party[]): Touches {
  const own = 'at' in action ? (parties[action.at] as Party).own : 0;
  switch (action.does) {
    case 'read':
      return { reads: parts.acknowledged | parts.clock, writes: own };
    case 'write':
      return { reads: parts.clock, writes: own | parts.database };
    case 'wait':
    case 'kill':
      return everything;
    case 'snapshot':
      return { reads: parts.epochs | parts.entries, writes: parts.saved };
    default:
      return { reads: parts.clock | parts.saved, writes: parts.epochs | parts.entries | parts.leases };
  }
}
