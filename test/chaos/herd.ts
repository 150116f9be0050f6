import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { forkTyped } from './fleet.ts';
import type { Role } from './roles.ts';
import { startWorld, type World } from './world.ts';

/** What a process of the herd is told about itself. */
export type HerdRole = Pick<Role, 'client' | 'port' | 'url' | 'token'>;

/** What it is told to ask for. */
export interface HerdOrder {
  readonly coalesce: Role['coalesce'];
  readonly key: string;
  readonly calls: number;
}

/** What a herd has shown. */
export interface HerdShown {
  /** How often the procedure began to run. */
  readonly runs: number;
  /** How many calls were answered, of so many in processes that survived. */
  readonly answered: number;
  readonly asked: number;
}

/** Four processes that ask for the same. */
export interface Herd {
  /** A thousand calls of a new key at once; the first process that runs it may be killed in its run. */
  readonly stampede: (options: { coalesce: Role['coalesce']; killsLeader?: boolean }) => Promise<HerdShown>;
  readonly close: () => Promise<void>;
}

interface Message {
  readonly ready?: true;
  readonly running?: true;
  readonly answered?: number;
}

const worker = new URL('./herd-worker.ts', import.meta.url);
const processes = 4;
const calls = 250;

/** Starts the processes and the server that they share. */
export async function startHerd(kind: World['kind']): Promise<Herd> {
  const world = await startWorld(kind, processes);
  const starting = world.lines.map(({ address }, index) => {
    const client = kind === 'upstash' ? 'upstash' : index < 2 ? 'ioredis' : 'node-redis';
    return forkTyped(worker, JSON.stringify({ ...address, client } satisfies HerdRole));
  });
  const herd = await Promise.all(starting);
  let keys = 0;

  /** What a process says next that this is interested in; nothing when it is gone. */
  const next = async <T>(
    child: ChildProcess,
    interest: (message: Message) => T | undefined,
  ): Promise<T | undefined> => {
    while (child.connected) {
      const ended = new AbortController();
      const heard = await Promise.race([
        once(child, 'message', ended).then(([message]) => ({ message: message as Message })),
        once(child, 'exit', ended).then(() => undefined),
      ]);
      ended.abort();
      const found = heard && interest(heard.message);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  const whenReady = await Promise.all(herd.map((child) => next(child, ({ ready }) => ready)));
  if (whenReady.includes(undefined)) throw new Error('a process of the herd ended before it was ready');
  return {
    async stampede({ coalesce, killsLeader = false }) {
      let runs = 0;
      let killed: ChildProcess | undefined;
      const key = `key-${++keys}`;
      const counts = herd.map((child) =>
        next(child, ({ running, answered }) => {
          if (running) {
            runs += 1;
            if (killsLeader && killed === undefined) (killed = child).kill('SIGKILL');
          }
          return answered;
        }),
      );
      for (const child of herd) child.send({ coalesce, key, calls } satisfies HerdOrder);
      const answered = (await Promise.all(counts)).reduce<number>((sum, count = 0) => sum + count, 0);
      return { runs, answered, asked: calls * herd.filter((child) => child !== killed).length };
    },
    async close() {
      for (const child of herd) child.kill('SIGKILL');
      await world.close();
    },
  };
}
