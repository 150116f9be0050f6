import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, vi } from 'vitest';
import { publishEvents } from '../../src/node/index.ts';
import { cacheOf, counter, t } from '../support/app.ts';

describe('channels of Node', () => {
  const shop = (namespace: string) => {
    const cache = cacheOf({ namespace });
    const list = t.procedure.use(cache.cached('1h')).query(counter());
    return { cache, caller: cache.register(t.router({ list })).createCaller({}) };
  };
  /** What a channel carries while some work is done. */
  const during = async (name: string, work: () => Promise<unknown>) => {
    const seen: unknown[] = [];
    const listener = (message: unknown) => void seen.push(message);
    subscribe(name, listener);
    await work();
    unsubscribe(name, listener);
    return seen;
  };

  it('carry each event, and whose it is', async () => {
    const { cache, caller } = shop('shop');
    const stop = publishEvents(cache);
    expect(await during('trpc-cached:miss', () => caller.list())).toEqual([
      { namespace: 'shop', event: { path: 'list', coalesced: false } },
    ]);
    expect(await during('trpc-cached:hit', () => caller.list())).toEqual([
      { namespace: 'shop', event: { path: 'list', ageMs: expect.any(Number) } },
    ]);
    expect(await during('trpc-cached:invalidate', () => cache.invalidate('list'))).toMatchObject([
      { event: { targets: ['list'], acknowledged: true } },
    ]);
    stop();
    expect(await during('trpc-cached:miss', () => caller.list())).toEqual([]);
  });

  it('make no message where nobody subscribed, also after somebody did', async () => {
    const { cache, caller } = shop('shop');
    const stop = publishEvents(cache, { prefix: 'other' });
    const publish = vi.spyOn(channel('other:hit'), 'publish');
    await caller.list();
    await caller.list();
    expect(publish).not.toHaveBeenCalled();
    await during('other:hit', () => caller.list());
    await caller.list();
    expect(publish).toHaveBeenCalledTimes(1);
    stop();
  });

  it('carry an event once, however often somebody asks for it, until it is stopped', async () => {
    const { cache, caller } = shop('shop');
    const stop = publishEvents(cache);
    expect(publishEvents(cache, {})).toBe(stop);
    const other = publishEvents(cache, { prefix: 'another' });
    expect(other).not.toBe(stop);
    expect(await during('trpc-cached:miss', () => caller.list())).toHaveLength(1);
    stop();
    expect(await during('trpc-cached:hit', () => caller.list())).toEqual([]);
    expect(await during('another:hit', () => caller.list())).toHaveLength(1);
    const again = publishEvents(cache);
    stop(); // that one is over
    expect(await during('trpc-cached:hit', () => caller.list())).toHaveLength(1);
    expect(publishEvents(cache)).toBe(again);
    again();
    other();
  });

  it('refuse an option that is wrong', () => {
    const { cache } = shop('shop');
    expect(() => publishEvents(cache, { prefix: '' })).toThrow(/a name such as 'trpc-cached'/);
    expect(() => publishEvents(cache, { channel: 'a' } as never)).toThrow(/unknown option "channel"/);
  });
});
