// Docs: docs/stores.md#keyv
import { digest } from '../digest.ts';
import { CacheError, shown } from '../errors.ts';

/** The part of Keyv 5 and 6 that is used. */
export interface KeyvClient {
  /** Reads one value. */
  readonly get: (key: string) => Promise<unknown>;
  /** Reads many. */
  readonly getMany: (keys: string[]) => Promise<unknown>;
  /** Writes a value, for so many milliseconds; Keyv says `false` where the backend refused it. */
  readonly set: (key: string, value: string, ttl?: number) => Promise<unknown>;
  /** Removes a value; Keyv says `false` where there was none, and also where it could not. */
  readonly delete: (key: string) => Promise<unknown>;
  /** Keyv tells of what failed by events. */
  readonly on: (event: 'error', listener: (error: unknown) => void) => unknown;
}

/** Values under keys, each read and written for itself; whatever is not confirmed rejects. */
export interface Registers {
  /** The values of these keys, in their order; `undefined` where there is none. */
  readonly read: (keys: readonly string[]) => Promise<readonly (string | undefined)[]>;
  /** Resolves when the backend confirmed the value. */
  readonly write: (key: string, value: string, ttlMs: number) => Promise<void>;
  /** Resolves when the backend confirmed that the values of before are gone: there are none, or such that mean nothing. */
  readonly clear: (keys: readonly string[]) => Promise<void>;
  /** Whether reading what is missing removes it, a little later: what somebody wrote in between may go with it. */
  readonly removesMissing: boolean;
}

// memcached takes what is longer for a date, and DynamoDB keeps what has no lifetime for six hours.
const longestMs = 30 * 86_400_000 - 60_000;
// What DynamoDB reads at once.
const mostKeys = 100;

/** Registers on a Keyv of the user's. It is told of errors from now on. */
export function registersOf(keyv: KeyvClient): Registers {
  // Keyv 6 swallows every error, adapters of Keyv 5 swallow some, and all of them tell it by an event: what was under way
  // then may be what failed.
  let errors = 0;
  let last: unknown;
  keyv.on('error', (error) => {
    errors += 1;
    last = error;
  });
  const watched = async <T>(work: () => Promise<T>): Promise<T> => {
    const before = errors;
    const result = await work();
    if (errors !== before) throw failed('an error event', last); // told since the call began
    return result;
  };
  const { getMany: readsMany, client } = (backendOf(keyv) ?? {}) as {
    getMany?: unknown;
    client?: { servers?: unknown } | null;
  };

  async function readSome(keys: readonly string[]): Promise<readonly unknown[]> {
    // Without it in the backend, Keyv 5 makes single reads and takes those that failed for missing.
    if (typeof readsMany !== 'function' || keys.length === 1)
      return watched(() => Promise.all(keys.map((key) => keyv.get(key))));
    const values = await watched(() => keyv.getMany([...keys]));
    if (!Array.isArray(values) || values.length !== keys.length) throw failed('getMany answered', values);
    return values;
  }

  async function write(key: string, value: string, ttlMs: number): Promise<void> {
    // Of an adapter that answers nothing, Keyv says `true`, whatever it told by an event: that of Redis does, as it comes.
    const confirmed = await watched(() => keyv.set(short(key), value, Math.min(Math.ceil(ttlMs), longestMs)));
    if (confirmed !== true) throw failed('set answered', confirmed);
  }

  return {
    async read(keys) {
      const asked = [...new Set(keys.map(short))];
      const chunks: string[][] = [];
      for (let at = 0; at < asked.length; at += mostKeys) chunks.push(asked.slice(at, at + mostKeys));
      const values = (await Promise.all(chunks.map(readSome))).flat();
      const found = new Map(asked.map((key, index) => [key, values[index]]));
      return keys.map((key) => {
        const value = found.get(short(key));
        return typeof value === 'string' ? value : undefined;
      });
    },
    write,
    // The adapter for memcached, known by its client, gives Keyv what is missing as something that is over.
    removesMissing: Array.isArray(client?.servers),
    async clear(keys) {
      const written = await Promise.allSettled(keys.map((key) => write(key, nothing, 60_000)));
      // Where nothing can be written any more, something may still be taken away; `false` would say that there was none,
      // or that it could not be taken. Not before each was tried: an event counts for all that is under way.
      const taken = keys.map(async (key, index) => {
        const one = written[index] as PromiseSettledResult<void>;
        if (one.status === 'fulfilled') return;
        if ((await watched(() => keyv.delete(short(key)))) !== true) throw one.reason;
      });
      await Promise.all(taken);
    },
  };
}

// In the place of a value: written rather than deleted, because that it was written is something Keyv confirms.
const nothing = '-';

/** The adapter that a Keyv works on: Keyv 6 puts one of its own around some. */
export function backendOf(keyv: object): object | undefined {
  const { store } = keyv as { store?: { store?: unknown; getMany?: unknown } | null };
  if (typeof store !== 'object' || store === null) return undefined;
  const inner = store instanceof Map ? undefined : store.store;
  return typeof inner === 'object' && inner !== null ? inner : store;
}

// Backends know what a long key is (memcached: 250 bytes, with the prefixes of Keyv and of its adapter) and which signs are
// none of it; Keyv 6 can be told to take `--` out. What is hashed has a name of its own: no short one looks like it.
const plain = /^(?!.*--)[\w:.+=-]{1,120}$/;

const short = (key: string): string => (plain.test(key) ? `~${key}` : `~#${digest(key).replaceAll('-', '.')}`);

function failed(what: string, about: unknown): CacheError {
  const isError = about instanceof Error;
  return new CacheError(
    'STORE',
    `kvStore: ${what}: ${shown(isError ? about.message : about)}.`,
    isError ? { cause: about } : {},
  );
}
