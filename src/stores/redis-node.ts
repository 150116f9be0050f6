// Docs: docs/stores.md#redis
import { CacheError } from '../errors.ts';
import type { Line, RedisConnection } from './redis-connection.ts';

/** The part of a client of `redis` (node-redis) that is used. */
export interface NodeRedisClient {
  /** Whether somebody connected it. */
  readonly isOpen: boolean;
  /** Its options, for the connection of the bus. */
  readonly options?: unknown;
  /** Sends a command. */
  sendCommand(args: string[], options?: object): Promise<unknown>;
  /** Another client with the same options, for the bus. */
  duplicate(overrides?: object): unknown;
}

interface Duplicate {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  unref(): void;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (text: unknown) => void): Promise<unknown>;
  destroy(): void;
}

/** How a client of `redis` is spoken to. */
export function fromNodeRedis(client: NodeRedisClient): RedisConnection {
  return {
    isCluster: false,
    async send(command) {
      if (!client.isOpen) throw notConnected();
      return client.sendCommand([...command], asTexts);
    },
    listen(channel, { up, down, message }: Line) {
      const own = client.duplicate(forTheBus(client)) as Duplicate;
      let [isThere, isOver] = [false, false];
      const destroy = () => {
        try {
          own.destroy();
        } catch {
          // Before version 6 it throws when there is nothing left to end.
        }
      };
      const failed = () => {
        destroy();
        down();
      };
      own.on('error', failed); // and without a listener the process ends
      own.on('end', down);
      // One that is destroyed before it has a socket comes to life all the same.
      own.on('connect', () => {
        isThere = true;
        if (isOver) destroy();
      });
      own.unref();
      own
        .connect()
        .then(() => own.subscribe(channel, message))
        .then(up, failed);
      return () => {
        isOver = true;
        if (isThere) destroy();
      };
    },
  };
}

/** What is said of a client that nobody connected, or somebody closed. */
export const notConnected = (): CacheError =>
  new CacheError(
    'STORE',
    'redisStore: the client of redis is not connected. Call await client.connect() first, and client.close() last.',
  );

/** A client may be set to answer with buffers. */
export const asTexts = { typeMapping: {} };

// It does not connect again by itself, nor ping: the client's own timers would keep the process alive. The caches of the
// user's client stay his, or the loss of this connection would empty them.
const forTheBus = ({ options }: NodeRedisClient): object => {
  const { socket } = (options ?? {}) as { socket?: object };
  return {
    socket: { ...socket, reconnectStrategy: false, socketTimeout: undefined },
    pingInterval: undefined,
    clientSideCache: undefined,
    emitInvalidate: undefined,
  };
};
