import assert from 'node:assert/strict';
import type { Fault } from '../support/gateway.ts';
import type { Check } from './checks.ts';
import { eventually } from './eventually.ts';

const faults: readonly Fault[] = [
  { kind: 'drop' },
  { kind: 'garbage', body: '[{"result":["aTE=",7,{}]}]' },
  { kind: 'error', status: 503, body: '{"error":"ERR the database is not reachable"}' },
];

/** A store that is away (law 4). */
export const outages: readonly Check[] = [
  {
    name: 'bad store',
    promise: 'a store that drops, refuses or talks nonsense costs no answer, and is used again afterwards',
    async run({ site, fresh, gateway }) {
      const { query } = site('hasty');
      const id = fresh();
      await query('row.byId', { id });
      for (const fault of faults) {
        gateway.fault = fault;
        const during = await query('row.byId', { id });
        gateway.fault = undefined;
        assert.deepEqual([during.status, during.cache, during.output.version], [200, 'BYPASS', 1], fault.kind);
        await eventually('a hit', async () => (await query('row.byId', { id })).cache === 'HIT');
      }
    },
  },
  {
    name: 'outage',
    promise:
      'with a store that hangs every query is answered, and what was invalidated meanwhile is in force when it is back',
    async run({ site, fresh, gateway, database }) {
      const [first, second] = [site('hasty', 0), site('hasty', 1)];
      const id = fresh();
      const row = `hasty-${id}`;
      await eventually('a hit', async () => (await first.query('row.byId', { id })).cache === 'HIT');
      gateway.fault = { kind: 'hang' };
      const [known, unknown, written] = await Promise.all([
        second.query('row.byId', { id }),
        first.query('row.byId', { id: fresh() }),
        first.mutate('row.write', { id }),
      ]);
      assert.deepEqual([known.cache, unknown.cache, written.output], ['BYPASS', 'BYPASS', 2]);
      assert.equal((await first.query('row.byId', { id })).output.version, 2);
      database.commit(row);
      const unacknowledged = await first.invalidate([{ tag: `row:${id}` }]);
      assert.deepEqual([unacknowledged.status, unacknowledged.body], [503, '"NOT_ACKNOWLEDGED"']);
      gateway.fault = undefined;
      await eventually('a hit', async () => {
        const { cache, output } = await first.query('row.byId', { id });
        assert.equal(output.version, 3);
        return cache === 'HIT';
      });
      await eventually('a hit of the second', async () => {
        const { cache, output } = await second.query('row.byId', { id });
        assert.equal(output.version, 3);
        return cache === 'HIT';
      });
    },
  },
];
