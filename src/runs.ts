// Docs: docs/decisions/0012-exact-while-filling.md
/** What an `AsyncLocalStorage` does, as far as it is used: it knows, anywhere in asynchronous code, inside of what that runs. */
export interface AsyncContext {
  /** Runs something, inside of which `getStore` gives this value. */
  run<R>(store: unknown, work: () => R): R;
  /** The value of the innermost `run` around; `undefined` where there is none. */
  getStore(): unknown;
}

/** The procedures at work in this process. What one of them reads may end up in what it stores. */
export interface Runs {
  /** Runs a procedure whose answer is to be stored. */
  readonly run: <R>(name: string, work: () => Promise<R>) => Promise<R>;
  /** Begins one of many parts, such as a stream: it may be at work between them, too. */
  readonly begin: (name: string) => LongRun;
  /** Whether what is read here may be read by such a procedure; one of this very name may be left out. */
  readonly mayBeInside: (exceptName?: string) => boolean;
}

/** A run of many parts. */
export interface LongRun {
  readonly part: <R>(work: () => Promise<R>) => Promise<R>;
  /** Nothing of it is stored any more, whatever it still does. */
  readonly over: () => void;
}

/** Runs that take longer than this are not counted, and not stored either. Epochs outlive an entry by as much. */
export const longestRunMs = 600_000;

// By a name that all copies of this module know: caches that were given one async context know each other's runs.
const isRun = Symbol.for('trpc-cached.run');

/**
 * The runs of one cache. Without an async context nobody can tell who reads: then whatever is read while a procedure runs may
 * be read by it.
 */
export function createRuns(context: AsyncContext | undefined): Runs {
  if (context !== undefined) {
    const inside = <R>(work: () => Promise<R>): Promise<R> => context.run({ [isRun]: true }, work);
    return {
      run: (_, work) => inside(work),
      begin: () => ({ part: inside, over: () => {} }),
      mayBeInside: () => (context.getStore() as { [isRun]?: true } | undefined)?.[isRun] === true,
    };
  }
  const under = new Set<{ readonly name: string; readonly since: number }>(); // in the order of their beginnings
  const prune = () => {
    if (under.size === 0) return;
    const now = performance.now();
    for (const run of under) {
      if (now - run.since <= longestRunMs) return;
      under.delete(run);
    }
  };
  const begin = (name: string): LongRun => {
    const run = { name, since: performance.now() };
    under.add(run);
    return { part: (work) => work(), over: () => void under.delete(run) };
  };
  return {
    begin,
    async run(name, work) {
      const { over } = begin(name);
      try {
        return await work();
      } finally {
        over();
      }
    },
    mayBeInside(exceptName) {
      prune();
      if (exceptName === undefined) return under.size > 0;
      for (const { name } of under) if (name !== exceptName) return true;
      return false;
    },
  };
}
