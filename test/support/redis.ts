import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { executable } from './executables.ts';
import { type Argument, RespConnection, type TextReply } from './resp.ts';
import { end, isRunning, tieToThisProcess } from './server-process.ts';

export interface RedisOptions {
  /** As Redis writes it: bytes, or `'64mb'`. */
  maxmemory?: number | string;
  /** More arguments for the command line of `redis-server`. */
  args?: readonly string[];
  /** A node of a cluster, that needs the port 10,000 above its own, too. */
  bus?: boolean;
}

export interface RedisServer {
  readonly port: number;
  /** Of the process that runs now: `restart()` changes it. */
  readonly pid: number;
  command(...command: Argument[]): Promise<TextReply>;
  /** Removes every key. */
  flush(): Promise<void>;
  /** Stops the process where it is: connections stay open and nothing answers until `resume()`. */
  pause(): void;
  resume(): void;
  /** Ends the process at once, paused or not. */
  kill(): Promise<void>;
  /** Writes down what the server holds now, and gives the path of the file; it goes with the server's folder. */
  snapshot(): Promise<string>;
  /** Ends the process if it runs, and starts one on the same port: an empty one, or one that holds what a snapshot does. */
  restart(from?: string): Promise<void>;
  /** Ends the process for good and removes its folder. */
  stop(): Promise<void>;
}

const redisServer = executable('redis-server');

export const redisAvailable: boolean = redisServer !== undefined;

/** Below the range of outgoing connections, so that none of them takes the port while the server is down. */
export const freePort = async (alsoAbove?: number): Promise<number> => {
  for (;;) {
    const port = randomInt(10_000, alsoAbove === undefined ? 30_000 : 30_000 - alsoAbove);
    if ((await isFree(port)) && (alsoAbove === undefined || (await isFree(port + alsoAbove)))) return port;
  }
};

const isFree = async (port: number): Promise<boolean> => {
  const probe = createServer().listen(port, '127.0.0.1');
  const free = await once(probe, 'listening').then(
    () => true,
    () => false,
  );
  if (!free) return false;
  probe.close();
  await once(probe, 'close');
  return true;
};

const launch = async (connection: RespConnection, folder: string, args: readonly string[]): Promise<ChildProcess> => {
  const server = spawn(redisServer as string, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const output of [server.stdout, server.stderr]) {
    output.on('data', (text) => {
      log = `${log}${text}`.slice(-4_000);
    });
  }
  tieToThisProcess(server, folder);
  const deadline = Date.now() + 5_000;
  const timer = setTimeout(() => connection.close(), 5_000);
  try {
    while (isRunning(server) && Date.now() < deadline) {
      const info = await connection.command('INFO', 'server').catch(() => '');
      // The number of the process tells it from another server that took the port first.
      if (String(info).includes(`process_id:${server.pid}\r`)) return server;
      connection.close();
      await sleep(3);
    }
  } finally {
    clearTimeout(timer);
  }
  const how = isRunning(server) ? 'did not answer within 5 s' : 'ended as it started';
  await end(server);
  throw new Error(`redis-server ${how}: redis-server ${args.join(' ')}\n${log}`);
};

/** Starts a real, empty Redis of its own for the tests that call this. */
export const startRedis = async ({ maxmemory, args = [], bus = false }: RedisOptions = {}): Promise<RedisServer> => {
  if (!redisAvailable) {
    throw new Error('redis-server is not installed. `bash test/support/install.sh` installs it or says how.');
  }
  const port = await freePort(bus ? 10_000 : undefined);
  const folder = await mkdtemp(join(tmpdir(), 'redis-of-tests-'));
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const limit = maxmemory === undefined ? [] : ['--maxmemory', String(maxmemory)];
  const connection = new RespConnection(port);
  const start = () => launch(connection, folder, [...fixed, ...limit, ...args]);
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  const dump = join(folder, 'dump.rdb');
  let snapshots = 0;
  let server = await start().catch(async (error) => {
    await removeFolder();
    throw error;
  });

  return {
    port,
    get pid() {
      return server.pid!;
    },
    command: (...command) => connection.command(...command),
    async flush() {
      await connection.command('FLUSHALL');
    },
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    kill: () => end(server),
    async snapshot() {
      await connection.command('SAVE');
      const kept = join(folder, `snapshot-${++snapshots}.rdb`);
      await rename(dump, kept); // or the next restart would begin with it
      return kept;
    },
    async restart(from) {
      await end(server);
      connection.close();
      if (from !== undefined) await copyFile(from, dump);
      server = await start();
      await rm(dump, { force: true });
    },
    async stop() {
      await end(server);
      connection.close();
      await removeFolder();
    },
  };
};
