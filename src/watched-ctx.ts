// Docs: docs/safety-nets.md#guard
import { isPlain } from './value.ts';

/**
 * A context that tells which of its members are read. What is copied as a whole (`{ ...ctx }`) is not counted as read. Only of
 * a plain object: an instance of a class may know who it is (private fields), so it is handed on as it is.
 */
export function watchCtx(ctx: unknown, read: (name: string) => void): unknown {
  if (typeof ctx !== 'object' || ctx === null || !isPlain(ctx)) return ctx;
  // A copy asks for all names, and then of each what it is and what it holds, one after the other; who lists them does not.
  // TypeScript's own (`__assign`, `__rest`) asks twice what it is, and leaves some out.
  let isCopy = false;
  let described: string | symbol | undefined;
  let times = 0;
  return new Proxy(ctx, {
    ownKeys(target) {
      isCopy = true;
      described = undefined;
      return Reflect.ownKeys(target);
    },
    getOwnPropertyDescriptor(target, name) {
      const member = Reflect.getOwnPropertyDescriptor(target, name);
      if (described !== undefined && described !== name && times < 2) isCopy = false;
      times = described === name ? times + 1 : 1;
      described = isCopy && member?.enumerable === true ? name : undefined;
      return member;
    },
    has(target, name) {
      if (typeof name === 'string') read(name);
      return Reflect.has(target, name);
    },
    get(target, name) {
      if (described !== name) isCopy = false;
      described = undefined;
      if (typeof name === 'string' && !isCopy) read(name);
      return Reflect.get(target, name); // the very value; what reads itself (an accessor) finds the context itself
    },
  });
}
