// Docs: docs/testing.md#time
import { type Duration, durationMs } from '../duration.ts';
import { CacheError, invalid } from '../errors.ts';

/** Time that passes when a test says so. */
export interface VirtualClock {
  /** The wall clock, in milliseconds; `Date.now()` says the same. */
  readonly now: () => number;
  /**
   * Lets time pass: runs the timers that become due, in their order, and lets promises settle before and after each. Rejects,
   * when all have run, with the first error that one of them threw.
   */
  readonly advance: (by: Duration) => Promise<void>;
  /** Lets promises settle, and sockets be read, without any time passing. */
  readonly settle: () => Promise<void>;
  /** Sets the wall clock alone, as an administrator does: no timer runs, `performance.now()` stays as it is. In milliseconds. */
  readonly setTime: (now: number | Date) => void;
  /** How many timers wait. */
  readonly timers: () => number;
  /** Gives the real clock back. Timers that still wait are dropped. A second call does nothing. */
  readonly restore: () => void;
}

/** How a {@link virtualClock} begins. */
export interface VirtualClockOptions {
  /** The wall clock at first, in milliseconds. @default now */
  readonly now?: number | Date;
}

interface Timer {
  at: number;
  readonly run: () => void;
  readonly ms: number;
  /** What it is as a number: none that a real timer has. */
  readonly id: number;
}

const longestMs = 2_147_483_647; // timers hold 32 bits
const promisified = Symbol.for('nodejs.util.promisify.custom');

const installed = Symbol.for('trpc-cached.virtual-clock');
type Marked = { [installed]?: true; clock?: unknown };

/**
 * Takes `Date`, `performance.now`, `setTimeout` and `clearTimeout` over until `restore` is called: all that trpc-cached knows of
 * time. This is the only part of the library that touches globals. Where your test framework has fake timers, these do as well.
 *
 * It is no dependency because these four are all it has to fake: a fake clock for every timer of every runtime is a package of
 * its own, and whoever needs one has it from vitest or jest.
 *
 * @throws CacheError `INVALID_OPTION` when the clock is a virtual one already, of whatever kind.
 * @example
 * ```ts
 * import { virtualClock } from 'trpc-cached/testing';
 *
 * const clock = virtualClock({ now: Date.UTC(2030, 0, 1) });
 * try {
 *   await clock.advance('1m');
 * } finally {
 *   clock.restore();
 * }
 * ```
 */
export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const real = { Date, setTimeout, clearTimeout };
  refuseSecond(real.setTimeout as Marked);
  let wallMs = millisOf(options.now ?? real.Date.now(), 'virtualClock: now');
  let monotonicMs = Math.ceil(performance.now()); // whole, or sums of it miss the ends of timers by a hair
  const waiting = new Set<Timer>();
  // A macrotask of the real clock: every promise that can settle has settled by then.
  const settle = () => new Promise<void>((resolve) => real.setTimeout(resolve, 0));
  const pass = (ms: number) => {
    wallMs += ms;
    monotonicMs += ms;
  };

  let lastId = 2 ** 40;
  const setTimer = (run: (...args: unknown[]) => void, ms: unknown = 0, ...args: unknown[]) => {
    const asked = Number(ms);
    const delay = asked >= 1 && asked <= longestMs ? asked : 1; // as Node does
    const timer = { at: monotonicMs + delay, run: () => run(...args), ms: delay, id: (lastId += 1) };
    waiting.add(timer);
    return handleOf(timer, waiting, () => monotonicMs);
  };
  const set = Object.assign(setTimer, {
    [installed]: true,
    [promisified]: (ms: unknown, value: unknown) => new Promise((resolve) => setTimer(resolve, ms, value)),
  });
  const clear = (handle: unknown) => {
    if (handle instanceof Handle) return void waiting.delete(handle.timer);
    const isNumber = typeof handle === 'number' || typeof handle === 'string';
    const timer = isNumber ? [...waiting].find(({ id }) => id === Number(handle)) : undefined;
    if (timer !== undefined) waiting.delete(timer);
    else real.clearTimeout(handle as number); // one of before
  };
  const VirtualDate = new Proxy(real.Date, {
    apply: () => new real.Date(wallMs).toString(),
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [wallMs] : args, newTarget),
    get: (target, name, receiver) => (name === 'now' ? () => wallMs : Reflect.get(target, name, receiver)),
  });
  const hadOwnNow = Object.getOwnPropertyDescriptor(performance, 'now');
  Object.assign(globalThis, { Date: VirtualDate, setTimeout: set, clearTimeout: clear });
  Object.defineProperty(performance, 'now', { value: () => monotonicMs, configurable: true, writable: true });

  return {
    now: () => wallMs,
    settle,
    timers: () => waiting.size,
    setTime(now) {
      wallMs = millisOf(now, 'clock.setTime');
    },
    async advance(by) {
      const until = monotonicMs + durationMs(by, 'clock.advance');
      const thrown: unknown[] = [];
      await settle();
      for (let next = earliest(waiting, until); next !== undefined; next = earliest(waiting, until)) {
        waiting.delete(next);
        pass(Math.max(0, next.at - monotonicMs));
        try {
          next.run();
        } catch (error) {
          thrown.push(error);
        }
        await settle();
      }
      pass(Math.max(0, until - monotonicMs));
      await settle();
      if (thrown.length > 0) throw thrown[0];
    },
    restore() {
      if (globalThis.setTimeout !== (set as unknown)) return;
      Object.assign(globalThis, real);
      if (hadOwnNow === undefined) delete (performance as { now?: unknown }).now;
      else Object.defineProperty(performance, 'now', hadOwnNow);
      waiting.clear();
    },
  };
}

function refuseSecond({ [installed]: isOurs, clock }: Marked): void {
  if (isOurs !== true && clock === undefined) return;
  const whose = isOurs ? 'Another virtual clock is installed' : 'Fake timers of a test framework are installed';
  throw new CacheError(
    'INVALID_OPTION',
    `virtualClock: ${whose}. Restore it first (clock.restore(), vi.useRealTimers(), jest.useRealTimers()), or use that one.`,
  );
}

/** The first timer that is due until then; of two at one time, the one that was set first. */
function earliest(waiting: ReadonlySet<Timer>, until: number): Timer | undefined {
  let first: Timer | undefined;
  for (const timer of waiting) if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer;
  return first;
}

function millisOf(time: unknown, option: string): number {
  const ms = time instanceof Date ? time.getTime() : time;
  if (typeof ms === 'number' && Number.isFinite(ms)) return ms;
  throw invalid(option, 'a date, or milliseconds', time);
}

/** What `setTimeout` returns, with the members that Node gives it. */
class Handle {
  readonly timer: Timer;
  readonly refresh: () => this;
  readonly close: () => this;

  constructor(timer: Timer, refresh: () => void, close: () => void) {
    this.timer = timer;
    const thenThis = (work: () => void) => () => {
      work();
      return this;
    };
    this.refresh = thenThis(refresh);
    this.close = thenThis(close);
  }
  [Symbol.toPrimitive](): number {
    return this.timer.id;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return false;
  }
}

const handleOf = (timer: Timer, waiting: Set<Timer>, now: () => number): Handle => {
  const close = () => void waiting.delete(timer);
  const refresh = () => {
    timer.at = now() + timer.ms;
    close(); // behind those that were set since
    waiting.add(timer);
  };
  return new Handle(timer, refresh, close);
};
