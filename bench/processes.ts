import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of ours that has said what others need to know of it. */
export interface Started<Message> {
  readonly message: Message;
  readonly stop: () => Promise<void>;
}

/** Forks a module of this folder, as the benchmark itself is started. */
export const forked = (module: string, args: readonly string[] = []): ChildProcess =>
  fork(fileURLToPath(new URL(module, import.meta.url)), args, { execArgv: ['--expose-gc', '--import', 'tsx'] });

/** The first message of a process, or an error when it ends without one. */
export async function messageOf<Message>(child: ChildProcess, name: string): Promise<Message> {
  const ended = new AbortController();
  try {
    return (await Promise.race([
      once(child, 'message', { signal: ended.signal }).then(([message]) => message),
      once(child, 'exit', { signal: ended.signal }).then(([code, signal]) => {
        throw new Error(`${name}: its process ended with ${signal ?? code} before it had said anything`);
      }),
    ])) as Message;
  } finally {
    ended.abort();
  }
}

/** The exit code of a process, once it has ended. */
export async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** Starts a module that sends one message when it is ready, and ends when it is let go. */
export async function started<Message>(module: string): Promise<Started<Message>> {
  const child = forked(module);
  const message = await messageOf<Message>(child, module);
  return {
    message,
    async stop() {
      child.disconnect();
      await ended(child);
    },
  };
}
