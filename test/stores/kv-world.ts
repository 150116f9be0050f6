import { setImmediate as turn } from 'node:timers/promises';
import { type Entry, standingOf } from '../../src/entry.ts';
import type { Store } from '../../src/index.ts';
import { type KeyvClient, kvStore } from '../../src/stores/kv.ts';
import { seededRandom } from '../../src/testing/random.ts';

/** A request on its way: applied at some time, answered then, or given up by its client and applied all the same. */
interface Sent {
  readonly apply: () => unknown;
  readonly answer: (result: unknown) => void;
  readonly giveUp: (error: Error) => void;
  readonly isWrite: boolean;
  readonly repeats: boolean;
  /** Of which process. */
  readonly by: number;
}

/** What the world may do to requests. */
export interface Weather {
  /** How many writes of ids are applied once more, at any time after they were confirmed. */
  readonly repeats?: number;
  /** How many writes are given up by their client before they are applied. */
  readonly givenUp?: number;
  /** How many keys vanish. */
  readonly evictions?: number;
}

/** A backend of single values whose requests arrive in every order; what happens follows from the seed alone. */
export function kvWorld(seed: number, { repeats = 0, givenUp = 0, evictions = 0 }: Weather) {
  const random = seededRandom(seed);
  const values = new Map<string, string>();
  const waiting: Sent[] = [];
  /** What was confirmed, or given up, and is applied at some time: seldom at once. */
  const late: (() => unknown)[] = [];
  const left = { repeats, givenUp, evictions };

  const send = (by: number, isWrite: boolean, apply: () => unknown, repeats = false) =>
    new Promise<unknown>((answer, giveUp) => void waiting.push({ by, apply, answer, giveUp, isWrite, repeats }));

  // Every other backend is as memcached is through Keyv: what is read as missing is deleted in a request of its own.
  const removesMissing = seed % 2 === 1;
  const clientOf = (by: number): KeyvClient & { readonly store?: object } => ({
    ...(removesMissing && { store: { client: { servers: [] } } }),
    async get(key) {
      const value = await send(by, false, () => values.get(key));
      if (value === undefined && removesMissing) await send(by, false, () => values.delete(key));
      return value;
    },
    getMany: () => Promise.reject(new Error('this backend reads one key at a time')),
    set: (key, value) =>
      send(
        by,
        true,
        () => {
          values.set(key, value);
          return true;
        },
        /^\d+$/.test(value), // an entry that comes late carries the ids of its time
      ),
    delete: (key) => send(by, true, () => values.delete(key)),
    on: () => {},
  });

  /** One process gets far while another one waits: without that, few of the orders that matter come about. */
  let ahead = 0;
  function next(): Sent | undefined {
    if (random(8) === 0) ahead = random(2);
    const theirs = waiting.filter(({ by }) => by === ahead);
    const from = theirs.length > 0 ? theirs : waiting;
    const sent = from[random(from.length)];
    if (sent !== undefined) waiting.splice(waiting.indexOf(sent), 1);
    return sent;
  }

  function step(): void {
    if (late.length > 0 && (waiting.length === 0 || random(60) === 0)) {
      late.splice(random(late.length), 1)[0]?.();
      return;
    }
    const sent = next();
    if (sent === undefined) return;
    if (sent.isWrite && left.givenUp > 0 && random(8) === 0) {
      left.givenUp -= 1;
      late.push(sent.apply);
      sent.giveUp(new Error('no answer'));
      return;
    }
    const result = sent.apply();
    if (sent.repeats && left.repeats > 0 && random(3) === 0) {
      left.repeats -= 1;
      late.push(sent.apply);
    }
    sent.answer(result);
    if (left.evictions > 0 && random(20) === 0) {
      left.evictions -= 1;
      const keys = [...values.keys()];
      values.delete(keys[random(keys.length)] ?? '');
    }
  }

  return {
    clientOf,
    random,
    /** Lets requests of the same turn pass each other, and others wait as long as it likes, until the work is done. */
    async run(work: Promise<unknown>): Promise<void> {
      let over = false;
      const ended = work.finally(() => {
        over = true;
      });
      for (let steps = 0; !over; steps++) {
        await turn();
        step();
        if (steps > 20_000) throw new Error('it never ends');
      }
      await ended;
    },
    /** Something that happens at a time of the world's choice. */
    moment: (by: number) => send(by, false, () => undefined),
  };
}

const minute = 60_000;
const [procedure, tag, guard] = ['world:e:q:read', 'world:e:tag:row', 'world:e:guard'];

/**
 * One row of a database, processes that read it through the cache, and others that change it. Resolves to what was served
 * although something newer had been invalidated, and confirmed, before it was asked for.
 */
export async function violations(
  seed: number,
  weather: Weather,
  learns: boolean,
  variant: (client: KeyvClient) => KeyvClient = (client) => client,
): Promise<{ readonly wrong: string[]; readonly hits: number }> {
  const world = kvWorld(seed, weather);
  const row = { version: 0, acknowledged: 0 };
  const wrong: string[] = [];
  let hits = 0;

  async function read(store: Store, by: number): Promise<void> {
    const since = row.acknowledged;
    const found = await store.lookup({ key: 'k', epochs: [procedure, guard], keepMs: minute });
    const [id, guardId] = found.ids;
    const claim = { key: 'k', required: [procedure], now: Date.now() };
    let version: number;
    if (found.entry !== undefined && standingOf(found.entry, found.own, claim) === 'fresh') {
      version = Number(found.entry.body.text);
      hits += 1;
    } else {
      await world.moment(by);
      version = row.version;
      await world.moment(by);
      if (id !== undefined && guardId !== undefined) await fill(store, version, id, guardId);
    }
    if (version < since) wrong.push(`seed ${seed}: version ${version} after ${since} was acknowledged`);
  }

  async function fill(store: Store, version: number, id: string, guardId: string): Promise<void> {
    const learned = learns ? (await store.lookup({ near: 'k', epochs: [tag], keepMs: minute })).ids[0] : undefined;
    if (learns && learned === undefined) return;
    const epochs = learns ? [procedure, tag] : [procedure];
    const ids = learns ? [id, learned as string] : [id];
    const now = Date.now();
    const entry: Entry = {
      ...{ key: 'k', epochs, ids, storedAt: now - 1, freshUntil: now + minute, body: { text: String(version) } },
    };
    const unchanged = epochs.map((name, index) => [name, ids[index] as string] as const);
    await store.fill({ entry, unchanged: learns ? [...unchanged, [guard, guardId]] : unchanged, keepMs: minute });
  }

  async function change(store: Store): Promise<void> {
    const version = ++row.version;
    await store.advance(learns ? [guard, tag] : [procedure]);
    row.acknowledged = Math.max(row.acknowledged, version);
  }

  const process = async (by: number) => {
    const store = kvStore(variant(world.clientOf(by)), { reads: 'latest' });
    const doing = Array.from({ length: 7 }, () => (world.random(4) === 0 ? change : read));
    for (const one of doing) await one(store, by).catch((error: Error) => expectNoAnswer(error));
  };
  await world.run(Promise.all([process(0), process(1)]));
  return { wrong, hits };
}

function expectNoAnswer(error: Error): void {
  if (error.message !== 'no answer') throw error;
}

/** Whether a key is one half of an epoch. */
const isHalf = (half: 'p' | 'c', key: string): boolean => key.startsWith(`~${half}:`);

/** What the store would be with one value for an epoch. */
export const oneKey = (client: KeyvClient): KeyvClient => ({
  ...client,
  get: (key) => client.get(isHalf('c', key) ? key.replace('~c:', '~p:') : key),
  set: (key, value, ttl) => (isHalf('c', key) ? Promise.resolve(true) : client.set(key, value, ttl)),
  delete: (key) => (isHalf('c', key) ? Promise.resolve(true) : client.delete(key)),
});

/** What the store would be if moving on took the planted half away alone. */
export const oneRemoved = (client: KeyvClient): KeyvClient => ({
  ...client,
  set: (key, value, ttl) => (isHalf('c', key) && value === '-' ? Promise.resolve(true) : client.set(key, value, ttl)),
});
