import { afterAll, vi } from 'vitest';

const names = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'Date'];
const real = Object.fromEntries(names.map((name) => [name, globalThis[name as keyof typeof globalThis]]));

// Files of tests share their modules, and so their process: what one faked must not reach the next.
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  // A spy on a faked timer, restored after the timers were, brings the fake back.
  Object.assign(globalThis, real);
});
