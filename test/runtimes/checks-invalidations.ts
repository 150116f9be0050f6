import assert from 'node:assert/strict';
import type { Check } from './checks.ts';
import { stored } from './eventually.ts';
import type { Variant } from './settings.ts';

const everywhere: readonly Variant[] = ['plain', 'wrapped', 'memory', 'tiered', 'bound'];
const shared: readonly Variant[] = ['plain', 'tiered'];

/** Acknowledged means gone (law 1). */
export const invalidations: readonly Check[] = [
  {
    name: 'mutation',
    promise: 'what a mutation invalidates is gone when it answers, and nothing else is',
    async run({ sites, fresh }) {
      for (const site of sites(everywhere)) {
        const [written, other] = [fresh(), fresh()];
        for (const id of [written, other]) await stored(site, 'row.byId', { id });
        assert.equal((await site.mutate('row.write', { id: written })).output, 2, site.label);
        const renewed = await site.query('row.byId', { id: written });
        assert.deepEqual([renewed.cache, renewed.output.version], ['MISS', 2], site.label);
        assert.equal((await site.query('row.byId', { id: other })).cache, 'HIT', site.label);
      }
    },
  },
  {
    name: 'webhook',
    promise: 'what is invalidated from outside is gone, also where a run that began before it ends after it',
    async run({ among, site, fresh, database }) {
      for (const variant of among(everywhere)) {
        const { label, query, invalidate } = site(variant);
        const id = fresh();
        const row = `${variant}-${id}`;
        const held = database.hold(row);
        const before = query('row.byId', { id });
        await held.read;
        database.commit(row);
        assert.equal((await invalidate([{ path: 'row.byId', input: { id } }])).status, 200, label);
        const [behind] = await Promise.all([query('row.byId', { id }), held.release()]);
        assert.equal(behind.output.version, 2, label);
        assert.equal((await before).output.version, 1, label);
        assert.equal((await query('row.byId', { id })).output.version, 2, label);
      }
    },
  },
  {
    name: 'two instances',
    promise: 'no reader of two busy instances gets what is older than a write that was acknowledged before it asked',
    async run(world) {
      for (const variant of world.among(shared)) {
        const both = [world.site(variant, 0), world.site(variant, 1)] as const;
        const rows = [world.fresh(), world.fresh()];
        const acknowledged = new Map(rows.map((id) => [id, 1]));
        const seen = { hits: 0, reads: 0 };
        let isOver = false;
        const reader = async (at: number) => {
          for (let turn = at; !isOver; turn++) {
            const id = rows[turn % rows.length] as number;
            const least = acknowledged.get(id) as number;
            const site = both[(turn >> 1) % 2 === 0 ? 0 : 1];
            const { cache, output } = await site.query('row.byId', { id });
            assert.ok(output.version >= least, `${site.label}: read ${output.version} after ${least}`);
            seen.reads += 1;
            if (cache === 'HIT') seen.hits += 1;
          }
        };
        const writer = async () => {
          for (let turn = 0; turn < world.writes; turn++) {
            const id = rows[turn % 3 === 0 ? 0 : 1] as number;
            const site = both[turn % 2 === 0 ? 0 : 1];
            const { status, output } = await site.mutate('row.write', { id });
            assert.equal(status, 200, site.label);
            acknowledged.set(id, output);
            // So that something is there to be invalidated, on both.
            await Promise.all(both.flatMap(({ query }) => [query('row.byId', { id }), query('row.byId', { id })]));
          }
          isOver = true;
        };
        await Promise.all([reader(0), reader(1), writer()]).finally(() => {
          isOver = true;
        });
        assert.ok(seen.hits > 0 && seen.reads > seen.hits, `${variant}: ${JSON.stringify(seen)} proves nothing`);
      }
    },
  },
];
