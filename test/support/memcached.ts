import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { executable } from './executables.ts';
import { freePort } from './redis.ts';
import { end, isRunning, tieToThisProcess } from './server-process.ts';

export interface Memcached {
  readonly port: number;
  /** What the server counts, by the names it has for it. */
  stats(): Promise<Map<string, number>>;
  /** Stops the process where it is: connections stay open and nothing answers until `resume()`. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends the process at once, paused or not. */
  kill(): Promise<void>;
  /** Ends the process if it runs, and starts an empty one on the same port. */
  restart(): Promise<void>;
}

const memcached = executable('memcached');

export const memcachedAvailable: boolean = memcached !== undefined;

/** One question in memcached's text protocol, over a connection of its own. */
const statsOf = async (port: number): Promise<Map<string, number>> => {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write('stats\r\n');
    let text = '';
    for await (const part of socket) {
      text += part;
      if (text.endsWith('END\r\n')) break;
    }
    return new Map([...text.matchAll(/^STAT (\S+) (\d+)\r$/gm)].map(([, name, value]) => [name!, Number(value)]));
  } finally {
    socket.destroy();
  }
};

const launch = async (port: number): Promise<ChildProcess> => {
  const asRoot = process.getuid?.() === 0 ? ['-u', 'root'] : [];
  const args = ['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', '64', '-t', '2', ...asRoot];
  const server = spawn(memcached as string, args, { stdio: 'ignore' });
  tieToThisProcess(server);
  for (const deadline = Date.now() + 5_000; isRunning(server) && Date.now() < deadline; await sleep(3)) {
    // The number of the process tells it from another server that took the port first.
    const stats = await statsOf(port).catch(() => new Map<string, number>());
    if (stats.get('pid') === server.pid) return server;
  }
  await end(server);
  throw new Error(`memcached did not answer within 5 s: memcached ${args.join(' ')}`);
};

/** Starts a real, empty memcached of its own for the tests that call this. */
export const startMemcached = async (): Promise<Memcached> => {
  const port = await freePort();
  let server = await launch(port);
  return {
    port,
    stats: () => statsOf(port),
    async pause() {
      server.kill('SIGSTOP');
      // Each of its threads stops when it next runs.
      while (await Promise.race([statsOf(port).then(() => true), sleep(30, false)]));
    },
    resume: () => void server.kill('SIGCONT'),
    kill: () => end(server),
    async restart() {
      await end(server);
      server = await launch(port);
    },
  };
};
