// Docs: docs/cli.md#clients
import { late, within } from '../deadline.ts';
import type { Store } from '../store.ts';
import { shardOf, shardTags } from '../stores/cluster-shards.ts';
import { scanned } from './scanned.ts';

/** A store that is connected, and its server. */
export interface Connection {
  /** As an application has it. Its operations end within the patience of a person. */
  readonly store: Required<Pick<Store, 'lookup' | 'fill' | 'advance' | 'scan'>> & Pick<Store, 'name'>;
  /** Sends one command; to the first node of a Cluster. */
  readonly command: (...command: Command) => Promise<unknown>;
  /** Deletes an entry, and epochs that were planted for it alone. */
  readonly remove: (key: string, epochs: readonly string[]) => Promise<void>;
  /** How many keys a listing looks at: of one server, or for each shard of a Cluster. */
  readonly sizes: () => Promise<readonly number[]>;
  /** The package whose client it is. */
  readonly client: string;
  /** Whether the store is on a Cluster. */
  readonly isCluster: boolean;
  /** Ends all connections at once. */
  readonly close: () => void;
}

/** What the client of a server can do. */
export interface Client extends Pick<Connection, 'client' | 'close'> {
  /** Sends one command; to the node that was named. */
  readonly send: (command: Command) => Promise<unknown>;
  /** Of a Cluster: sends one command to the node that holds this key. */
  readonly sendTo?: (key: string, command: Command) => Promise<unknown>;
  /** The nodes that could not be reached. */
  readonly unreachable?: ReadonlySet<string>;
}

type Command = readonly [string, ...string[]];

/** How long anything may take, in milliseconds. */
export const patienceMs = 10_000;

/** A store and its server, through a client that is connected. */
export function connectionOver(
  store: Store,
  { send, sendTo, client, close, unreachable = new Set() }: Client,
): Connection {
  const { lookup, fill, advance, scan } = store as Required<Store>;
  // Errors of a Cluster seldom say whose they are.
  const told = async <T>(work: T | Promise<T>): Promise<T> => {
    try {
      return await patiently(work);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const unnamed = [...unreachable].filter((node) => !message.includes(node));
      if (unnamed.length === 0) throw error;
      throw new Error(`${message} (no connection to ${unnamed.join(', ')})`, { cause: error });
    }
  };
  return {
    store: {
      name: store.name,
      lookup: (request) => told(lookup(request)),
      fill: (request) => told(fill(request)),
      advance: (...asked) => told(advance(...asked)),
      scan: async (request) => scanned(await told(scan(request)), request.prefix),
    },
    command: (...words) => told(send(words)),
    async remove(key, epochs) {
      const tag = sendTo === undefined ? '' : (shardTags[shardOf(key)] ?? '');
      const command: Command = ['DEL', ...[key, ...epochs].map((name) => tag + name)];
      await told(sendTo === undefined ? send(command) : sendTo(tag, command));
    },
    async sizes() {
      const answers = sendTo
        ? shardTags.map((tag) => sendTo(tag, ['EVAL', `return redis.call('DBSIZE')`, '1', tag]))
        : [send(['DBSIZE'])];
      return (await told(Promise.all(answers))).map(Number);
    },
    client,
    isCluster: sendTo !== undefined,
    close,
  };
}

/** Opens something, in time and unless the user ends it; else closes it. */
export async function opened(close: () => void, signal: AbortSignal, open: () => Promise<void>): Promise<void> {
  signal.addEventListener('abort', close);
  try {
    await patiently(open());
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener('abort', close);
  }
}

async function patiently<T>(work: T | Promise<T>): Promise<T> {
  const answer = await within(Promise.resolve(work), patienceMs);
  if (answer === late) throw new Error(`The store did not answer within ${patienceMs / 1_000} s.`);
  return answer;
}
