// Docs: docs/invalidation.md#a-database-that-lags
import { pause } from './deadline.ts';
import type { Mode } from './store.ts';

/** What is done once more, later. */
export interface Plan {
  readonly targets: readonly string[];
  readonly epochs: readonly string[];
  readonly mode: Mode;
}

/** Invalidations that are to be repeated. */
export interface Plans {
  /** Resolves when it was tried. */
  readonly add: (ms: number, plan: Plan) => Promise<void>;
  /** Does at once what was to be done later. */
  readonly close: () => Promise<void>;
}

interface Slot {
  readonly targets: Set<string>;
  readonly epochs: Set<string>;
  readonly done: Promise<void>;
  readonly now: () => void;
}

const slotMs = 100;
const mostInSlot = 1_000;

/**
 * Plans that are due at about the same time are one: a thousand mutations in a second cost ten writes more, and as much memory.
 * More epochs than a slot holds become the namespace's.
 */
export function createPlans(namespace: string, act: (plan: Plan) => Promise<unknown>): Plans {
  const slots = new Map<string, Slot>();

  function open(key: string, waitMs: number, mode: Mode): Slot {
    let now = () => {};
    const early = new Promise<void>((resolve) => {
      now = resolve;
    });
    const [targets, epochs] = [new Set<string>(), new Set<string>()];
    const done = Promise.race([pause(waitMs), early])
      .then(() => {
        slots.delete(key);
        const isWhole = epochs.size <= mostInSlot;
        return act({ targets: [...targets], epochs: isWhole ? [...epochs] : [namespace], mode });
      })
      .then(
        () => {},
        () => {}, // kept and tried again like any other
      );
    const slot = { targets, epochs, done, now };
    slots.set(key, slot);
    return slot;
  }

  return {
    add(ms, { targets, epochs, mode }) {
      const at = performance.now();
      const due = Math.ceil((at + ms) / slotMs) * slotMs;
      const key = `${mode} ${due}`;
      const slot = slots.get(key) ?? open(key, due - at, mode);
      for (const target of targets) if (slot.targets.size < mostInSlot) slot.targets.add(target);
      for (const epoch of epochs) if (slot.epochs.size <= mostInSlot) slot.epochs.add(epoch);
      return slot.done;
    },
    async close() {
      const last = [...slots.values()];
      for (const { now } of last) now();
      await Promise.all(last.map(({ done }) => done));
    },
  };
}
