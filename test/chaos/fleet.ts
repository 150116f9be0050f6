import { type ChildProcess, fork } from 'node:child_process';
import { compiled } from '../support/compiled.ts';
import type { Order, Role, Violation } from './roles.ts';
import { addTo, newTally, type Tally } from './tally.ts';

/** What came of the processes. */
export interface Outcome {
  readonly tally: Tally;
  readonly violations: Violation[];
  /** Queries that failed, and processes that ended though nobody killed them. */
  readonly failures: string[];
}

/** The processes of the checker. */
export interface Fleet {
  readonly outcome: Outcome;
  /** Has one process kill itself in the middle of a fill or an invalidation, and starts it again. */
  readonly killIn: (what: 'fill' | 'invalidation', index: number) => Promise<void>;
  /** Readers and writers end, and what was kept is written. Rejects when a process does not come to that. */
  readonly stop: () => Promise<void>;
  /** Every process reads every row. */
  readonly sweep: () => Promise<void>;
  readonly end: () => void;
}

interface Message {
  readonly ready?: true;
  readonly done?: string;
  readonly tally?: Tally;
  readonly violation?: Violation;
  readonly failure?: string;
}

const worker = new URL('./worker.ts', import.meta.url);

/** Starts a process of TypeScript that ends with this one. */
export async function forkTyped(script: URL, argument: string): Promise<ChildProcess> {
  return fork(await compiled(script), [argument], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
}

/** Starts the processes and waits until all of them work. */
export async function startFleet(roles: readonly Role[]): Promise<Fleet> {
  const outcome: Outcome = { tally: newTally(), violations: [], failures: [] };
  const children: ChildProcess[] = [];
  const waiting = new Set<{ index: number; what: string; resolve: () => void }>();
  let ended = false;
  let lives = 0;

  const until = (index: number, what: string): Promise<void> =>
    new Promise((resolve) => void waiting.add({ index, what, resolve }));
  const happened = (index: number, what: string) => {
    for (const one of waiting) {
      if (one.index !== index || one.what !== what) continue;
      waiting.delete(one);
      one.resolve();
    }
  };

  async function start(role: Role): Promise<void> {
    lives += 1;
    const child = await forkTyped(worker, JSON.stringify({ ...role, seed: role.seed + 1_000 * lives }));
    children[role.index] = child;
    let log = '';
    child.stderr?.on('data', (text) => {
      log = `${log}${text}`.slice(-2_000);
    });
    child.on('message', ({ ready, done, tally, violation, failure }: Message) => {
      if (tally !== undefined) addTo(outcome.tally, tally);
      if (violation !== undefined) outcome.violations.push(violation);
      if (failure !== undefined) outcome.failures.push(failure);
      if (ready) happened(role.index, 'ready');
      if (done !== undefined) happened(role.index, done);
    });
    child.on('exit', (code, signal) => {
      if (ended) return;
      happened(role.index, 'ready'); // nobody waits for what will not be
      if (signal !== 'SIGKILL') outcome.failures.push(`process ${role.index} ended with ${code ?? signal}\n${log}`);
      happened(role.index, 'exit');
    });
    return until(role.index, 'ready');
  }

  const tell = (index: number, order: Order) => {
    if (children[index]?.connected) children[index].send(order);
  };
  const all = async (order: 'stop' | 'sweep', withinMs: number) => {
    const done = Promise.all(roles.map(({ index }) => until(index, order)));
    for (const { index } of roles) tell(index, order);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, withinMs, 'late');
    });
    const first = await Promise.race([done, late]);
    clearTimeout(timer);
    const missing = [...waiting].filter(({ what }) => what === order).map(({ index }) => index);
    if (first === 'late') outcome.failures.push(`${order}: no answer of ${missing.join(', ')} within ${withinMs} ms`);
  };

  await Promise.all(roles.map(start));
  return {
    outcome,
    async killIn(what, index) {
      const gone = until(index, 'exit');
      tell(index, { arm: what });
      await gone;
      await start(roles[index]!);
    },
    stop: () => all('stop', 60_000),
    sweep: () => all('sweep', 30_000),
    end() {
      ended = true;
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
