import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { memoryStore } from '../../src/index.ts';
import { expectBypass, expectHit, expectMiss, expectStale, faultStore, virtualClock } from '../../src/testing/index.ts';
import { ann, cacheOf, errorOf, perUser, requester, t } from '../support/app.ts';

const shop = (options: Parameters<typeof cacheOf>[0] = {}) => {
  const cache = cacheOf(options);
  const input = z.object({ id: z.number() });
  const router = t.router({
    item: t.procedure
      .input(input)
      .use(cache.cached({ ttl: '1m', staleWhileRevalidate: '1h' }))
      .query(({ input }) => input),
    other: t.procedure.use(cache.cached('1m')).query(() => 'other'),
    large: t.procedure.use(cache.cached({ ttl: '1m', maxBytes: 1 })).query(() => 'large'),
    failing: t.procedure.use(cache.cached('1m')).query((): string => {
      throw new Error('out of stock');
    }),
    never: t.procedure.use(cache.cached({ ttl: '1m', when: () => false })).query(() => 'never'),
    plain: t.procedure.query(() => 'plain'),
  });
  return { cache, router, caller: cache.register(router).createCaller(ann) };
};

describe('what a test expects of a call', () => {
  test('is confirmed, and what the call returns is returned', async () => {
    const clock = virtualClock();
    try {
      const { cache, caller } = shop();
      const item = () => caller.item({ id: 1 });
      expect(await expectMiss(cache, item)).toEqual({ id: 1 });
      expect(await expectHit(cache, item)).toEqual({ id: 1 });
      await clock.advance('2m');
      expect(await expectStale(cache, item, { path: 'item' })).toEqual({ id: 1 });
      expect(await expectBypass(cache, () => caller.never())).toBe('never');
      expect(await expectBypass(cache, () => caller.never(), { reason: 'when', path: 'never' })).toBe('never');
    } finally {
      clock.restore();
    }
  });

  test('is confirmed over HTTP, too', async () => {
    const { cache, router } = shop();
    const send = await requester({ ...cache.http({ router }) } as never);
    await expectMiss(cache, () => send('item', { input: { id: 1 } }));
    const reply = await expectHit(cache, () => send('item', { input: { id: 1 } }));
    expect(reply.status).toBe(200);
  });

  const told = async (work: () => Promise<unknown>) => (await errorOf(work)).message;

  test('a miss in place of a hit says why that may be', async () => {
    const { cache, caller } = shop();
    expect(await told(() => expectHit(cache, () => caller.item({ id: 1 })))).toBe(
      'expectHit: expected one hit, received a miss of item.\n' +
        'It is the first call, another input, scope or `vary` header, its time was up, or it was invalidated.',
    );
  });

  test('a miss after an answer that was not stored says that', async () => {
    const { cache, caller } = shop();
    await expectMiss(cache, () => caller.large());
    expect(await told(() => expectHit(cache, () => caller.large()))).toContain("was not stored the last time: 'size'");
  });

  test('a hit in place of a miss says since when', async () => {
    const { cache, caller } = shop();
    await caller.other();
    expect(await told(() => expectMiss(cache, () => caller.other(), { path: 'other' }))).toMatch(
      /^expectMiss: expected one miss of other, received a hit of other, stored \d+ ms ago\.\nIt was there already\./,
    );
  });

  test('a bypass says its reason and the fix, with the error if there was one', async () => {
    const scoped = shop({ scope: () => undefined as never });
    expect(await told(() => expectHit(scoped.cache, () => scoped.caller.other()))).toBe(
      'expectHit: expected one hit, received a bypass of other, because of: scope (' +
        'Error: scope: expected a non-empty string, null or everyone, received undefined).\n' +
        'The scope is neither a text nor null nor `everyone`: look at what the `scope` callback returns.',
    );
    const throwing = shop({
      scope: () => {
        throw new Error('no user');
      },
    });
    expect(await told(() => expectHit(throwing.cache, () => throwing.caller.other()))).toContain('Error: no user');
  });

  test('a bypass for another reason is not the one that was expected', async () => {
    const store = faultStore(memoryStore());
    const { cache, caller } = shop({ store, namespace: 'expect', scope: perUser });
    store.faults.next('lookup', 'drop', 2);
    await expectBypass(cache, () => caller.other(), { reason: 'store' });
    expect(await told(() => expectBypass(cache, () => caller.other(), { reason: 'when' }))).toContain(
      'expected one bypass (when), received a bypass of other, because of: store.',
    );
  });

  test('calls of other paths are not mistaken for the one that is meant', async () => {
    const { cache, caller } = shop();
    await caller.other();
    const both = async () => Promise.all([caller.item({ id: 1 }), caller.other()]);
    expect(await told(() => expectHit(cache, both))).toMatch(
      /^expectHit: expected one hit, received:\n {2}(?:miss of item|hit of other[^\n]*)\n {2}[^\n]*\nSeveral calls happened\. Say which one is meant: \{ path \}/,
    );
    expect(await expectHit(cache, both, { path: 'other' })).toEqual([{ id: 1 }, 'other']);
    await expectHit(cache, both, { calls: 2 });
  });

  test('several calls of one path must be as many as expected, and all alike', async () => {
    const { cache, caller } = shop();
    await caller.item({ id: 1 });
    const items = (...ids: number[]) => Promise.all(ids.map((id) => caller.item({ id })));
    await expectHit(cache, () => items(1, 1), { path: 'item', calls: 2 });
    expect(await told(() => expectHit(cache, () => items(1, 2), { path: 'item', calls: 2 }))).toContain('miss of item');
    expect(await told(() => expectHit(cache, () => items(1, 1), { path: 'item' }))).toContain(
      'Another number of calls happened',
    );
  });

  test('no call at all is no outcome', async () => {
    const { cache, caller } = shop();
    expect(await told(() => expectHit(cache, () => caller.plain()))).toContain('but no cached call was made.');
    expect(await told(() => expectHit(cache, () => caller.other(), { path: 'item' }))).toContain(
      'but no cached call of that path was made, only of other.',
    );
  });

  test('what the procedure throws is thrown, and nothing listens any more', async () => {
    const { cache, caller } = shop();
    let stops = 0;
    const on: typeof cache.on = (name, listener) => {
      const stop = cache.on(name, listener);
      return () => {
        stops += 1;
        stop();
      };
    };
    expect(await told(() => expectMiss({ on }, () => caller.failing()))).toBe('out of stock');
    expect(stops).toBe(6);
  });

  test('an option that nobody reads is refused', async () => {
    const { cache, caller } = shop();
    const mistake = () => expectHit(cache, () => caller.other(), { reason: 'when' } as never);
    expect(await told(mistake)).toContain('expectHit: unknown option "reason"');
  });
});
