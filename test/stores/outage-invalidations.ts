import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/index.ts';
import { errorOf } from '../support/app.ts';
import { hanging, throwing } from '../support/stores.ts';
import { type OutageApp, outageApp, stateAfter } from './outage-app.ts';

/** What an invalidation must survive that the store did not confirm (law 4). */
export function describeLostInvalidations(name: string, make: () => Store): void {
  describe(`law 4: what could not be invalidated is not served: ${name}`, () => {
    let app: OutageApp;
    beforeEach(async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
      app = outageApp(make());
      await app.caller.read();
    });
    afterEach(async () => {
      app.fault('advance');
      await app.cache.close();
      vi.useRealTimers();
    });
    const refuse = async (work: () => Promise<unknown> = () => app.cache.invalidate('read')) => {
      app.fault('advance', throwing);
      const error = await errorOf(work);
      app.row.value = 2;
      return error;
    };

    test('an invalidation that was not acknowledged rejects, and says that it is kept', async () => {
      const error = await refuse();
      expect(error.code).toBe('NOT_ACKNOWLEDGED');
      expect(app.events.invalidate).toEqual([
        { targets: ['read'], acknowledged: false, error: expect.objectContaining({ code: 'NOT_ACKNOWLEDGED' }) },
      ]);
    });

    test('this process refuses the old entry at once, although the store would still give it', async () => {
      await refuse();
      expect(await app.caller.read()).toEqual({ value: 2 });
      expect(app.events.hit).toEqual([]);
      expect(app.events.bypass).toEqual([{ path: 'read', reason: 'store' }]);
    });

    test('it is written before the next lookup is trusted', async () => {
      await refuse();
      app.fault('advance');
      const order: string[] = [];
      app.store.advance.mockImplementationOnce(((epochs: never) => {
        order.push('advance');
        return make().advance(epochs);
      }) as never);
      app.store.lookup.mockImplementationOnce((() => {
        order.push('lookup');
        return throwing();
      }) as never);
      await app.caller.read();
      expect(order).toEqual(['advance', 'lookup']);
    });

    test('with the store back, the next query writes it and caches again; nobody is served the old answer', async () => {
      await refuse();
      app.fault('advance');
      expect(await app.caller.read()).toEqual({ value: 2 });
      app.read.mockClear();
      expect(await app.caller.read()).toEqual({ value: 2 });
      expect(app.read).not.toHaveBeenCalled();
    });

    test('it is retried in the background, less and less often, until it is written', async () => {
      await refuse();
      const sent = async (ms: number) => {
        app.store.advance.mockClear();
        await vi.advanceTimersByTimeAsync(ms);
        return app.store.advance.mock.calls.length;
      };
      expect(await sent(100)).toBe(1);
      expect(await sent(199)).toBe(0);
      expect(await sent(1)).toBe(1);
      expect(await sent(400)).toBe(1);
      app.fault('advance', async () => {});
      expect(await sent(60_000)).toBe(1);
      expect(await sent(60_000)).toBe(0);
    });

    test('an invalidation that hangs is given up after its own budget, kept and retried', async () => {
      app.fault('advance', hanging);
      const invalidation = app.cache.invalidate('read');
      expect(await stateAfter(999, invalidation)).toBe('pending');
      expect(await stateAfter(1, invalidation)).toMatchObject({ code: 'NOT_ACKNOWLEDGED' });
    });

    test('more than a thousand of them collapse into one for the namespace', async () => {
      const tags = Array.from({ length: 1_001 }, (_, index) => ({ tag: `tag-${index}` }));
      const [first, ...more] = tags as [{ tag: string }, ...{ tag: string }[]];
      await refuse(() => app.cache.invalidate(first, ...more));
      app.fault('advance');
      app.store.advance.mockClear();
      expect(await app.caller.read()).toEqual({ value: 2 });
      expect(app.store.advance.mock.calls.map(([epochs]) => epochs)).toEqual([['outage:e:all']]);
    });

    test('a mutation answers although its invalidation failed, and says so in an event', async () => {
      app.fault('advance', throwing);
      expect(await app.caller.write()).toEqual({ value: 2 });
      expect(app.events.invalidate).toMatchObject([{ targets: ['read'], acknowledged: false }]);
      expect(await app.caller.read()).toEqual({ value: 2 });
    });

    test("with onFailure: 'throw' the mutation fails, and its invalidation is kept all the same", async () => {
      app.fault('advance', throwing);
      const error = await errorOf(() => app.caller.writeStrictly());
      expect(error.cause).toMatchObject({ code: 'NOT_ACKNOWLEDGED' });
      expect(await app.caller.read()).toEqual({ value: 2 });
      app.fault('advance');
      expect(await app.caller.read()).toEqual({ value: 2 });
      expect(app.events.hit).toEqual([]);
    });

    test('with waitUntil the retries are kept alive after the response', async () => {
      const kept: Promise<unknown>[] = [];
      app = outageApp(make(), { waitUntil: (work) => void kept.push(work) });
      app.fault('advance', throwing);
      await app.caller.write();
      expect(kept).toHaveLength(1);
      app.fault('advance', async () => {});
      expect(await stateAfter(100, kept[0] as Promise<unknown>)).toBe(undefined);
      expect(app.store.advance).toHaveBeenCalledTimes(2);
    });
  });
}
