/** What {@link within} resolves to when the time is up. */
export const late = Symbol('late');

/** The result of a promise, or `late` after so many milliseconds. The timer never keeps a process alive. */
export function within<T>(promise: Promise<T>, ms: number): Promise<T | typeof late> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, Math.max(0, ms), late);
    unref(timer);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Resolves after so many milliseconds, without keeping a process alive. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => unref(setTimeout(resolve, ms)));
}

// Node's timers are objects that hold the process; those of browsers and Workers are numbers that do not.
function unref(timer: unknown): void {
  (timer as { unref?: () => void }).unref?.();
}
