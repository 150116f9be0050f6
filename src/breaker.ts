// Docs: docs/stores.md#when-a-store-fails
const failuresToOpen = 5;
const shortestMs = 1_000;
const longestMs = 30_000;

/** Keeps calls away from a store that fails, and lets one through now and then to see whether it is back. */
export interface Breaker {
  /** Whether a lookup may go to the store now. */
  readonly allows: () => boolean;
  readonly succeeded: () => void;
  /** How it stands, asked without consequences: open as long as the next lookup would be kept away. */
  readonly state: () => BreakerState;
  /**
   * Notes a failure of something sent at `sentAt` (milliseconds of the wall clock). What was sent before an earlier failure
   * was known says nothing new: ten lookups in one lost request are one failure.
   */
  readonly failed: (sentAt?: number) => void;
}

/** The breaker of each part of a store; of a store without parts, one. */
export interface Breakers {
  readonly of: (part: number | undefined) => Breaker;
  /** How each stands that was asked for. */
  readonly states: () => readonly (readonly [part: number | undefined, state: BreakerState])[];
}

/** A part that is down must not keep calls away from the others. */
export function createBreakers(changed: (state: BreakerState, part: number | undefined) => void = () => {}): Breakers {
  const breakers = new Map<number | undefined, Breaker>();
  return {
    of(part) {
      let breaker = breakers.get(part);
      if (breaker === undefined) breakers.set(part, (breaker = createBreaker((state) => changed(state, part))));
      return breaker;
    },
    states: () => Array.from(breakers, ([part, breaker]) => [part, breaker.state()] as const),
  };
}

/** Open keeps lookups away, half-open lets one through, closed lets all through. */
export type BreakerState = 'open' | 'half-open' | 'closed';

/** Opens after five failures in a row, for a second, then twice as long after each failed probe, at most 30 s. */
export function createBreaker(changed: (state: BreakerState) => void = () => {}): Breaker {
  let failures = 0;
  let failedAt = Number.NEGATIVE_INFINITY;
  let openMs = 0;
  let openedAt = 0;
  let probing = false;
  return {
    allows() {
      if (openMs === 0) return true;
      const elapsed = Date.now() - openedAt;
      if (elapsed >= 0 && elapsed < openMs) return false;
      openedAt = Date.now(); // half open: this call is the probe, the others wait for what it finds
      probing = true;
      changed('half-open');
      return true;
    },
    state() {
      if (openMs === 0) return 'closed';
      const elapsed = Date.now() - openedAt;
      return !probing && elapsed >= 0 && elapsed < openMs ? 'open' : 'half-open';
    },
    succeeded() {
      if (openMs > 0) changed('closed');
      failures = 0;
      openMs = 0;
      probing = false;
    },
    failed(sentAt) {
      const now = Date.now();
      if (sentAt !== undefined && sentAt < failedAt && failedAt <= now && !probing) return;
      failedAt = now;
      failures += 1;
      if (failures < failuresToOpen) return;
      if (openMs > 0 && !probing) return; // a call sent before the breaker opened
      openMs = openMs === 0 ? shortestMs : Math.min(openMs * 2, longestMs);
      openedAt = Date.now();
      probing = false;
      changed('open');
    },
  };
}
