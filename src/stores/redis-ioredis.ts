// Docs: docs/stores.md#redis
import type { Line, RedisConnection } from './redis-connection.ts';

/** The part of a client of `ioredis` that is used. */
export interface IoredisClient {
  /** How its connection stands. */
  readonly status: string;
  /** Sends a command. */
  call(command: string, ...args: string[]): Promise<unknown>;
  /** Another client with the same options, for the bus. */
  duplicate(override?: object): unknown;
}

interface Duplicate {
  readonly status: string;
  readonly stream?: { readonly unref?: () => void } | null;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  disconnect(): void;
}

/** How a client of `ioredis` is spoken to. */
export function fromIoredis(client: IoredisClient): RedisConnection {
  return {
    isCluster: false,
    send: ([command, ...args]) => client.call(command, ...args),
    listen(channel, { up, down, message }: Line) {
      const own = client.duplicate(forTheBus) as Duplicate;
      own.on('error', () => {}); // or the process ends
      own.on('connect', () => own.stream?.unref?.());
      own.on('message', (_, text) => message(text));
      own.on('end', down);
      const end = () => {
        if (own.status !== 'end') own.disconnect();
      };
      const failed = () => {
        end();
        down();
      };
      own
        .connect()
        .then(() => own.subscribe(channel))
        .then(up, failed);
      return end;
    },
  };
}

// It does not connect again by itself: the client's own timers would keep the process alive.
const forTheBus = {
  lazyConnect: true,
  retryStrategy: null,
  reconnectOnError: null,
  autoResubscribe: false,
  enableOfflineQueue: true,
  monitor: false,
  disconnectTimeout: 100,
};
