import assert from 'node:assert/strict';
import type { Check } from './checks.ts';
import { eventually, stored } from './eventually.ts';
import { runsBehind } from './rows.ts';
import type { Variant } from './settings.ts';

const ways: readonly Variant[] = ['plain', 'wrapped', 'memory', 'tiered'];

/** Runs that several requests have to do with. */
export const flights: readonly Check[] = [
  {
    name: 'stale',
    promise: 'who asks for what has expired gets the old answer at once, and the new one is made behind it',
    limit: (row) => (runsBehind(row) ? undefined : 'old answer only'),
    async run({ among, site, fresh, database, row: runtime }) {
      for (const variant of among(ways)) {
        const { label, query, invalidate } = site(variant);
        const id = fresh();
        const row = `${variant}-${id}`;
        await stored(site(variant), 'row.byId', { id });
        database.commit(row);
        const held = database.hold(row);
        assert.equal((await invalidate([{ tag: `row:${id}` }], 'expire')).status, 200, label);
        const stale = await query('row.byId', { id }); // answered while the procedure is held
        assert.deepEqual([stale.cache, stale.output.version], ['STALE', 1], label);
        held.release();
        if (runsBehind(runtime)) {
          await eventually(`${label}: the new answer`, async () => {
            const { cache, output } = await query('row.byId', { id });
            assert.equal(output.version, cache === 'STALE' ? 1 : 2, label);
            return cache === 'HIT';
          });
          assert.equal(database.readsOf(row), 2, label);
        } else {
          // Nobody waits for it, and an invalidation that removes is not held up by what died.
          assert.equal((await invalidate([{ tag: `row:${id}` }])).status, 200, label);
          const renewed = await query('row.byId', { id });
          assert.deepEqual([renewed.cache, renewed.output.version], ['MISS', 2], label);
        }
      }
    },
  },
  {
    name: 'one run',
    promise: 'equal requests at the same time share one run',
    async run({ among, site, fresh, database, asked }) {
      for (const variant of among(ways)) {
        const { label, query } = site(variant);
        const id = fresh();
        const row = `${variant}-${id}`;
        const held = database.hold(row);
        const before = asked(variant);
        const all = [1, 2, 3, 4, 5].map(() => query('row.byId', { id }));
        await held.read;
        if (variant !== 'memory') await eventually(`${label}: all lookups`, async () => asked(variant) >= before + 5);
        held.release();
        const versions = (await Promise.all(all)).map(({ output }) => output.version);
        assert.deepEqual([versions, database.readsOf(row)], [[1, 1, 1, 1, 1], 1], label);
      }
    },
  },
  {
    name: 'owner left',
    promise: 'who waits for the run of a request that has gone away, and never ends, runs itself in time',
    async run({ among, site, fresh, database, asked }) {
      await Promise.all(
        among(ways).map(async (variant) => {
          const { label, query } = site(variant);
          const id = fresh();
          const held = database.hold(`${variant}-${id}`);
          const before = asked(variant);
          const leaving = new AbortController();
          const owner = query('row.byId', { id }, { signal: leaving.signal }).catch(() => {});
          await held.read;
          const waiting = query('row.byId', { id });
          if (variant !== 'memory') await eventually(`${label}: its lookup`, async () => asked(variant) > before + 1);
          leaving.abort();
          await owner;
          assert.equal((await waiting).output.version, 1, label);
          // Nothing of it is left in the way of those who come later.
          assert.equal((await query('row.byId', { id })).output.version, 1, label);
          held.release();
        }),
      );
    },
  },
  {
    name: 'owner answered',
    promise: 'who waits for a run behind a response gets its answer, or runs itself where it died with the response',
    async run({ among, site, fresh, database, asked, row: runtime }) {
      await Promise.all(
        among(ways).map(async (variant) => {
          const { label, query, invalidate } = site(variant);
          const id = fresh();
          const row = `${variant}-${id}`;
          await stored(site(variant), 'row.byId', { id });
          database.commit(row);
          const held = database.hold(row);
          await invalidate([{ tag: `row:${id}` }], 'expire');
          assert.equal((await query('row.byId', { id })).cache, 'STALE', label);
          // Without `waitUntil` its run ends with the response, perhaps before it has read anything.
          if (runsBehind(runtime)) await held.read;
          else held.forgo();
          const insists = { user: 'admin', headers: { 'cache-control': 'max-age=0' } };
          const before = asked(variant);
          const waiting = query('row.byId', { id }, insists);
          if (variant !== 'memory') await eventually(`${label}: its lookup`, async () => asked(variant) > before);
          if (runsBehind(runtime)) held.release(); // else what died is not brought back to life
          assert.equal((await waiting).output.version, 2, label);
          assert.equal((await query('row.byId', { id })).output.version, 2, label);
          // In memory nobody can see whether the run had ended when the waiter came, who then insists on one of its own.
          if (runsBehind(runtime) && variant !== 'memory') assert.equal(database.readsOf(row), 2, label);
          held.release();
        }),
      );
    },
  },
];
