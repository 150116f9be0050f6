import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LookupAnswer, Store } from '../../src/index.ts';
import { hanging, throwing } from '../support/stores.ts';
import { after, type OutageApp, outageApp, stateAfter } from './outage-app.ts';
import { describeLostInvalidations } from './outage-invalidations.ts';

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

/** What every query must survive, whatever the store does (law 4). */
export function describeOutage(name: string, make: () => Store): void {
  describe(`law 4: the store never breaks or stalls a procedure: ${name}`, () => {
    let app: OutageApp;
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
      app = outageApp(make());
    });
    afterEach(async () => {
      app.fault('advance');
      await app.cache.close();
      vi.useRealTimers();
    });
    const warm = async () => {
      await app.caller.read();
      app.read.mockClear();
    };

    /** What the store answers to the last lookup if it is asked again. */
    const answerNow = async (): Promise<LookupAnswer> => app.store.lookup(app.store.lookup.mock.lastCall?.[0] as never);

    const failures: [string, () => unknown][] = [
      ['throws', throwing],
      ['rejects', async () => throwing()],
      ['rejects with nothing', () => Promise.reject()],
    ];
    test.each(failures)(
      'a lookup that %s: the query is answered, its procedure runs once, nothing is stored',
      async (_, fail) => {
        app.fault('lookup', fail);
        expect(await app.caller.read()).toEqual({ value: 1 });
        expect(app.read).toHaveBeenCalledTimes(1);
        expect(app.store.fill).not.toHaveBeenCalled();
        expect(app.events.bypass).toEqual([{ path: 'read', reason: 'store' }]);
        expect(app.events.error).toHaveLength(1);
      },
    );

    test('a lookup that gives garbage, or part of an answer, is a bypass: the query is answered, nothing is stored', async () => {
      await warm();
      const whole = await answerNow();
      app.store.fill.mockClear();
      for (const [what, answer] of garbage(whole)) {
        app.read.mockClear();
        app.fault('lookup', () => answer);
        expect(await app.caller.read(), what).toEqual({ value: 1 });
        expect(app.read, what).toHaveBeenCalledTimes(1);
        expect(app.store.fill, what).not.toHaveBeenCalled();
        vi.setSystemTime(Date.now() + 60_000); // whatever the breaker thinks of it
      }
      app.fault('lookup');
      vi.setSystemTime(Date.now() + 60_000);
      expect(app.store.fill).not.toHaveBeenCalled();
      expect(await app.caller.read()).toEqual({ value: 1 });
      expect(app.events.hit).toHaveLength(1);
    });

    test.each([...failures, ['gives garbage', () => 'OK']])(
      'a fill that %s: the query is answered, its procedure ran once',
      async (_, fail) => {
        app.fault('fill', fail);
        expect(await app.caller.read()).toEqual({ value: 1 });
        expect(app.read).toHaveBeenCalledTimes(1);
        app.fault('fill');
        expect(await app.caller.read()).toEqual({ value: 1 });
      },
    );

    test('a lookup that hangs costs the time budget and no more; what it answers late is dropped', async () => {
      let answerLate: (answer: unknown) => void = () => {};
      app.fault('lookup', () => new Promise((resolve) => (answerLate = resolve)));
      const query = app.caller.read();
      expect(await stateAfter(249, query)).toBe('pending');
      expect(app.read).not.toHaveBeenCalled();
      expect(await stateAfter(1, query)).toEqual({ value: 1 });
      app.fault('lookup');
      answerLate(await answerNow());
      await vi.advanceTimersByTimeAsync(0);
      expect(app.read).toHaveBeenCalledTimes(1);
      expect(app.store.fill).not.toHaveBeenCalled();
    });

    test('lookup and fill share one budget', async () => {
      app.fault('fill', throwing);
      await app.caller.read();
      const whole = await answerNow();
      app.store.fill.mockClear();
      app.fault('fill', hanging);
      app.fault('lookup', () => after(200, () => whole));
      const query = app.caller.read();
      expect(await stateAfter(200, query)).toBe('pending');
      expect(app.store.fill).toHaveBeenCalledTimes(1);
      expect(await stateAfter(48, query)).toBe('pending');
      expect(await stateAfter(2, query)).toEqual({ value: 1 });
      expect(app.events.error.map(({ operation }) => operation)).toEqual(['fill', 'fill']);
    });

    test('a store that is slow, but within the budget, is used', async () => {
      await warm();
      const whole = await answerNow();
      app.fault('lookup', () => after(200, () => whole));
      expect(await stateAfter(200, app.caller.read())).toEqual({ value: 1 });
      expect(app.read).not.toHaveBeenCalled();
    });

    test('with waitUntil a slow fill does not keep the caller waiting', async () => {
      const kept: Promise<unknown>[] = [];
      app = outageApp(make(), { waitUntil: (work) => void kept.push(work) });
      app.fault('fill', hanging);
      expect(await app.caller.read()).toEqual({ value: 1 });
      expect(kept).toHaveLength(1);
    });

    test('a waitUntil that throws is told, and the fill goes on without it', async () => {
      app = outageApp(make(), { waitUntil: throwing });
      await warm();
      expect(app.events.error.map(({ operation }) => operation)).toEqual(['waitUntil']);
      await app.caller.read();
      expect(app.read).not.toHaveBeenCalled();
    });

    const failFiveTimes = async () => {
      app.fault('lookup', throwing);
      for (let call = 0; call < 5; call++) await app.caller.read();
      app.store.lookup.mockClear();
      app.read.mockClear();
    };

    test('after five failures in a row the store is left alone, then probed by one query, then trusted again', async () => {
      await warm();
      await failFiveTimes();
      for (let call = 0; call < 3; call++) await app.caller.read();
      expect(app.store.lookup).not.toHaveBeenCalled();
      expect(app.read).toHaveBeenCalledTimes(3);

      await vi.advanceTimersByTimeAsync(1_000);
      await Promise.all([app.caller.read(), app.caller.read(), app.caller.read()]);
      expect(app.store.lookup).toHaveBeenCalledTimes(1);
      await vi.advanceTimersByTimeAsync(1_999); // the probe failed: twice as long
      await app.caller.read();
      expect(app.store.lookup).toHaveBeenCalledTimes(1);

      app.fault('lookup');
      await vi.advanceTimersByTimeAsync(1);
      app.read.mockClear();
      for (let call = 0; call < 3; call++) expect(await app.caller.read()).toEqual({ value: 1 });
      expect(app.store.lookup).toHaveBeenCalledTimes(4);
      expect(app.read).not.toHaveBeenCalled();
    });

    test('failures with successes between them open nothing', async () => {
      for (let call = 0; call < 12; call++) {
        app.fault('lookup', call % 4 === 3 ? undefined : throwing);
        await app.caller.read();
      }
      expect(app.store.lookup).toHaveBeenCalledTimes(12);
    });

    test('invalidations ignore the breaker: they are written while lookups are kept away', async () => {
      await warm();
      await failFiveTimes();
      expect(await app.cache.invalidate('read')).toMatchObject({ acknowledged: true });
      expect(app.store.advance).toHaveBeenCalledTimes(1);
    });

    test('a store that refuses an invalidation which waits is kept away from, too: no read sends it over and over', async () => {
      await warm();
      app.fault('advance', async () => throwing());
      await app.cache.invalidate('read').catch(() => {});
      for (let call = 0; call < 50; call++) expect(await app.caller.read()).toEqual({ value: 1 });
      expect(app.store.advance.mock.calls.length).toBeLessThan(10);
      app.fault('advance');
      await vi.advanceTimersByTimeAsync(60_000); // it is tried again without us
      app.row.value = 2;
      expect(await app.caller.read()).toEqual({ value: 2 });
    });

    test('a call that finds the breaker open joins nobody and stores nothing', async () => {
      await failFiveTimes();
      await Promise.all([app.caller.read(), app.caller.read()]);
      expect(app.read).toHaveBeenCalledTimes(2);
      expect(app.store.fill).not.toHaveBeenCalled();
    });
  });

  describeLostInvalidations(name, make);
}
