// Docs: docs/cli.md
/** What the program has of the world. */
export interface Io {
  /** Results: the only thing on stdout. */
  readonly out: (text: string) => void;
  /** All else. */
  readonly err: (text: string) => void;
  /** Whether a person looks at stderr: then there are progress bars. */
  readonly isWatched: boolean;
  /** Asks a person, who may not be there: then `undefined`. */
  readonly ask: (question: string) => Promise<string | undefined>;
  /** The environment: for what is better not written on a command line. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Ended by the user. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The command line cannot be meant so: shown with a pointer to the help, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Throws once the user has pressed Ctrl-C. */
export function checkpoint({ signal }: Io): void {
  if (signal.aborted) throw new Interrupted();
}

/** The result of some work, unless the user ends the waiting. */
export async function unlessInterrupted<T>({ signal }: Io, work: Promise<T>): Promise<T> {
  work.catch(() => {}); // it may fail after nobody waits any more
  if (signal.aborted) throw new Interrupted();
  let stop = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    stop = () => reject(new Interrupted());
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
