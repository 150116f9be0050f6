import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Action, type Bug, interleave } from './interleaving.ts';

const process = fc.constantFrom(0 as const, 1 as const);
const read = fc.record({
  kind: fc.constant('read' as const),
  process,
  name: fc.constantFrom('plain' as const, 'tagged' as const),
});
const write = fc.record({
  kind: fc.constant('write' as const),
  process,
  how: fc.constantFrom('path' as const, 'tag' as const, 'learned' as const, 'all' as const),
});
const actionOf = (...more: fc.Arbitrary<Action>[]): fc.Arbitrary<Action> => fc.oneof(read, read, write, ...more);

const actionsOf = (action: fc.Arbitrary<Action>) => fc.array(action, { minLength: 3, maxLength: 12 });
const choices = fc.array(fc.nat(1_000), { minLength: 20, maxLength: 80 });

const neverOlder = (
  action: fc.Arbitrary<Action>,
  bug: Bug = 'none',
  maxEpochs: fc.Arbitrary<number> = fc.constant(1_000),
) =>
  fc.asyncProperty(actionsOf(action), choices, maxEpochs, async (actions, order, most) => {
    const { seen } = await interleave(actions, order, { bug, maxEpochs: most });
    return seen.every(({ value, acknowledged }) => value >= acknowledged);
  });

describe('law 1: no read that starts after an acknowledgement gives what was computed before it, in any order of events', () => {
  test('two processes read and write, requests are late and are sent twice', async () => {
    await fc.assert(neverOlder(actionOf()), { numRuns: 400 });
  });

  test('one process reads what another one invalidates by a tag that is learned from the output', async () => {
    const only = fc.constantFrom<Action>(
      { kind: 'read', process: 0, name: 'tagged' },
      { kind: 'write', process: 1, how: 'learned' },
    );
    await fc.assert(neverOlder(only), { numRuns: 400 });
  });

  test('the store loses its memory in between', async () => {
    await fc.assert(neverOlder(actionOf(fc.constant({ kind: 'restart' as const }))), { numRuns: 300 });
  });

  test('the store evicts epochs all the time', async () => {
    await fc.assert(neverOlder(actionOf(), 'none', fc.integer({ min: 8, max: 16 })), { numRuns: 300 });
  });

  test('these runs do share answers: otherwise they would prove nothing', async () => {
    let all = 0;
    for (const [actions, order] of fc.sample(fc.tuple(actionsOf(actionOf()), choices), 50)) {
      all += (await interleave(actions, order)).shared;
    }
    expect(all).toBeGreaterThan(25);
  });

  test.each(['fills whatever moved on', 'confirms before it wrote', 'uses an id again'] as const)(
    'a store that %s is found out by the same property',
    async (bug) => {
      const { failed } = await fc.check(neverOlder(actionOf(), bug), { numRuns: 2_000, endOnFailure: true });
      expect(failed).toBe(true);
    },
  );
});
