// Docs: docs/stores.md#when-a-store-fails
/** What {@link within} resolves to when the time is up. */
export const late = Symbol('late');

/** Whether something comes later. */
export const isPromise = <T>(value: T | PromiseLike<T>): value is Promise<T> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

/** The result of a promise, or `late` after so many milliseconds. The timer never keeps a process alive. */
export function within<T>(promise: Promise<T>, ms: number): Promise<T | typeof late> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    let timer = setTimeout(expire, Math.max(0, ms));
    unref(timer);
    function expire() {
      // A busy process fires timers before it reads replies that came long ago: what it lost, the reply gets, once.
      const lostMs = performance.now() - started - ms;
      if (lostMs < busyFromMs) return resolve(late);
      timer = setTimeout(resolve, Math.min(lostMs, ms), late);
      unref(timer);
    }
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const busyFromMs = 5;

/** Resolves after so many milliseconds; keeps the process alive only where a caller waits for it. */
export function pause(ms: number, isAwaited = false): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    if (!isAwaited) unref(timer);
  });
}

// Node's timers are objects that hold the process; those of browsers and Workers are numbers that do not.
function unref(timer: unknown): void {
  (timer as { unref?: () => void }).unref?.();
}
