// Docs: docs/testing.md#the-contract
import type { ScanAnswer, Store } from '../store.ts';
import { check, same } from './check.ts';
import type { StoreCase } from './store-case.ts';
import { entryOf, pairs, type Trial, type Try } from './trial.ts';

const mostPages = 10_000;
const few = 2;
const minute = 60_000;

/** What a case of listings has: names that begin with a prefix of its own. */
interface Listing extends Trial {
  readonly prefix: string;
  /** Epochs with that prefix. */
  readonly names: readonly [string, string];
}

/** What `scan` must do. */
export const scanCases = (tries: Try): StoreCase[] => {
  const listing = (name: string, work: (listing: Listing) => Promise<void>) =>
    tries(
      `a listing ${name}`,
      (trial) => {
        const prefix = `contract-${crypto.randomUUID()}:`;
        return work({ ...trial, prefix, names: [`${prefix}e:q`, `${prefix}e:tag:a`] });
      },
      'scan',
    );

  return [
    listing('has every entry that is there, without its body, and nothing else, in pages that end', async (trial) => {
      const { prefix, names, store, fill } = trial;
      const text = '{"json":"ż"}';
      const keys = Array.from({ length: 30 }, (_, index) => `${prefix}k:${index}`);
      const filled = await Promise.all(keys.map((key) => fill(names, { text, id: 'one' }, key)));
      await fill(names, {}, `other-${prefix}k:0`);
      await store.lease?.({ name: `${prefix}l:0`, near: keys[0] as string, token: '1' }, keys[0] as string, minute);
      const found = new Map((await list(store, prefix)).map((one) => [one.head.key, one]));
      same([...found.keys()].sort(), keys.toSorted(), 'A listing has all entries of its prefix, and nothing else.');
      for (const { entry, ids } of filled) {
        const { body, ...rest } = entry;
        const head = { ...rest, bytes: new TextEncoder().encode(body.text).length };
        same(found.get(entry.key), { head, own: ids }, 'All of an entry is listed but its body, with its own ids.');
      }
    }),

    listing('tells what moved on, and plants nothing', async (trial) => {
      const { prefix, names, store, fill, look } = trial;
      const moved = `${prefix}k:moved`;
      const { ids } = await fill(names, {}, moved);
      await store.advance([names[1]]);
      const bare = `${prefix}k:bare`;
      const known = (await look([names[0]], { key: bare })).ids;
      const unknown = `${prefix}e:tag:unknown`;
      const entry = entryOf(bare, [names[0], unknown], [...known, '1']);
      await store.fill({ entry, unchanged: pairs([names[0]], known), keepMs: minute });
      for (let round = 0; round < 2; round++) {
        const found = await list(store, prefix);
        const ownOf = (key: string) => found.find(({ head }) => head.key === key)?.own ?? [];
        const before = found.find(({ head }) => head.key === moved);
        if (before !== undefined) {
          same(ownOf(moved)[0], ids[0], 'The own id of an epoch that did not move is that of the fill.');
          check(ownOf(moved)[1] !== ids[1], 'The own id of an epoch that moved on is another one.');
        }
        same(ownOf(bare), [...known, undefined], 'Own ids of a listing are read, never planted.');
      }
    }),

    listing('for a text has every entry with it in its key, whatever signs it has', async (trial) => {
      const { prefix, names, store, fill } = trial;
      for (const part of ['"a"', 'a[x-z]b', 'a*?b', 'a\\b', 'a+b', '[^', '%_', 'ż']) {
        const key = `${prefix}k:before ${part} behind`;
        await fill(names, {}, key);
        const found = await list(store, prefix, part);
        check(
          found.some(({ head }) => head.key === key),
          `A listing for a text has the entries with it in their keys, here ${part}.`,
        );
      }
    }),
  ];
};

/** All pages: short ones at first, long ones then, for a store that holds much else. */
async function list(store: Store, prefix: string, part?: string): Promise<ScanAnswer['entries'][number][]> {
  const all: ScanAnswer['entries'][number][] = [];
  let cursor: string | undefined;
  const cursors = new Set<string>();
  for (let pages = 0; pages < mostPages; pages++) {
    const limit = pages < 3 ? few : 1_000;
    const request = { prefix, limit, ...(part !== undefined && { part }), ...(cursor !== undefined && { cursor }) };
    const page = await store.scan?.(request);
    check(Array.isArray(page?.entries), 'A listing answers a list of entries, an empty one where there is none.');
    check(page.entries.length <= 10 * limit, 'A page holds a few more entries than its limit at most.');
    all.push(...page.entries);
    cursor = page.cursor;
    if (cursor === undefined) return all;
    check(/^\d+(?::\d+)?$/.test(cursor), 'A cursor is a whole number, or two with a colon: the cache takes no other.');
    cursors.add(cursor);
    check(pages < cursors.size + 10, 'A listing ends: it came to the same place again, ten times.');
  }
  throw new Error(`A listing ends: after ${mostPages} pages it had another one.`);
}
