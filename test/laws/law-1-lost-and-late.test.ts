import { describe, expect, test, vi } from 'vitest';
import { useUpstash } from '../stores/upstash-harness.ts';
import { cacheOf, counter, errorOf, t } from '../support/app.ts';
import type { Fault } from '../support/gateway.ts';
import { redisAvailable } from '../support/redis.ts';

describe.skipIf(!redisAvailable)('law 1 on Upstash, with what is lost, late or sent twice', () => {
  const upstash = useUpstash();
  /** A process of its own: cache, router, client. */
  const process = () => {
    const cache = cacheOf({ store: upstash.store(), namespace: 'law', timeouts: { read: '5s', write: '5s' } });
    const run = counter();
    const read = t.procedure.use(cache.cached({ ttl: '1h', tags: ['row'] })).query(run);
    const router = cache.register(t.router({ row: t.router({ read }) }));
    return { cache, run, caller: router.createCaller({}).row };
  };
  const warm = async () => {
    const [a, b] = [process(), process()];
    await a.caller.read();
    expect(await b.caller.read()).toBe(1);
    expect(b.run).not.toHaveBeenCalled();
    return { a, b };
  };
  const epochsOf = async () => ((await upstash.server.command('KEYS', 'law:e:*')) as string[]).sort();

  test('a store that was restarted, or emptied, has lost what was invalidated together with what it knew', async () => {
    for (const lose of [() => upstash.server.restart(), () => upstash.server.flush()]) {
      const { a, b } = await warm();
      await a.cache.invalidate('row.read');
      await lose();
      expect(await b.caller.read()).toBe(1); // its own first run
      expect(b.run).toHaveBeenCalledTimes(1);
      await upstash.server.flush();
    }
  });

  test('whichever of its epochs is evicted, an entry is a miss, and the next one a hit again', async () => {
    const { a, b } = await warm();
    const epochs = await epochsOf();
    expect(epochs.length).toBeGreaterThan(6);
    for (const epoch of epochs.filter((name) => name !== 'law:e:guard')) {
      const before = a.run.mock.calls.length + b.run.mock.calls.length;
      await upstash.server.command('DEL', epoch);
      await b.caller.read();
      await a.caller.read();
      expect(a.run.mock.calls.length + b.run.mock.calls.length, epoch).toBe(before + 1);
    }
  });

  test('a query in flight while its epochs are evicted, or the store restarts, is not cached', async () => {
    for (const lose of [() => upstash.server.flush(), () => upstash.server.restart()]) {
      const { a, b } = await warm();
      await a.cache.invalidate('row.read');
      let finish: (value: number) => void = () => {};
      a.run.mockImplementationOnce((() => new Promise<number>((resolve) => (finish = resolve))) as never);
      const query = a.caller.read();
      await vi.waitFor(() => expect(a.run).toHaveBeenCalledTimes(2));
      await lose();
      finish(-1);
      expect(await query).toBe(-1);
      expect(await b.caller.read()).toBe(1);
      expect(await a.caller.read()).toBe(1);
      await upstash.server.flush();
    }
  });

  const faults: [string, Fault][] = [
    ['its reply is lost, and the client sends it again', { kind: 'lose-reply', times: 1 }],
    ['it is lost, and the client sends it again', { kind: 'drop', times: 1 }],
    ['its reply is slow', { kind: 'delay', ms: 50, at: 'reply', times: 1 }],
  ];
  test.each(faults)('an invalidation counts as acknowledged, and is, when %s', async (_, fault) => {
    const { a, b } = await warm();
    upstash.gateway.fault = fault;
    expect(await a.cache.invalidate({ tag: 'row' })).toMatchObject({ acknowledged: true });
    await b.caller.read();
    expect(b.run).toHaveBeenCalledTimes(1);
  });

  test.each(faults)(
    'a lookup and a fill give the right answer, and one that can be invalidated, when %s',
    async (_, fault) => {
      const [a, b] = [process(), process()];
      upstash.gateway.fault = { ...fault, times: 2 };
      expect(await a.caller.read()).toBe(1);
      upstash.gateway.fault = undefined;
      await b.caller.read();
      expect(b.run).not.toHaveBeenCalled();
      await b.cache.invalidate('row.*');
      expect(await a.caller.read()).toBe(2);
    },
  );

  test('one process cannot acknowledge, another can: what the first kept is written late and harms only hits', async () => {
    const { a, b } = await warm();
    upstash.gateway.fault = { kind: 'error', status: 503, body: '{"error":"ERR down"}' };
    expect(await errorOf(() => a.cache.invalidate('row.read'))).toMatchObject({ code: 'NOT_ACKNOWLEDGED' });
    upstash.gateway.fault = undefined;
    await b.cache.invalidate('row.read');
    expect(await b.caller.read()).toBe(1);
    await a.caller.read();
    await a.caller.read();
    await b.caller.read();
    expect(a.run).toHaveBeenCalledTimes(2);
    expect(b.run).toHaveBeenCalledTimes(1);
    await a.cache.close();
  });
});
