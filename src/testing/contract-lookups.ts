// Docs: docs/testing.md#the-contract
import type { Entry } from '../entry.ts';
import type { Outline } from '../outline.ts';
import { check, same } from './check.ts';
import type { StoreCase } from './store-case.ts';
import { eventually, freshNames, outcomeOf, pairs, type Try } from './trial.ts';

/** What lookups must do. */
export const lookupCases = (tries: Try): StoreCase[] => [
  tries('a lookup plants the epochs that are missing, and leaves those that exist as they are', async (trial) => {
    const [a, b, c] = trial.epochs(3) as [string, string, string];
    const [first] = await trial.ids([a]);
    const all = await trial.ids([a, b, c]);
    same(all[0], first, 'An epoch that exists keeps its id when it is looked up again.');
    same(
      await trial.ids([c, a, b]),
      [all[2], all[0], all[1]],
      'Ids come in the order of the epochs that were asked for.',
    );
  }),

  tries('lookups at the same time agree on what they planted', async ({ store, key, epochs, ids }) => {
    const names = epochs(3);
    const asked = Array.from({ length: 5 }, () => store.lookup({ near: key, epochs: names, keepMs: 60_000 }));
    const answers = await Promise.all(asked);
    const known = await ids(names);
    for (const answer of answers) {
      // Of an epoch that another one plants right now, a store without "only if absent" may know nothing.
      const told = answer.ids.map((id, index) => id ?? known[index]);
      same(
        told,
        known,
        'An epoch is planted only if it is absent: all who plant it at once are told the id that stays.',
      );
    }
  }),

  tries('a lookup without a key reads epochs only, and one for a missing entry says so', async (trial) => {
    const { store, key, epochs, look } = trial;
    const nothing = await store.lookup({ near: key, epochs: [], keepMs: 60_000 });
    same(nothing, { ids: [], own: [] }, 'A lookup of nothing is answered with nothing.');
    const { entry, own } = await look(epochs(1));
    same({ entry, own }, { own: [] }, 'Where nothing was stored there is no entry, and no own ids.');
  }),

  tries('an entry comes back as it was stored, with the ids of its own epochs in their order', async (trial) => {
    const epochs = trial.epochs(3);
    const { entry, ids, answer } = await trial.fill(epochs, { text: '{"json":"ż\\n🐢 \\u0000"}', id: 'one' });
    same(answer, 'stored', 'A fill under epochs that did not move is stored.');
    const asked = [epochs[2], epochs[0]] as string[];
    const found = await trial.look(asked);
    same(found.ids, [ids[2], ids[0]], 'The ids are those of the epochs that were asked for, in their order.');
    same(found.own, ids, 'The own ids are those of the epochs that the entry names, in its order, asked for or not.');
    same(found.entry, entry, 'An entry comes back with all that was stored of it.');
  }),

  tries('all that an entry says of itself comes back with it', async (trial) => {
    const epochs = trial.epochs();
    const { ids } = await trial.look(epochs);
    const now = Date.now();
    const common = {
      ...{ key: trial.key, epochs, ids: ids as string[], storedAt: now, freshUntil: now + 1_000 },
      ...{ staleUntil: now + 2_000, errorUntil: now + 3_000, ranMs: 12, tag: '"tag"', sum: 1_234 },
    };
    const members: Outline = [
      ['a', 'value', null],
      ['b', 'date', 0],
    ];
    const entries: Entry[] = [
      { ...common, id: 'one', outline: members, body: { text: '{"json":[1]}', plain: '[1]' } },
      { ...common, id: 'two', outline: 'list', stream: true, body: { text: '[1]\n[2]' } },
      { ...common, id: 'three', failure: { code: 'NOT_FOUND', message: 'There is no "ż"' }, body: { text: '' } },
    ];
    const unchanged = pairs(epochs, ids);
    for (const entry of entries) {
      await trial.store.fill({ entry, unchanged, keepMs: 60_000 });
      same((await trial.look(epochs)).entry, entry, 'A store leaves nothing out of an entry.');
    }
  }),

  tries('nobody is given the entry of another key', async (trial) => {
    const epochs = trial.epochs();
    const ends = ['["a b"]', '["A b"]', '["a  b"]', '["ab"]', '["ż"]', '["z"]', '["🐢"]', '["🐇"]', '["%"]', '[" "]'];
    const filled = ends.map((end) => `${trial.key} ${end}`);
    for (const key of filled) await trial.fill(epochs, { text: JSON.stringify(key) }, key);
    const others = [trial.key, trial.key.toUpperCase(), `${trial.key} ["_"]`];
    const found = await Promise.all([...filled, ...others].map((key) => trial.look(epochs, { key })));
    same(
      found.map(({ entry }) => entry?.body.text),
      [...filled.map((key) => JSON.stringify(key)), ...others.map(() => undefined)],
      'A lookup gives the entry of its own key, or none; also lookups at the same time.',
    );
  }),

  tries(
    'an entry whose epoch moved on is told by its own ids, also when that epoch was not asked for',
    async (trial) => {
      const epochs = trial.epochs(2);
      const { ids } = await trial.fill(epochs);
      await trial.store.advance([epochs[1] as string]);
      const { own, entry } = await trial.look([epochs[0] as string]);
      if (entry === undefined) return; // as good: it was taken away with its epoch
      same(own[0], ids[0], 'The own id of an epoch that did not move is the one that the entry was filled under.');
      check(own[1] !== ids[1], 'The own id of an epoch that moved on is another one than the entry was filled under.');
    },
  ),

  tries('an entry is gone when its time in the store is up', async ({ fill, look, epochs }) => {
    const names = epochs();
    const { ids } = await look(names);
    same((await fill(names, { ids, keepMs: 10 })).answer, 'stored', 'A fill under epochs that did not move is stored.');
    const isGone = async () => (await look(names)).entry === undefined;
    await eventually(isGone, 'An entry is there for no longer than `keepMs`.');
  }),

  tries('an epoch lives as long as what was filled under it', async ({ fill, look, epochs, otherKey }) => {
    for (let keepMs = 15; ; keepMs *= 4) {
      const key = otherKey();
      const names = epochs();
      const planted = await look(names, { key, keepMs });
      const { ids, answer } = await fill(names, { ids: planted.ids }, key);
      if (answer !== 'stored' && keepMs < 4_000) continue; // the machine was too slow for an epoch of so short a life
      await new Promise((resolve) => setTimeout(resolve, keepMs + 5));
      const { own } = await look([], { key });
      same(own, ids, 'A fill lets the epochs of its entry outlive it, or it was stored for nothing.');
      return;
    }
  }),

  tries(
    'an evicted epoch makes its entries unusable: its own id is unknown, a new one is planted',
    async (trial) => {
      const epochs = trial.epochs();
      const { ids } = await trial.fill(epochs);
      await trial.options.evict?.(epochs[1] as string);
      const unasked = await trial.look([epochs[0] as string]);
      if (unasked.entry !== undefined)
        same(unasked.own, [ids[0], undefined], 'Own ids are read, never planted: that of an evicted epoch is unknown.');
      const asked = await trial.look(epochs);
      check(asked.ids[1] !== ids[1], 'An epoch that was evicted is planted with an id that was never used.');
      check(asked.own[1] !== ids[1], 'The own id of an evicted epoch is never that of before.');
    },
    'evict',
  ),
];

/** What lookups must do whose answers are of the source of truth. */
export const unreachableCases = (tries: Try): StoreCase[] => [
  tries(
    'a server that cannot be reached is a failure: nothing is said to be missing, stored or moved on',
    async ({ store, key, options, fill, look }) => {
      const names = freshNames();
      const { entry, ids } = await fill(names);
      const mend = await options.cut?.();
      try {
        const unchanged = pairs(names, ids);
        const attempts: [string, () => unknown][] = [
          ['lookup', () => store.lookup({ key, epochs: names, keepMs: 60_000 })],
          ['fill', () => store.fill({ entry, unchanged, keepMs: 60_000 })],
          ['advance', () => store.advance(names)],
        ];
        for (const [operation, attempt] of attempts) {
          const came = await outcomeOf(attempt);
          check(
            came !== 'resolved',
            `Without its server, a store's ${operation} rejects, or hangs: it never resolves.`,
          );
        }
      } finally {
        await mend?.();
      }
      // What was sent may still arrive: it is known to have done nothing only when the next one is answered.
      await look(names).catch(() => {});
    },
    'cut',
  ),
];
