import { type Usd, usdOf } from './prices.ts';

export type Operation = 'lookup' | 'fill' | 'advance' | 'lease' | 'release';

/** What the store was asked, and what that is billed. */
export interface Bill {
  readonly add: (operation: Operation, commands: number, up: number, down: number) => void;
  readonly total: () => Billed;
}

export interface Billed {
  /** Requests over the network, by operation. */
  readonly requests: Readonly<Record<Operation | 'all', number>>;
  /** What Upstash counts: scripts, and the commands that they run. */
  readonly commands: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly usd: Usd;
}

/** Counts from a moment on. */
export function createBill(
  clock: { readonly now: number },
  fromMs: number,
  asked: (operation: Operation, at: number) => void = () => {},
): Bill {
  const requests = { lookup: 0, fill: 0, advance: 0, lease: 0, release: 0, all: 0 };
  let [commands, bytesUp, bytesDown] = [0, 0, 0];
  return {
    add(operation, count, up, down) {
      asked(operation, clock.now);
      if (clock.now < fromMs) return;
      requests[operation] += 1;
      requests.all += 1;
      commands += count;
      bytesUp += up;
      bytesDown += down;
    },
    total: () => ({ requests, commands, bytesUp, bytesDown, usd: usdOf(commands, requests.all, bytesDown) }),
  };
}
