// Docs: docs/testing.md#the-outage-suite
import { check, same } from './check.ts';
import { finished, isUnacknowledged, type OutageApp, rejection, type TryOutage, watched } from './outage-app.ts';
import type { StoreCase } from './store-case.ts';

/** An invalidation that the store refused, and a database that changed. */
async function refuse(app: OutageApp, work = () => app.cache.invalidate('read') as Promise<unknown>): Promise<Error> {
  app.faults.always('advance', 'drop');
  const error = await rejection(app.clock, work(), 'An invalidation that the store did not confirm rejects.');
  app.row.value = 2;
  return error;
}

/** What an invalidation must survive that the store did not confirm. */
export const invalidationCases = (tries: TryOutage): StoreCase[] => {
  /** With an entry in the store. */
  const warm: TryOutage = (name, work, ...rest) =>
    tries(
      name,
      async (app) => {
        await app.warm();
        await work(app);
      },
      ...rest,
    );
  const kept: Promise<unknown>[] = [];

  return [
    warm('an invalidation that was not acknowledged rejects, and says that it is kept', async (app) => {
      check(isUnacknowledged(await refuse(app)), "It rejects with a CacheError 'NOT_ACKNOWLEDGED'.");
      const told = app.events.invalidate.map(({ targets, acknowledged }) => ({ targets, acknowledged }));
      same(told, [{ targets: ['read'], acknowledged: false }], 'It is told in an event.');
      check(isUnacknowledged(app.events.invalidate[0]?.error), 'The event holds the error.');
    }),

    warm('this process refuses the old entry at once, although the store would still give it', async (app) => {
      await refuse(app);
      same(await app.read(), { value: 2 }, 'What was invalidated is not served, whether the store knows of it or not.');
      same(app.events.hit, [], 'It is no hit.');
      same(app.events.bypass, [{ path: 'read', reason: 'store' }], 'The call is a bypass.');
    }),

    warm('an invalidation is written before the next lookup is trusted', async (app) => {
      await refuse(app);
      app.faults.heal();
      app.faults.next('lookup', 'drop');
      app.forget();
      await app.read();
      const order = app.faults.calls().map(({ operation }) => operation);
      same(order, ['advance', 'lookup'], 'What waits is written first, then the store is asked.');
    }),

    warm(
      'with the store back, the next query writes it and caches again; nobody is served the old answer',
      async (app) => {
        await refuse(app);
        app.faults.heal();
        same(await app.read(), { value: 2 }, 'The new answer is given.');
        app.forget();
        same([await app.read(), app.runs()], [{ value: 2 }, 0], 'It is cached again.');
      },
    ),

    warm('it is retried in the background, less and less often, until it is written', async (app) => {
      await refuse(app);
      const sent = async (ms: number) => {
        app.faults.forget();
        await app.clock.advance(`${ms}ms`);
        return app.sent('advance');
      };
      const tried = [await sent(100), await sent(199), await sent(1), await sent(400)];
      same(tried, [1, 0, 1, 1], 'It is tried again after 100, 200 and 400 ms.');
      app.faults.always('advance', { instead: async () => {} });
      same([await sent(60_000), await sent(60_000)], [1, 0], 'When it is written it is not tried again.');
    }),

    warm('an invalidation that hangs is given up after its own budget, kept and retried', async (app) => {
      app.faults.always('advance', 'hang');
      const invalidation = watched(app.cache.invalidate('read'));
      await app.clock.advance('999ms');
      same(invalidation.state(), 'pending', 'The store has a second.');
      await app.clock.advance('1ms');
      check(isUnacknowledged(invalidation.state()), 'After that second the invalidation rejects.');
    }),

    warm('more than a thousand of them collapse into one for the namespace', async (app) => {
      const tags = Array.from({ length: 1_001 }, (_, index) => ({ tag: `tag-${index}` }));
      const [first, ...more] = tags as [{ tag: string }, ...{ tag: string }[]];
      await refuse(app, () => app.cache.invalidate(first, ...more));
      app.faults.heal();
      app.forget();
      same(await app.read(), { value: 2 }, 'The new answer is given.');
      const written = app.faults.calls('advance').map(({ args }) => args[0]);
      same(written, [[`${app.namespace}:e:all`]], 'One epoch is moved on for all of them.');
    }),

    warm('a mutation answers although its invalidation failed, and says so in an event', async (app) => {
      app.faults.always('advance', 'drop');
      same(await app.write(), { value: 2 }, 'The mutation is answered.');
      const told = app.events.invalidate.map(({ targets, acknowledged }) => ({ targets, acknowledged }));
      same(told, [{ targets: ['read'], acknowledged: false }], 'That nothing was confirmed is an event.');
      same(await app.read(), { value: 2 }, 'What it changed is not served as it was.');
    }),

    warm("with onFailure: 'throw' the mutation fails, and its invalidation is kept all the same", async (app) => {
      app.faults.always('advance', 'drop');
      const error = await rejection(app.clock, app.writeStrictly(), "With onFailure: 'throw' the mutation fails.");
      check(isUnacknowledged(error), "The cause of its failure is a CacheError 'NOT_ACKNOWLEDGED'.");
      same(await app.read(), { value: 2 }, 'What it changed is not served as it was.');
      app.faults.heal();
      same(await app.read(), { value: 2 }, 'Nor is it when the store is back.');
      same(app.events.hit, [], 'Neither is a hit.');
    }),

    warm('an invalidation whose reply was lost is written again, and does no harm by that', async (app) => {
      app.faults.next('advance', 'lose-reply');
      const error = await rejection(app.clock, app.cache.invalidate('read'), 'Without a reply nothing is confirmed.');
      check(isUnacknowledged(error), "It rejects with a CacheError 'NOT_ACKNOWLEDGED'.");
      app.row.value = 2;
      app.faults.next('advance', 'twice');
      same(await app.read(), { value: 2 }, 'The new answer is given.');
      app.forget();
      same([await app.read(), app.runs()], [{ value: 2 }, 0], 'It is cached again.');
    }),

    tries(
      'with waitUntil the retries are kept alive after the response',
      async (app) => {
        app.faults.always('advance', 'drop');
        await app.write();
        same(kept.length, 1, 'The retries are handed to waitUntil.');
        app.faults.always('advance', { instead: async () => {} });
        await app.clock.advance('100ms');
        same(await finished(app.clock, kept[0]), undefined, 'They end when the invalidation is written.');
        same(app.sent('advance'), 2, 'It was tried a second time.');
      },
      (list) => ({ waitUntil: (work) => void list.push(work) }),
      kept,
    ),
  ];
};
