import assert from 'node:assert/strict';
import type { Check } from './checks.ts';
import { stored } from './eventually.ts';
import { largeTextOf, outputOf } from './outputs.ts';
import type { Variant } from './settings.ts';

const everywhere: readonly Variant[] = ['plain', 'wrapped', 'memory', 'tiered', 'bound'];

/** What one client sees. */
export const answers: readonly Check[] = [
  {
    name: 'quiet start',
    promise: 'modules load, and make caches and stores, without a request, random, clock or timer',
    // Here the requests count; workerd itself refuses the others at module scope.
    async run({ requestsAtStart, origin, row }) {
      assert.equal(requestsAtStart, 0);
      const about = (await (await fetch(`${origin}/about`)).json()) as object;
      if (row.kind === 'workerd' || row.kind === 'edge')
        assert.deepEqual(about, { process: 'undefined', Buffer: 'undefined' });
    },
  },
  {
    name: 'hit',
    promise: 'the second answer is a hit with the same bytes, and equal to the first with every type',
    async run({ sites, fresh, database }) {
      for (const site of sites(everywhere)) {
        const id = fresh();
        const miss = await site.query('row.byId', { id });
        assert.deepEqual([miss.status, miss.cache], [200, 'MISS'], site.label);
        const hit = await stored(site, 'row.byId', { id });
        assert.equal(hit.status, 200, site.label);
        assert.deepEqual(hit.output, outputOf(id, 1), site.label);
        assert.equal(hit.body, miss.body, site.label);
        assert.equal(database.readsOf(`${site.variant}-${id}`), 1, site.label);
      }
    },
  },
  {
    name: '304',
    promise: 'who has the answer gets 304 without a body, until it has changed',
    async run({ sites, fresh, database }) {
      for (const site of sites(everywhere)) {
        const id = fresh();
        const { etag } = await site.query('row.byId', { id });
        assert.match(etag, /^W\/".+"$/, site.label);
        const ask = () => site.query('row.byId', { id }, { headers: { 'if-none-match': etag } });
        const held = await ask();
        assert.deepEqual([held.status, held.body, held.etag], [304, '', etag], site.label);
        database.commit(`${site.variant}-${id}`);
        assert.equal((await site.invalidate([{ tag: `row:${id}` }])).status, 200, site.label);
        const changed = await ask();
        assert.deepEqual([changed.status, changed.output.version], [200, 2], site.label);
        assert.notEqual(changed.etag, etag, site.label);
      }
    },
  },
  {
    name: 'batch',
    promise: 'a batch mixes hits, misses and what is not cached, and is a 304 when all of it is held',
    async run({ sites, fresh }) {
      for (const site of sites(everywhere)) {
        const [known, unknown] = [fresh(), fresh()];
        await stored(site, 'row.byId', { id: known });
        const pair = [
          ['row.byId', { id: known }],
          ['row.byId', { id: unknown }],
        ] as const;
        const mixed = await site.batch([...pair, ['row.live', { id: known }]]);
        assert.deepEqual([mixed.status, mixed.cache, mixed.etag], [200, 'HIT, MISS, BYPASS', ''], site.label);
        assert.deepEqual(mixed.output, [outputOf(known, 1), outputOf(unknown, 1), 1], site.label);
        await stored(site, 'row.byId', { id: unknown });
        const { etag, cache } = await site.batch(pair);
        assert.equal(cache, 'HIT, HIT', site.label);
        const held = await site.batch(pair, { headers: { 'if-none-match': etag } });
        assert.deepEqual([held.status, held.body], [304, ''], site.label);
      }
    },
  },
  {
    name: 'large',
    promise: 'an answer of a quarter of a megabyte is stored and comes back whole',
    async run({ sites, fresh, database }) {
      for (const site of sites(['plain', 'wrapped', 'tiered'])) {
        const id = fresh();
        const hit = await stored(site, 'row.large', { id });
        assert.ok(hit.output.text === largeTextOf(id), site.label);
        assert.equal(database.readsOf(`${site.variant}-${id}`), 1, site.label);
      }
    },
  },
  {
    name: 'users',
    promise: 'nobody gets the answer of another user, and a write of one leaves those of the others',
    async run({ sites }) {
      for (const site of sites(everywhere)) {
        const mine = async (user: string, asking = site.query('row.mine', undefined, { user })) => {
          const { cache, output } = await asking;
          return [cache, output.user, output.version];
        };
        const kept = (user: string) => mine(user, stored(site, 'row.mine', undefined, { user }));
        const [ann, bob] = [`ann of ${site.label}`, `bob of ${site.label}`];
        assert.deepEqual(await mine(ann), ['MISS', ann, 1], site.label);
        assert.deepEqual(await mine(bob), ['MISS', bob, 1], site.label);
        assert.deepEqual(await kept(ann), ['HIT', ann, 1], site.label);
        await kept(bob);
        assert.equal((await site.mutate('row.writeMine', undefined, { user: ann })).status, 200, site.label);
        assert.deepEqual(await mine(ann), ['MISS', ann, 2], site.label);
        assert.deepEqual(await mine(bob), ['HIT', bob, 1], site.label);
      }
    },
  },
  {
    name: 'wrap',
    promise: 'a wrapped function runs once, and again after it was invalidated',
    async run({ among, site, fresh, database }) {
      for (const variant of among(['plain', 'memory', 'tiered'])) {
        const { label, top, invalidateTop } = site(variant);
        const id = fresh();
        const row = `${variant}-${id}`;
        assert.deepEqual([await top(id), await top(id), database.readsOf(row)], [1, 1, 1], label);
        database.commit(row);
        assert.equal((await invalidateTop(id)).status, 200, label);
        assert.deepEqual([await top(id), await top(id), database.readsOf(row)], [2, 2, 2], label);
      }
    },
  },
];
