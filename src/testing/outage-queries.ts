// Docs: docs/testing.md#the-outage-suite
import type { LookupAnswer } from '../store.ts';
import { check, same } from './check.ts';
import type { Fault } from './fault.ts';
import { finished, type OutageApp, type TryOutage } from './outage-app.ts';
import type { StoreCase } from './store-case.ts';

/** Answers that look more and more like one. */
const garbage = (whole: LookupAnswer): [string, unknown][] => [
  ['nothing', undefined],
  ['null', null],
  ['a text', 'OK'],
  ['no ids', { entry: undefined, own: [] }],
  ['ids that are no list', { ...whole, ids: 'i1' }],
  ['one id too few', { ...whole, ids: whole.ids.slice(1) }],
  ['one id too many', { ...whole, ids: [...whole.ids, '1'] }],
  ['one id unknown', { ...whole, ids: [undefined, ...whole.ids.slice(1)] }],
  ['an empty id', { ...whole, ids: ['', ...whole.ids.slice(1)] }],
  ['a number for an id', { ...whole, ids: [1, ...whole.ids.slice(1)] }],
  ['an entry that is a text', { ...whole, entry: 'text' }],
  ['an entry without anything', { ...whole, entry: {} }],
  ['an entry that is null', { ...whole, entry: null }],
  ['own ids that are missing', { ...whole, own: undefined }],
];

const failures: [string, Fault][] = [
  ['throws', 'throw'],
  ['rejects', 'drop'],
  ['rejects with nothing', { reject: undefined }],
];

/** A query is answered with what the procedure gives, which ran so often. */
async function answers(app: OutageApp, runs: number, told: string): Promise<void> {
  const before = app.runs();
  same(await app.read(), { value: app.row.value }, `The query is answered: ${told}.`);
  same(app.runs() - before, runs, `Its procedure runs ${runs === 0 ? 'not at all' : 'once'}: ${told}.`);
}

/** What every query must survive, whatever the store does. */
export const queryCases = (tries: TryOutage): StoreCase[] => [
  ...failures.map(([how, fault]) =>
    tries(`a lookup that ${how}: the query is answered, its procedure runs once, nothing is stored`, async (app) => {
      app.faults.always('lookup', fault);
      await answers(app, 1, `a lookup ${how}`);
      same(app.sent('fill'), 0, 'Nothing is stored without a lookup.');
      same(app.events.bypass, [{ path: 'read', reason: 'store' }], 'The call is a bypass.');
      same(app.events.error.length, 1, 'The failure is an event.');
    }),
  ),

  tries('a lookup that gives garbage, or part of an answer, is a bypass, and nothing is stored', async (app) => {
    await app.read();
    const whole = await app.answerNow();
    app.forget();
    for (const [what, answer] of garbage(whole)) {
      app.faults.always('lookup', { instead: () => answer });
      await answers(app, 1, `a lookup gives ${what}`);
      same(app.sent('fill'), 0, `Nothing is stored when a lookup gives ${what}.`);
      app.clock.setTime(app.clock.now() + 60_000); // whatever the breaker thinks of it
    }
    app.faults.heal();
    app.clock.setTime(app.clock.now() + 60_000);
    await answers(app, 0, 'the store gives whole answers again');
    same(app.events.hit.length, 1, 'What was there before is a hit again.');
  }),

  ...[...failures, ['gives garbage', { instead: () => 'OK' }] as [string, Fault]].map(([how, fault]) =>
    tries(`a fill that ${how}: the query is answered, its procedure ran once`, async (app) => {
      app.faults.next('fill', fault);
      await answers(app, 1, `a fill ${how}`);
      same(await app.read(), { value: 1 }, 'The next query is answered.');
    }),
  ),

  tries('a lookup that hangs costs the time budget and no more; what it answers late is dropped', async (app) => {
    app.faults.next('lookup', 'hold');
    const query = app.query();
    await app.clock.advance('249ms');
    same([query.state(), app.runs()], ['pending', 0], 'Until the budget is used up, the store is waited for.');
    await app.clock.advance('1ms');
    same(await finished(app.clock, query.promise), { value: 1 }, 'When the budget is used up, the procedure answers.');
    app.faults.release();
    await app.clock.settle();
    same([app.runs(), app.sent('fill')], [1, 0], 'What the store answers late is dropped.');
  }),

  tries('lookup and fill share one budget', async (app) => {
    app.faults.next('fill', 'drop');
    await app.read();
    const whole = await app.answerNow();
    app.forget();
    app.faults.next('fill', 'hang');
    app.faults.next('lookup', { late: '200ms' });
    app.faults.always('lookup', { instead: () => whole });
    const query = app.query();
    await app.clock.advance('200ms');
    for (let turns = 0; app.sent('fill') === 0 && turns < 200; turns++) await app.clock.settle();
    same([query.state(), app.sent('fill')], ['pending', 1], 'A store that answers within the budget is used.');
    await app.clock.advance('48ms');
    same(query.state(), 'pending', 'The fill gets what the lookup left of the budget.');
    await app.clock.advance('2ms');
    same(
      await finished(app.clock, query.promise),
      { value: 1 },
      'Lookup and fill together take no longer than the budget.',
    );
    const operations = app.events.error.map(({ operation }) => operation);
    same(operations, ['fill', 'fill'], 'A fill that fails or is late is told in an event.');
  }),

  tries('a store that is slow, but within the budget, is used', async (app) => {
    await app.warm();
    app.faults.next('lookup', { late: '200ms' });
    const query = app.query();
    await app.clock.advance('200ms');
    same(await finished(app.clock, query.promise), { value: 1 }, 'The query is answered.');
    same(app.runs(), 0, 'It is answered from the store.');
  }),

  ...keeping(tries),

  tries(
    'after five failures in a row the store is left alone, then probed by one query, then trusted again',
    async (app) => {
      await app.warm();
      await failFiveTimes(app);
      for (let call = 0; call < 3; call++) await answers(app, 1, 'the breaker is open');
      same(app.sent('lookup'), 0, 'An open breaker keeps lookups away from the store.');

      await app.clock.advance('1s');
      await Promise.all([app.read(), app.read(), app.read()]);
      same(app.sent('lookup'), 1, 'After a second one query probes the store.');
      await app.clock.advance('1999ms');
      await app.read();
      same(app.sent('lookup'), 1, 'After a probe that failed, the store is left alone for twice as long.');

      app.faults.heal();
      await app.clock.advance('1ms');
      for (let call = 0; call < 3; call++) await answers(app, 0, 'the store is back');
      same(app.sent('lookup'), 4, 'A probe that succeeds closes the breaker.');
    },
  ),

  tries('failures with successes between them open nothing', async (app) => {
    for (let call = 0; call < 12; call++) {
      if (call % 4 !== 3) app.faults.next('lookup', 'drop');
      await app.read();
    }
    same(app.sent('lookup'), 12, 'Only failures in a row open the breaker.');
  }),

  tries('invalidations ignore the breaker: they are written while lookups are kept away', async (app) => {
    await app.warm();
    await failFiveTimes(app);
    const { acknowledged } = await finished(app.clock, app.cache.invalidate('read'));
    same([acknowledged, app.sent('advance')], [true, 1], 'An invalidation is written whatever the breaker says.');
  }),

  tries(
    'a store that refuses an invalidation which waits is kept away from: no read sends it over and over',
    async (app) => {
      await app.warm();
      app.faults.always('advance', 'drop');
      await finished(
        app.clock,
        app.cache.invalidate('read').catch(() => {}),
      );
      for (let call = 0; call < 50; call++) await answers(app, 1, 'an invalidation waits');
      check(app.sent('advance') < 10, 'What waits is not sent again with every query.');
      app.faults.heal();
      await app.clock.advance('1m'); // it is tried again without us
      app.row.value = 2;
      await answers(app, 1, 'the invalidation was written');
    },
  ),

  tries('a call that finds the breaker open joins nobody and stores nothing', async (app) => {
    await failFiveTimes(app);
    await Promise.all([app.read(), app.read()]);
    same([app.runs(), app.sent('fill')], [2, 0], 'Without a lookup each call runs its procedure, and stores nothing.');
  }),
];

function keeping(tries: TryOutage): StoreCase[] {
  const kept: Promise<unknown>[] = [];
  return [
    tries(
      'with waitUntil a slow fill does not keep the caller waiting',
      async (app) => {
        app.faults.next('fill', 'hang');
        await answers(app, 1, 'a fill hangs');
        same(kept.length, 1, 'The fill is handed to waitUntil.');
        await app.clock.advance('1m');
      },
      (list) => ({ waitUntil: (work) => void list.push(work) }),
      kept,
    ),
    tries(
      'a waitUntil that throws is told, and the fill goes on without it',
      async (app) => {
        await app.warm();
        same(
          app.events.error.map(({ operation }) => operation),
          ['waitUntil'],
          'A waitUntil that throws is an event.',
        );
        await answers(app, 0, 'it was stored all the same');
      },
      () => ({
        waitUntil() {
          throw new Error('no waitUntil here');
        },
      }),
    ),
  ];
}

async function failFiveTimes(app: OutageApp): Promise<void> {
  app.faults.always('lookup', 'drop');
  for (let call = 0; call < 5; call++) await app.read();
  app.forget();
}
