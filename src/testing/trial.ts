// Docs: docs/testing.md#the-contract
import { amended, type Entry, type Standing, standingOf } from '../entry.ts';
import type { FillAnswer, Lease, LookupAnswer, LookupRequest, Store } from '../store.ts';
import { check } from './check.ts';
import { type Ability, Inapplicable, type MakeStore, type Need, type StoreCase, storeCase } from './store-case.ts';

const minute = 60_000;

/** How a {@link storeContract} reaches what it can not see through the store, and what is known of the store. */
export interface ContractOptions {
  /** Takes keys out of the store's memory, as an eviction does. Without it, what evictions do is not tried. */
  readonly evict?: (...keys: string[]) => Promise<void> | void;
  /**
   * Makes, or finds, a second store object over the data of the one that was made last, as another process has it: with a client
   * and a memory of its own. Without it, what a process does not hear of others is not tried.
   */
  readonly another?: MakeStore;
  /**
   * Cuts the store off from its server, and resolves to what mends that. Without it, what an unreachable server does is not
   * tried.
   */
  readonly cut?: () => Promise<() => Promise<void> | void> | (() => Promise<void> | void);
  /**
   * Cuts one part off, of a store with `partOf`, and resolves to what mends that. Others may go with it. Without it, what a part
   * that is unreachable does is not tried.
   */
  readonly cutPart?: (part: number) => Promise<() => Promise<void> | void> | (() => Promise<void> | void);
  /** What the store is known not to do: these cases are skipped before they are run. @default none */
  readonly lacks?: readonly Ability[];
  /** What the store must do: a case of these is never skipped, but fails. @default none */
  readonly has?: readonly Ability[];
  /** Where the random orders of steps begin. @default 1 */
  readonly seed?: number;
}

/** A body of text as a fill stores it, and what else a test wants to say. */
export interface FillParts {
  /** The encoded output. */
  readonly text?: string;
  /** The ids it is filled under. @default those of a lookup now */
  readonly ids?: readonly (string | undefined)[];
  /** For how long. @default a minute */
  readonly keepMs?: number;
  /** Told apart by this from other fills. */
  readonly id?: string;
  /** Given back with it. */
  readonly lease?: Lease;
}

/** One run of one case: a store, and names that nobody else uses. */
export interface Trial {
  readonly store: Store;
  /** The key of the entry that the case is about. Ids are compared for one key alone: a store may keep a copy for each. */
  readonly key: string;
  /** Another key. */
  readonly otherKey: () => string;
  /** Names of epochs, in turns one without and one with a lifetime. */
  readonly epochs: (count?: number) => string[];
  readonly lease: (token: string) => Lease;
  readonly look: (epochs: readonly string[], more?: Partial<LookupRequest>) => Promise<LookupAnswer>;
  /** Reads epochs as a call does that has no entry in mind, but lives beside the one of this case. */
  readonly ids: (epochs: readonly string[]) => Promise<readonly (string | undefined)[]>;
  readonly fill: (epochs: readonly string[], parts?: FillParts, key?: string) => Promise<Filled>;
  readonly standing: (epochs: readonly string[]) => Promise<Standing>;
  /** Ends the case as one that does not apply, unless the store must have the ability. */
  readonly lacks: (ability: Ability, reason: string) => never;
  readonly options: ContractOptions;
}

/** What was filled, under which ids, and what the store said. */
export interface Filled {
  readonly entry: Entry;
  readonly ids: readonly (string | undefined)[];
  readonly answer: FillAnswer;
}

/** An entry as a call makes it. */
export const entryOf = (
  key: string,
  epochs: readonly string[],
  ids: readonly (string | undefined)[],
  text = '{"json":"v"}',
): Entry => ({
  key,
  epochs,
  ids: ids as string[],
  storedAt: Date.now(),
  freshUntil: Date.now() + minute,
  body: { text },
});

/** The `unchanged` part of a fill. */
export const pairs = (epochs: readonly string[], ids: readonly (string | undefined)[]) =>
  epochs.map((name, index) => [name, ids[index] as string] as const);

let groups = 0;
/** Epochs that no other test uses, in turns one without and one with a lifetime. */
export function freshNames(count = 2): string[] {
  const group = `${crypto.randomUUID().slice(0, 8)}-${++groups}`;
  return Array.from({ length: count }, (_, index) => `contract:e:${index % 2 === 0 ? 'q' : 'tag'}:${group}-${index}`);
}

/** A case about one entry. `needs` is what the store must be able to do for it. */
export type Try = (name: string, work: (trial: Trial) => Promise<void>, needs?: Need) => StoreCase;

/** What makes the cases of a contract. */
export function trier(make: MakeStore, options: ContractOptions): Try {
  const { has = [], lacks = [] } = options;
  const giveUp = (ability: Ability, reason: string): never => {
    if (has.includes(ability)) throw new Error(`The store must have the ability '${ability}', but ${reason}.`);
    throw new Inapplicable(ability, reason);
  };
  const reasonFor = (needs?: Need): string | undefined => {
    const ability = abilityFor(needs);
    if (ability !== undefined && lacks.includes(ability)) return `the store is said to lack '${ability}'`;
    return isOption(needs) && options[needs] === undefined ? `no \`${needs}\` was given` : undefined;
  };
  return (name, work, needs) => {
    const skip = reasonFor(needs);
    const run = async () => {
      if (skip !== undefined) throw new Inapplicable(needs as Need, skip);
      const store = await make();
      const ability = abilityFor(needs);
      const declared = ability && missing(store, ability);
      if (ability !== undefined && declared !== undefined) giveUp(ability, declared);
      await work(trialOf(store, options, giveUp));
    };
    return storeCase(name, run, skip);
  };
}

const isOption = (needs?: Need): needs is Exclude<Need, Ability> =>
  needs === 'evict' || needs === 'another' || needs === 'cut' || needs === 'cutPart';

/** What a store must be able to do for a case. */
function abilityFor(needs?: Need): Ability | undefined {
  if (needs === 'cutPart') return 'parts';
  return isOption(needs) ? undefined : needs;
}

/** Why a store has not an ability, as it says itself. */
function missing({ lease, release, supports, partOf, scan }: Store, ability: Ability): string | undefined {
  if (ability === 'parts') return partOf ? undefined : 'it has no `partOf`';
  if (ability === 'scan') return scan ? undefined : 'it has no `scan`';
  if (ability === 'lease') return lease && release ? undefined : 'it has no `lease` and `release`';
  if (ability === 'expire' && supports.expire === false) return 'its `supports.expire` is false';
  return undefined;
}

function trialOf(store: Store, options: ContractOptions, lacks: Trial['lacks']): Trial {
  const name = crypto.randomUUID();
  const key = `contract:k:${name}`;
  let keys = 0;
  const look: Trial['look'] = async (epochs, more) =>
    whole(await store.lookup({ key, epochs, keepMs: minute, ...more }), epochs);
  const ids: Trial['ids'] = async (epochs) =>
    whole(await store.lookup({ near: key, epochs, keepMs: minute }), epochs).ids;
  return {
    store,
    key,
    options,
    lacks,
    look,
    ids,
    otherKey: () => `${key}:${++keys}`,
    epochs: freshNames,
    lease: (token) => ({ name: `contract:l:${name}`, near: key, token }),
    async fill(epochs, parts = {}, at = key) {
      const { text, keepMs = minute, id, lease } = parts;
      const ids = parts.ids ?? (await look(epochs, { key: at, keepMs })).ids;
      const plain = entryOf(at, epochs, ids, text);
      const entry = id === undefined ? plain : amended(plain, { id });
      const request = { entry, unchanged: pairs(epochs, ids), keepMs, ...(lease && { lease }) };
      return { entry, ids, answer: await store.fill(request) };
    },
    async standing(epochs) {
      const { entry, own } = await look(epochs);
      return entry === undefined ? 'gone' : standingOf(entry, own, { key, required: epochs, now: Date.now() });
    },
  };
}

/** What every answer of a lookup must be like, whatever the case is about. */
function whole(answer: LookupAnswer, epochs: readonly string[]): LookupAnswer {
  const { ids, own, entry } = answer;
  const isId = (id: unknown) => typeof id === 'string' && id !== '';
  check(Array.isArray(ids) && ids.length === epochs.length, 'A lookup answers one id for each of its epochs.');
  check(
    ids.every(isId),
    'Each epoch of a lookup has an id, a text that is not empty: those that are missing are planted.',
  );
  check(Array.isArray(own), 'A lookup answers a list of `own` ids, an empty one where there is no entry.');
  check(
    own.every((id) => id === undefined || isId(id)),
    'An own id is a text that is not empty, or undefined.',
  );
  check(
    entry === undefined || (typeof entry === 'object' && entry !== null),
    'Where there is no entry it is undefined.',
  );
  check(entry === undefined || own.length === entry.epochs.length, 'There is an own id for each epoch of the entry.');
  return answer;
}

/** Resolves when something has come true; rejects when it does not within five seconds. */
export async function eventually(holds: () => Promise<boolean>, promise: string): Promise<void> {
  const started = performance.now();
  for (let waitMs = 5; !(await holds()); waitMs = Math.min(2 * waitMs, 500)) {
    check(performance.now() - started < 5_000, promise);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** What has become of a call after a quarter of a second. */
export async function outcomeOf(work: () => unknown): Promise<'resolved' | 'rejected' | 'pending'> {
  const pending = new Promise<'pending'>((resolve) => setTimeout(resolve, 250, 'pending'));
  const settled = (async () => work())().then(
    () => 'resolved' as const,
    () => 'rejected' as const,
  );
  return Promise.race([settled, pending]);
}
