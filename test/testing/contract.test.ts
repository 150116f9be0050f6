import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FillRequest, Lease, LookupRequest } from '../../src/index.ts';
import {
  type ContractOptions,
  describeStore,
  storeContract,
  type VirtualClock,
  virtualClock,
} from '../../src/testing/index.ts';
import { inTime } from './in-time.ts';
import { SmallStore } from './small-store.ts';
import { HoldingStore, wrongHolders } from './wrong-holders.ts';
import { wrongLeases } from './wrong-leases.ts';
import { PartedStore, wrongParts } from './wrong-parts.ts';
import { wrongProcesses } from './wrong-processes.ts';
import { ScanningStore, wrongScans } from './wrong-scans.ts';
import { wrongStores } from './wrong-stores.ts';
import { wrongWrites } from './wrong-writes.ts';

let clock: VirtualClock;
beforeEach(() => {
  clock = virtualClock();
});
afterEach(() => clock.restore());

/** Runs every case on new stores of a kind: what failed, with its message, and what was skipped, with its reason. */
async function run(make: () => SmallStore, only?: string, options: ContractOptions = {}) {
  let store: SmallStore;
  const cases = storeContract(() => (store = make()), {
    evict: (...names) => store.evict(...names),
    another: () => make().over(store),
    cut() {
      store.isCut = true;
      return () => {
        store.isCut = false;
      };
    },
    cutPart: (part) => (store as PartedStore).cutPart(part),
    ...options,
  });
  const failed: Record<string, string> = {};
  const skipped: Record<string, string> = {};
  for (const { name, run } of cases) {
    if (only !== undefined && !name.includes(only)) continue;
    const skip = (reason: string) => {
      skipped[name] = reason;
    };
    await inTime(clock, run({ skip })).catch((error: Error) => {
      failed[name] = error.message;
    });
  }
  return { failed, skipped, count: cases.length };
}

/** For each bug: the case that must find it, and what that says. */
const finders: Record<string, [name: string, says: string]> = {
  'who holds the entry is told of its epochs, not of those that the copy names': [
    'who holds the entry is sent none',
    'that the copy names',
  ],
  'what a copy names is planted': ['who holds a copy sees', 'stays unknown'],
  'every copy is taken for the one that is there': ['who holds another copy', 'is answered whole'],
  'of what is gone, who holds a copy is told nothing': ['of what is gone', 'Without an entry, own ids'],
  'lookups of one tick share one answer': ['in the same tick', 'is sent'],
  'an entry that is missing is null': ['a lookup without a key', 'answered with nothing'],
  'an id is used again after an eviction': ['an id is never met twice', 'No id is used a second time'],
  'moving on twice comes back to where it was': ['an id is never met twice', 'No id is used a second time'],
  'a lookup writes new ids over those that are there': ['a lookup plants the epochs', 'keeps its id'],
  'two lookups at once plant over each other': ['lookups at the same time agree', 'only if it is absent'],
  'a fill ignores epochs that moved on': ['a fill is refused when any', 'refused if any of its epochs moved on'],
  'a fill checks its first epoch only': ['a fill is refused when any', 'refused if any of its epochs moved on'],
  'a fill takes an epoch that is missing for unchanged': ['that the store does not know', 'as good as moved on'],
  'a fill writes the ids again to let them live longer': ['a fill brings no id back', 'has the id of before'],
  'a fill that is refused has written already': ['a fill that is refused leaves', 'wrote nothing'],
  'a fill keeps the first entry of a key': ['a second fill', 'The last fill of a key'],
  'moving on forgets one of many': ['moving on touches', 'Each epoch that was named moves on'],
  'moving on moves everything': ['moving on touches', 'not named keeps its id'],
  'moving on confirms before it is done': ['an id is never met twice', 'No id is used a second time'],
  'own ids come in the wrong order': ['an entry comes back as it was stored', 'in its order'],
  'own ids are those that the entry was filled under': ['is told by its own ids', 'is another one'],
  'own ids are planted where they are missing': ['an evicted epoch', 'read, never planted'],
  'ids come in the order of their names': ['a lookup plants the epochs', 'in the order of the epochs that were asked'],
  'a lookup gives the entry of another key': ['nobody is given', 'the entry of its own key, or none'],
  'part of an entry is lost': ['all that an entry says', 'leaves nothing out'],
  'texts that are not ASCII are damaged': ['an entry comes back as it was stored', 'with all that was stored of it'],
  'the time in the store is ignored': ['when its time in the store is up', 'no longer than `keepMs`'],
  'the time in the store is taken for seconds': ['when its time in the store is up', 'no longer than `keepMs`'],
  'what is expired is removed, and nobody is told': ['without a lifetime that is expired', 'expire: false'],
  'what is expired stays fresh': ['that is expired is not fresh', 'refused if its epochs were expired'],
  'what was removed comes back by being expired': ['does not bring back', 'does not come back by being expired'],
  'a lease is given twice': ['a lease is taken once', 'there is one holder'],
  'a lease is given to all who ask at once': ['one of many who ask at the same time', 'one gets it'],
  'a lease is given back by anybody': ['given back by nobody but its holder', 'only with the token'],
  'a lease never ends': ['a lease ends by itself', 'ends when its time is up'],
  'a fill keeps its lease': ['given back by a fill that is stored', 'gives its lease back'],
  'a server that cannot be reached is taken for an empty one': ['cannot be reached', 'lookup rejects'],
  'the errors of an advance are swallowed': ['cannot be reached', 'advance rejects'],
  'each entry is a part of its own': ['the part of an entry', 'of few'],
  'the part of an entry is that of its turn': ['the part of an entry', 'stays the same'],
  'a part is said to have confirmed before it has': ['notes each part', 'only when it has moved on'],
  'a part is said to have confirmed, whatever became of it': ['a part that is cut off', 'has not confirmed'],
  'an advance resolves although one part failed': ['a part that is cut off', 'it never resolves'],
  'a part that confirmed before moves on again': ['notes each part', 'is left out'],
  'no part is said to have confirmed': ['notes each part', 'is noted in `confirmed`'],
  'parts are said to have confirmed when all have': ['a part that is cut off', 'also when another one never confirms'],
  'a part that confirmed once is left out for ever': ['notes each part', 'Every part moves on'],
  'a fill checks the epochs of its entry, not those of its request': ['named by its request alone', 'also one that'],
  'a fill checks in one trip, and writes the ids again in a second one': ['brings no id back', 'has the id of before'],
  'an entry has no columns for what is seldom in it': ['all that an entry says', 'leaves nothing out'],
  'an entry of a failure is an answer': ['all that an entry says', 'leaves nothing out'],
  'tags move on one by one, and the guard behind them': ['begins with the guard', 'known to have moved before'],
  'all move on at once, each by itself, and the guard is slow': ['begins with the guard', 'known to have moved before'],
  'moving on ends after a hundred': ['moving on touches', 'Each epoch that was named moves on'],
  'ids are remembered in the process': ['what one process moves on', 'has another id'],
  'the ids of entries are remembered in the process': ['what one process moves on', 'The own id'],
  'a process has data of its own': ['what one process moves on', 'read the same ids'],
  'a listing plants epochs that are missing': ['a listing tells', 'never planted'],
  'a listing tells the ids of the fills': ['a listing tells', 'is another one'],
  'a listing has bodies': ['a listing has every entry', 'but its body'],
  'a listing counts signs for bytes': ['a listing has every entry', 'but its body'],
  'a listing has the entries of others': ['a listing has every entry', 'nothing else'],
  'a listing loses the last entry of a page': ['a listing has every entry', 'all entries of its prefix'],
  'a listing gives everything at once': ['a listing has every entry', 'a few more entries than its limit'],
  'a listing begins again at its end': ['a listing has every entry', 'A listing ends'],
  'a listing has a cursor that is a key': ['a listing has every entry', 'the cache takes no other'],
  'a listing takes a text for a pattern': ['a listing for a text', 'has the entries with it'],
};

describe('the contract of a store', () => {
  test('holds for a small store that is right; what it cannot do is skipped with the reason, not passed', async () => {
    const { failed, skipped, count } = await run(() => new SmallStore());
    expect(failed).toEqual({});
    expect(count).toBeGreaterThan(35);
    expect(new Set(Object.values(skipped))).toEqual(
      new Set([
        ...['its `supports.expire` is false', 'it answers whole entries to those who hold a copy'],
        ...['it has no `scan`', 'it has no `partOf`'],
      ]),
    );
    expect(Object.keys(skipped)).toHaveLength(2 + 5 + 3 + 3);
  });

  test('holds for a store of parts, and for one that lists, with nothing of that skipped', async () => {
    const parts = await run(() => new PartedStore(), undefined, { has: ['parts'], lacks: ['scan', 'expire', 'held'] });
    expect(parts.failed).toEqual({});
    const scans = await run(() => new ScanningStore(), 'a listing', { has: ['scan'] });
    expect([scans.failed, scans.skipped]).toEqual([{}, {}]);
  });

  test('holds for a small store that leaves out what its asker holds, with nothing of that skipped', async () => {
    const { failed, skipped } = await run(() => new HoldingStore(), 'who holds', { has: ['held'] });
    expect([failed, skipped]).toEqual([{}, {}]);
  });

  describe('that has a bug', () => {
    const bugs = {
      ...{ ...wrongStores, ...wrongWrites, ...wrongProcesses, ...wrongLeases, ...wrongHolders, ...wrongParts },
      ...wrongScans,
    };
    const found: Record<string, Record<string, string>> = {};
    beforeAll(async () => {
      clock = virtualClock();
      for (const [bug, make] of Object.entries(bugs)) found[bug] = (await run(make)).failed;
      clock.restore();
    });

    test.each(Object.keys(bugs))('fails, and says so: %s', (bug) => {
      const [name, says] = finders[bug] ?? ['', ''];
      const [message] = Object.entries(found[bug] ?? {}).flatMap(([one, told]) => (one.includes(name) ? told : []));
      expect(name).not.toBe('');
      expect(message).toContain(says);
    });

    test('makes each of the cases fail: there is none that cannot', () => {
      const failing = new Set(Object.values(found).flatMap((failed) => Object.keys(failed)));
      const all = storeContract(() => new SmallStore()).map(({ name }) => name);
      expect(all.filter((name) => !failing.has(name))).toEqual([]);
    });
  });

  test('asks of epochs only beside an entry, and compares ids of one entry only, as a store of parts needs it', async () => {
    const parts = new Map<string | undefined, SmallStore>();
    const made = () => new SmallStore();
    const partOf = (key: string | undefined) => {
      const part = parts.get(key) ?? made();
      parts.set(key, part);
      return part;
    };
    // Each entry has epochs of its own: as a Redis Cluster of as many parts as there are entries.
    const store = Object.assign(made(), {
      lookup: (request: LookupRequest) => partOf(request.key ?? request.near).lookup(request),
      fill: (request: FillRequest) => partOf(request.entry.key).fill(request),
      advance(names: readonly string[]) {
        for (const part of parts.values()) part.advance(names);
      },
      lease: (lease: Lease, key: string, keepMs: number) => partOf(lease.near).lease(lease, key, keepMs),
      release: (lease: Lease, aloneMs?: number) => partOf(lease.near).release(lease, aloneMs),
      evict(...names: string[]) {
        for (const part of parts.values()) part.evict(...names);
      },
    });
    const { failed } = await run(() => store, undefined, { cut: () => () => {} });
    expect(Object.keys(failed)).toEqual([
      'a server that cannot be reached is a failure: nothing is said to be missing, stored or moved on',
    ]);
    expect(parts.size).toBeGreaterThan(20);
    expect(parts.has(undefined)).toBe(false);
  });

  test('says what was expected and what was received', async () => {
    const { failed } = await run(
      wrongStores['a fill keeps the first entry of a key'] as () => SmallStore,
      'second fill',
    );
    expect(Object.values(failed)).toEqual([
      'The last fill of a key is what a lookup gives.\n  expected: {"text":"2"}\n  received: {"text":"1"}',
    ]);
  });

  const withoutLeases = () => Object.assign(new SmallStore(), { lease: undefined, release: undefined }) as SmallStore;

  test('skips leases where a store has none, and fails where it must have them', async () => {
    const { failed, skipped } = await run(withoutLeases, 'a lease ');
    expect(failed).toEqual({});
    expect(new Set(Object.values(skipped))).toEqual(new Set(['it has no `lease` and `release`']));
    const strict = await run(withoutLeases, 'is taken once', { has: ['lease'] });
    expect(Object.values(strict.failed)[0]).toContain("must have the ability 'lease', but it has no `lease`");
  });

  test('without a framework that can skip, what does not apply fails, and says how to name it', async () => {
    const [one] = storeContract(withoutLeases).filter(({ name }) => name.startsWith('a lease is taken once'));
    await expect(one?.run()).rejects.toThrow(/does not apply: it has no `lease`.*the option `lacks`/);
  });

  test('what is known to be lacking is said before anything is run', () => {
    const cases = storeContract(withoutLeases, { lacks: ['lease'] });
    const reasons = cases.flatMap(({ skip }) => skip ?? []);
    expect(new Set(reasons)).toEqual(
      new Set([
        ...['no `evict` was given', 'no `another` was given', 'no `cut` was given', 'no `cutPart` was given'],
        "the store is said to lack 'lease'",
      ]),
    );
  });

  test('is declared as tests of any framework, with functions that none of them takes for one with a callback', () => {
    const declared: string[] = [];
    const test = Object.assign((name: string, body: () => unknown) => void declared.push(`${name} ${body.length}`), {
      skip: (name: string) => void declared.push(`- ${name}`),
    });
    const describe = (name: string, body: () => void) => {
      declared.push(name);
      body();
    };
    describeStore({ describe, test }, 'small', withoutLeases, { lacks: ['lease'] });
    expect(declared[0]).toBe('the contract of a store: small');
    expect(declared).toContain('a second fill of the same key takes the place of the first 0');
    expect(declared).toContain("- a lease ends by itself (skipped: the store is said to lack 'lease')");
  });

  test('refuses an option that nobody reads', () => {
    expect(() => storeContract(() => new SmallStore(), { evicts: () => {} } as never)).toThrow(
      'unknown option "evicts"',
    );
  });
});
