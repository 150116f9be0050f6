import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { memoryStore } from '../../src/index.ts';
import { ann, bob, cacheOf, counter, deferred, listen, perUser, t } from '../support/app.ts';
import { pass, useClock } from '../support/http-checks.ts';
import { faultyStore } from '../support/stores.ts';

const openFor = (options: Parameters<typeof cacheOf>[0] = {}, ...cachedArgs: readonly any[]) => {
  const cache = cacheOf(options);
  const run = counter();
  const router = cache.register(
    t.router({
      one: t.procedure
        .input(z.union([z.string(), z.number(), z.object({ mail: z.string() })]).optional())
        .use(cache.cached(...(cachedArgs.length > 0 ? cachedArgs : ['1h'])))
        .query(run),
      act: t.procedure.use(cache.invalidates('one')).mutation(() => 'ok'),
    }),
  );
  return {
    cache,
    run,
    caller: router.createCaller({}),
    asAnn: router.createCaller(ann),
    asBob: router.createCaller(bob),
  };
};

describe('enabled', () => {
  test('false runs every procedure and says so', async () => {
    const { cache, caller } = openFor({ enabled: false });
    const bypassed = listen(cache, 'bypass');
    expect([await caller.one(), await caller.one()]).toEqual([1, 2]);
    expect(bypassed).toEqual(Array(2).fill({ path: 'one', reason: 'disabled' }));
  });

  test('as a function is asked for each call, with ctx, input and path', async () => {
    const enabled = vi.fn(({ input }) => input !== 'off');
    const { asAnn } = openFor({ enabled });
    expect([await asAnn.one('off'), await asAnn.one('off'), await asAnn.one('on'), await asAnn.one('on')]).toEqual([
      1, 2, 3, 3,
    ]);
    expect(enabled).toHaveBeenCalledWith({ ctx: ann, input: 'off', path: 'one' });
  });

  test('can be switched at run time; what was invalidated meanwhile stays invalid', async () => {
    let on = true;
    const { cache, caller } = openFor({ enabled: () => on });
    expect(await caller.one()).toBe(1);
    on = false;
    expect(await caller.one()).toBe(2);
    await caller.act();
    on = true;
    expect(await caller.one()).toBe(3);
    on = false;
    await cache.invalidate('one');
    on = true;
    expect(await caller.one()).toBe(4);
  });

  test('that throws is a bypass, not an error of the caller', async () => {
    const broken = () => {
      throw new Error('the flag service is down');
    };
    const { cache, caller } = openFor({ enabled: broken });
    const bypassed = listen(cache, 'bypass');
    expect([await caller.one(), await caller.one()]).toEqual([1, 2]);
    expect(bypassed.map(({ reason }) => reason)).toEqual(['callback', 'callback']);
  });
});

describe('namespace', () => {
  test('keeps two applications on one store apart, in entries and in targets', async () => {
    const store = memoryStore();
    const [shop, blog] = ['shop', 'blog'].map((namespace) => openFor({ store, namespace }));
    expect([await shop!.caller.one(), await blog!.caller.one()]).toEqual([1, 1]);
    await shop!.cache.invalidate('*');
    await shop!.cache.clear();
    expect([await shop!.caller.one(), await blog!.caller.one()]).toEqual([2, 1]);
  });

  test.each([
    ['a', 'a:b'],
    ['a:e', 'a'],
    ['a*b', 'a'],
    ["a'b", 'a'],
    ['', ' '],
  ])('%j and %j never meet, however they are written', async (one, other) => {
    const store = memoryStore();
    const [first, second] = [one || 'default', other].map((namespace) => openFor({ store, namespace }));
    expect([await first!.caller.one(), await second!.caller.one()]).toEqual([1, 1]);
    await first!.cache.clear();
    expect([await first!.caller.one(), await second!.caller.one()]).toEqual([2, 1]);
  });
});

test('version: another meaning of outputs reads no older entries, and invalidations reach both', async () => {
  const store = memoryStore();
  const [older, newer] = ['1', '2'].map((version) => openFor({ store, version }));
  expect([await older!.caller.one(), await newer!.caller.one(), await older!.caller.one()]).toEqual([1, 1, 1]);
  await newer!.caller.act();
  expect([await older!.caller.one(), await newer!.caller.one()]).toEqual([2, 2]);
});

describe('defaults', () => {
  useClock();

  test('hold where a query says nothing, and cached() needs no argument', async () => {
    const { caller } = openFor({ defaults: { ttl: '1m' } }, undefined);
    expect(await caller.one()).toBe(1);
    pass(59);
    expect(await caller.one()).toBe(1);
    pass(1);
    expect(await caller.one()).toBe(2);
  });

  test('of scope hold before the scope of the cache', async () => {
    const { asAnn, asBob } = openFor({ scope: 'public', defaults: { scope: perUser } });
    expect([await asAnn.one(), await asBob.one()]).toEqual([1, 2]);
  });

  test('are not undone by an option that is undefined', async () => {
    const { asAnn, asBob } = openFor({ defaults: { ttl: '1m', scope: perUser } }, { scope: undefined, ttl: undefined });
    expect([await asAnn.one(), await asBob.one()]).toEqual([1, 2]);
  });

  test('are replaced by those of a query', async () => {
    const { asAnn, asBob } = openFor({ defaults: { ttl: '1m', scope: perUser } }, { scope: 'public' });
    expect([await asAnn.one(), await asBob.one()]).toEqual([1, 1]);
  });
});

describe('store', () => {
  test('as a function is called at first use, with that context, and once', async () => {
    const store = vi.fn((_opts: unknown) => memoryStore());
    const { asAnn, asBob } = openFor({ store, namespace: 'test' });
    expect(store).not.toHaveBeenCalled();
    expect([await asAnn.one(), await asBob.one()]).toEqual([1, 1]);
    expect(store.mock.calls).toEqual([[{ ctx: ann }]]);
  });

  test('as a function is opened by a mutation, too, with its context', async () => {
    const store = vi.fn((_opts: unknown) => memoryStore());
    const { asBob } = openFor({ store, namespace: 'test' });
    await asBob.act();
    expect(store.mock.calls).toEqual([[{ ctx: bob }]]);
  });

  test('as a function that throws breaks no procedure, and is called again', async () => {
    const store = vi
      .fn((_opts: unknown) => memoryStore())
      .mockImplementationOnce(() => {
        throw new Error('no binding');
      });
    const { cache, caller } = openFor({ store, namespace: 'test' });
    const bypassed = listen(cache, 'bypass');
    expect([await caller.one(), await caller.one(), await caller.one()]).toEqual([1, 2, 2]);
    expect(bypassed).toEqual([{ path: 'one', reason: 'store' }]);
  });
});

describe('waitUntil', () => {
  test('gets the write of a fill with the context, and the answer does not wait for it', async () => {
    const { store, fault } = faultyStore();
    const writing = deferred<'stored'>();
    fault('fill', () => writing.promise);
    const waitUntil = vi.fn((_work: Promise<unknown>, _opts: unknown) => {});
    const { cache, asAnn } = openFor({ store, namespace: 'test', waitUntil });
    const fills = listen(cache, 'fill');
    expect(await asAnn.one()).toBe(1);
    expect(fills).toEqual([]);
    expect(waitUntil).toHaveBeenCalledWith(expect.any(Promise), { ctx: ann });
    writing.resolve('stored');
    await waitUntil.mock.calls[0]![0];
    expect(fills).toHaveLength(1);
  });

  test('that throws breaks nothing: the answer waits for the write', async () => {
    const { store } = faultyStore();
    const waitUntil = () => {
      throw new Error('no execution context');
    };
    const { cache, caller } = openFor({ store, namespace: 'test', waitUntil });
    const errors = listen(cache, 'error');
    expect([await caller.one(), await caller.one()]).toEqual([1, 1]);
    expect(errors).toEqual([{ operation: 'waitUntil', error: new Error('no execution context') }]);
  });

  test('without it the answer waits for the write, no longer than the time budget of the store', async () => {
    const { store, fault } = faultyStore();
    fault('fill', () => new Promise(() => {}));
    const { cache, caller } = openFor({ store, namespace: 'test', timeouts: { read: '30ms' } });
    const errors = listen(cache, 'error');
    expect(await caller.one()).toBe(1);
    expect(errors).toEqual([expect.objectContaining({ operation: 'fill' })]);
  });
});

describe('hashKeys', () => {
  const secret = 'ann@example.org';
  const keysOf = async (hashKeys: boolean) => {
    const { store } = faultyStore({ remote: false });
    const { asAnn, cache } = openFor({ store, hashKeys, scope: () => secret }, { ttl: '1h', tags: [`mail:${secret}`] });
    await asAnn.one({ mail: secret });
    await cache.invalidate({ path: 'one', input: { mail: secret } }, { tag: `mail:${secret}` }, { scope: secret });
    const again = await asAnn.one({ mail: secret });
    return { text: JSON.stringify([store.lookup.mock.calls, store.advance.mock.calls]), again };
  };

  test('keeps inputs, scopes and tags out of keys, and everything is found all the same', async () => {
    const { text, again } = await keysOf(true);
    expect(text).not.toContain(secret);
    expect(text).toContain('one');
    expect(again).toBe(2);
  });

  test('is off by default: short keys are readable', async () => {
    expect((await keysOf(false)).text).toContain(secret);
  });
});

describe('events', () => {
  test('tell the story of a call', async () => {
    const { cache, caller } = openFor();
    const story: string[] = [];
    for (const name of ['hit', 'miss', 'bypass', 'fill', 'skip', 'invalidate', 'widen', 'error'] as const)
      cache.on(name, () => story.push(name));
    await caller.one();
    await caller.one();
    await caller.act();
    await caller.one();
    expect(story).toEqual(['miss', 'fill', 'hit', 'invalidate', 'miss', 'fill']);
  });

  test('stop when the listener is taken away, and a listener that throws harms nobody', async () => {
    const { cache, caller } = openFor();
    const seen = vi.fn();
    cache.on('miss', () => {
      throw new Error('a broken subscriber');
    });
    const off = cache.on('miss', seen);
    expect(await caller.one(1)).toBe(1);
    off();
    expect(await caller.one(2)).toBe(2);
    expect(seen.mock.calls).toEqual([[{ path: 'one', coalesced: false }]]);
  });

  test('hold neither keys nor inputs, and nothing is printed', async () => {
    const printed = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name));
    const { cache, caller } = openFor();
    const seen = (['hit', 'miss', 'fill', 'invalidate'] as const).map((name) => listen(cache, name as 'hit'));
    await caller.one('ann@example.org');
    await caller.one('ann@example.org');
    await cache.invalidate({ path: 'one', input: 'ann@example.org' });
    expect(JSON.stringify(seen)).not.toContain('ann@');
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });
});
