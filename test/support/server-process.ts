import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Ends a server with this process, and removes its folder if it has one, however this process ends: the shell's input
 * closes even on SIGKILL.
 */
export const tieToThisProcess = (server: ChildProcess, folder = ''): void => {
  const script = 'read -r _; kill -9 "$0"; rm -rf "$1"';
  const shell = spawn('sh', ['-c', script, String(server.pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // or Ctrl-C would end the shell first
  });
  server.once('exit', () => shell.kill('SIGKILL'));
};

export const isRunning = (server: ChildProcess): boolean => server.exitCode === null && server.signalCode === null;

/** Ends a process at once, if it runs, and waits until it is gone. */
export const end = async (server: ChildProcess): Promise<void> => {
  if (!isRunning(server)) return;
  server.kill('SIGKILL');
  await once(server, 'exit');
};
