/** Time as a schedule sees it: it stands still until somebody moves it on. */
export interface Clock {
  /** The monotonic clock, in milliseconds. */
  readonly elapsed: () => number;
  /** Lets time pass; with `wallStands`, only the monotonic clock knows (the wall clock was set back meanwhile). */
  readonly pass: (ms: number, wallStands?: boolean) => void;
  /** Goes to the next timer and fires it; false when there is none. */
  readonly toNextTimer: () => boolean;
  /** Forgets all timers and begins anew. */
  readonly reset: () => void;
}

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** Runs work with a clock in place of the machine's: Date, performance, timers, and random that always is one half. */
export async function withClock<T>(work: (clock: Clock) => Promise<T>): Promise<T> {
  const start = Date.now();
  let monotonic = 0;
  let wall = start;
  let last = 0;
  const timers = new Map<number, Timer>();
  const real = {
    dateNow: Date.now,
    performanceNow: performance.now,
    random: Math.random,
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
  };
  const fireDue = () => {
    for (const [id, { at, fire }] of [...timers]) {
      if (at <= monotonic && timers.delete(id)) fire();
    }
  };
  const clock: Clock = {
    elapsed: () => monotonic,
    pass(ms, wallStands = false) {
      monotonic += ms;
      if (!wallStands) wall += ms;
      fireDue();
    },
    toNextTimer() {
      if (timers.size === 0) return false;
      const next = Math.min(...[...timers.values()].map(({ at }) => at));
      clock.pass(Math.max(0, next - monotonic));
      return true;
    },
    reset() {
      timers.clear();
      [monotonic, wall] = [0, start];
    },
  };
  Date.now = () => wall;
  performance.now = () => monotonic;
  Math.random = () => 0.5;
  globalThis.setTimeout = ((fire: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const id = ++last;
    timers.set(id, { at: monotonic + ms, fire: () => fire(...args) });
    return id;
  }) as never;
  globalThis.clearTimeout = ((id: number) => timers.delete(id)) as never;
  try {
    return await work(clock);
  } finally {
    Date.now = real.dateNow;
    performance.now = real.performanceNow;
    Math.random = real.random;
    globalThis.setTimeout = real.setTimeout;
    globalThis.clearTimeout = real.clearTimeout;
  }
}
