// Docs: docs/stores.md#redis
/** What the store needs of a client, whichever it is. */
export interface RedisConnection {
  /** Whether there are several servers, which share the keys. */
  readonly isCluster: boolean;
  /** Sends one command on the user's own connection; of several, on that to the primary which holds the key `route`. */
  readonly send: (command: readonly [string, ...string[]], route?: string) => Promise<unknown>;
  /** Opens a connection of its own that listens to a channel, and gives what ends it. */
  readonly listen: (channel: string, line: Line) => () => void;
}

/** Who is told about a connection that listens. One that is down does not come up again: open another one. */
export interface Line {
  /** The server has confirmed: from now on messages come. */
  readonly up: () => void;
  /** It is over, or never began. */
  readonly down: () => void;
  /** What somebody published. */
  readonly message: (text: unknown) => void;
}
