// Docs: docs/stores.md#bus
import { pause } from '../deadline.ts';
import type { BusListener } from '../store.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Tells listeners what is published on one channel, over one connection that opens with the first of them. */
export interface Bus {
  /** Adds a listener, until the returned function is called. */
  readonly subscribe: (listener: BusListener) => () => void;
  /** Ends the connection for good. */
  readonly close: () => void;
}

const [shortestMs, longestMs] = [100, 5_000];

/** The bus of a server. Opens nothing before somebody listens. */
export function createBus({ listen }: Pick<RedisConnection, 'listen'>, channel: string): Bus {
  const listeners = new Set<BusListener>();
  let hangUp: (() => void) | undefined;
  let waitMs = shortestMs;
  let closed = false;

  const tell = (work: (listener: BusListener) => void) => {
    for (const listener of [...listeners]) {
      try {
        work(listener);
      } catch {
        // A broken listener must break neither the others nor the client.
      }
    }
  };
  const lost = () => tell((listener) => listener.lost());

  function open(): void {
    let isOver = false;
    let end = () => {};
    const hang = () => {
      isOver = true;
      end();
    };
    const down = async () => {
      if (isOver) return;
      isOver = true;
      lost();
      await pause(waitMs);
      waitMs = Math.min(waitMs * 2, longestMs);
      if (hangUp === hang) open();
    };
    hangUp = hang;
    try {
      end = listen(channel, {
        up() {
          if (isOver) return;
          waitMs = shortestMs;
          lost(); // what was published until now, nobody heard
        },
        down,
        message(text) {
          const epochs = isOver ? undefined : namesIn(text);
          if (epochs !== undefined) tell((listener) => listener.moved(epochs));
        },
      });
    } catch {
      void down();
    }
  }

  function stop(): void {
    const hang = hangUp;
    hangUp = undefined;
    hang?.();
  }

  return {
    subscribe(listener) {
      if (closed) return () => {};
      const own = { ...listener }; // one that subscribes twice is told twice
      listeners.add(own);
      if (hangUp === undefined) open();
      return () => {
        if (listeners.delete(own) && listeners.size === 0) stop();
      };
    },
    close() {
      closed = true;
      listeners.clear();
      stop();
    },
  };
}

/** The names in a message; nothing for one that is not ours. */
function namesIn(text: unknown): string[] | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}
