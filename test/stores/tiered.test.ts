import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeEntry } from '../../src/frame.ts';
import { type Entry, memoryStore, type Store, tieredStore } from '../../src/index.ts';
import { redisAvailable } from '../support/redis.ts';
import { describeStore, entryOf, freshNames, pairs } from './contract.ts';
import { describeOutage } from './outage.ts';
import { createRemote, freshText, hour, type Remote, settled, stopClocks, tierOn } from './tiered-world.ts';
import { useUpstash } from './upstash-harness.ts';

const asRemote = (store: Store): Store => ({ ...store, supports: { local: false } });

const tiers: [string, (remote: Store) => Store][] = [
  ['a tier over memory, as if it were remote', (remote) => tieredStore(memoryStore(), remote)],
  ['a tier that trusts its copies', (remote) => tieredStore(memoryStore(), remote, { trust: '1m' })],
  ['a tier over a tier', (remote) => tieredStore(memoryStore(), tieredStore(memoryStore(), remote))],
];
for (const [name, tierOver] of tiers) {
  let remote: Store;
  const make = () => tierOver((remote = asRemote(memoryStore())));
  describeStore(name, make, undefined, { another: () => tierOver(remote) });
}
describeOutage('a tier over memory, as if it were remote', () => tieredStore(memoryStore(), asRemote(memoryStore())));

describe.skipIf(!redisAvailable)('a tier over Upstash', () => {
  const upstash = useUpstash();
  const evict = async (...keys: string[]) => void (await upstash.server.command('DEL', ...keys));
  for (const reads of ['primary', 'nearest'] as const) {
    const make = () => tieredStore(memoryStore(), upstash.store({}, { reads }));
    describeStore(`a tier over Upstash, reads ${reads}`, make, evict, { another: make });
  }
  describeOutage('a tier over Upstash, reads primary', () => tieredStore(memoryStore(), upstash.store({})));

  test('an entry that was damaged in Redis says nothing about the copy of the process, whatever epochs it names', async () => {
    const [a, b, c] = freshNames(3) as [string, string, string];
    const tier = tieredStore(memoryStore(), upstash.store());
    const { ids } = await tier.lookup({ key: 'k', epochs: [a, b, c], keepMs: hour });
    expect(ids[1]).toBe(ids[2]); // planted in one trip
    const made = { ...entryOf('k', [a, b], ids.slice(0, 2)), id: 'one' };
    await tier.fill({ entry: made, unchanged: pairs([a, b], ids.slice(0, 2)), keepMs: hour });
    const other = writeEntry({ ...made, epochs: [a, c], id: 'other' });
    await upstash.server.command('SET', 'k', other.slice(0, -1));
    await tier.advance([b]);
    const answer = await tier.lookup({ key: 'k', epochs: [a], keepMs: hour });
    expect(freshText('k', answer)).toBeUndefined();
  });
});

describe('a tier that asks the remote on every lookup', () => {
  const epochs = ['tier:e:all', 'tier:e:tag:a'];
  let remote: Remote;
  let a: ReturnType<typeof tierOn>;
  let b: ReturnType<typeof tierOn>;
  beforeEach(() => {
    stopClocks();
    remote = createRemote();
    a = tierOn(remote);
    b = tierOn(remote);
  });
  afterEach(() => void vi.useRealTimers());
  const payloads = () => remote.asked.filter(({ payload }) => payload).length;

  test('an entry comes from the remote once, and is the same object from then on', async () => {
    await a.store('k', epochs, '"v"');
    const first = await b.lookup('k', epochs);
    for (let read = 0; read < 3; read++) {
      const again = await b.lookup('k', epochs);
      expect(again.entry).toBe(first.entry);
      expect(again).toEqual(first);
    }
    expect(payloads()).toBe(1);
    expect(remote.asked).toHaveLength(2 + 4);
  });

  test('what the process filled itself never comes back from the remote', async () => {
    await a.store('k', epochs, '"v"');
    for (let read = 0; read < 3; read++) expect(await a.read('k', epochs)).toBe('"v"');
    expect(payloads()).toBe(0);
  });

  test('another fill replaces the copy, whichever process made it', async () => {
    for (const [index, one] of [a, b, a, b].entries()) {
      await one.store('k', epochs, `${index}`);
      for (const { read } of [a, b]) expect(await read('k', epochs)).toBe(`${index}`);
    }
  });

  test('an entry that the remote evicted is served from the copy as long as its epochs say so', async () => {
    await a.store('k', epochs, '"v"');
    remote.entries.clear();
    expect(await a.read('k', epochs)).toBe('"v"');
    expect(await b.read('k', epochs)).toBeUndefined();
    await b.tier.advance([epochs[1] as string]);
    expect(await a.read('k', epochs)).toBeUndefined();
  });

  test.each([
    ['lost its memory', () => remote.epochs.clear()],
    ['evicted an epoch', () => remote.epochs.delete(epochs[1] as string)],
  ])('a copy is of no use once the remote %s', async (_, lose) => {
    await a.store('k', epochs, '"v"');
    lose();
    for (let read = 0; read < 2; read++) expect(await a.read('k', epochs)).toBeUndefined();
  });

  test('an epoch of the entry that the call does not ask for counts, and is not planted', async () => {
    await a.store('k', epochs, '"v"');
    remote.epochs.delete(epochs[1] as string);
    expect(await a.read('k', [epochs[0] as string])).toBeUndefined();
    expect(remote.epochs.has(epochs[1] as string)).toBe(false);
  });

  test('a copy that was expired, not removed, is still there for the stale windows', async () => {
    await a.store('k', epochs, '"v"');
    await b.tier.advance([epochs[1] as string], 'expire');
    const { entry, own } = await a.lookup('k', epochs);
    expect(entry?.body.text).toBe('"v"');
    expect(own[1]).toBe(`${entry?.ids[1]}~${own[1]?.split('~')[1]}`);
  });

  test('a remote that knows nothing of copies works: it sends the entry, and ours stays', async () => {
    const { store } = remote.connect();
    const plain: Store = { ...store, lookup: ({ held: _, ...request }) => store.lookup(request) };
    await a.store('k', epochs, '"v"');
    const tier = tieredStore(memoryStore(), plain);
    const look = () => tier.lookup({ key: 'k', epochs, keepMs: hour });
    const first = await look();
    expect(await look()).toEqual(first);
    expect((await look()).entry).toBe(first.entry);
    remote.entries.clear();
    expect((await look()).entry).toBeUndefined(); // it gave no ids of the copy's epochs
  });

  test('a fill that the remote refused, or could not take, is kept nowhere', async () => {
    const { ids } = await a.lookup('k', epochs);
    await b.tier.advance(epochs);
    expect(await a.fill('k', epochs, ids, '"v"')).toBe('invalidated');
    for (const way of ['lose the request', 'lose the reply'] as const) {
      const now = await a.lookup('k', epochs);
      a.link.way = way;
      await expect(a.fill('k', epochs, now.ids, '"v"')).rejects.toThrow('lost');
    }
    expect((await a.local.lookup({ key: 'k', epochs: [], keepMs: hour })).entry).toBeUndefined();
  });

  test('an entry too large for the container, or pushed out of it, comes from the remote', async () => {
    const small = tierOn(remote, {}, memoryStore({ maxEntries: 1, maxBytes: 20_000 }));
    expect(await small.store('k', epochs, `"${'x'.repeat(20_000)}"`)).toBe('stored');
    for (let read = 1; read <= 2; read++) {
      expect(await small.read('k', epochs)).toHaveLength(20_002);
      expect(payloads()).toBe(read);
    }
    expect(await small.store('k', epochs, '"v"')).toBe('stored');
    await small.store('other', epochs, '"w"');
    const before = payloads();
    expect(await small.read('k', epochs)).toBe('"v"');
    expect(payloads()).toBe(before + 1);
  });

  test('a copy lives as long as its entry has left, not longer than a call says, and never longer by a clock set back', async () => {
    const copyOf = async (one: typeof a) => (await one.local.lookup({ key: 'k', epochs: [], keepMs: 1 })).entry;
    await a.store('k', epochs, '"v"'); // fresh for one hour, stale for another
    vi.advanceTimersByTime(1.5 * hour);
    expect((await b.lookup('k', epochs)).entry?.body.text).toBe('"v"');
    const c = tierOn(remote);
    await c.tier.lookup({ key: 'k', epochs, keepMs: 1_000 });
    vi.advanceTimersByTime(1_000);
    expect([await copyOf(b), await copyOf(c)]).toEqual([expect.anything(), undefined]);
    vi.advanceTimersByTime(hour / 2 - 1_000);
    expect(await copyOf(b)).toBeUndefined();

    await a.store('k', epochs, '"w"');
    vi.advanceTimersByTime(2 * hour);
    vi.setSystemTime(Date.now() - 1.5 * hour);
    remote.entries.clear(); // by its own clock
    expect(await a.read('k', epochs)).toBeUndefined();
  });

  test('an answer that comes late does not take the place of a newer copy', async () => {
    await a.store('k', epochs, '"old"');
    b.link.way = 'hold the reply';
    const late = b.read('k', epochs);
    await settled();
    await b.store('k', epochs, '"new"');
    remote.release();
    expect(await late).toBe('"old"');
    const before = payloads();
    expect(await b.read('k', epochs)).toBe('"new"');
    expect(payloads()).toBe(before);
  });

  test("what somebody else put into the container is not taken for the tier's own", async () => {
    const { ids } = await a.lookup('k', epochs);
    const entry: Entry = { ...entryOf('k', epochs, ids), id: 'stranger' };
    await a.local.fill({ entry, unchanged: [], keepMs: hour });
    expect((await a.lookup('k', epochs)).entry).toBeUndefined();
  });

  test('entries without an id of their fill are coherent as well, at the price of their payload', async () => {
    const { ids } = await a.lookup('k', epochs);
    const entry = entryOf('k', epochs, ids);
    await a.tier.fill({ entry, unchanged: pairs(epochs, ids), keepMs: hour });
    expect(await a.read('k', epochs)).toBe(entry.body.text);
    await b.tier.advance(epochs);
    expect(await a.read('k', epochs)).toBeUndefined();
  });

  test('a lookup of epochs alone goes to the remote as it is', async () => {
    const { ids } = await a.lookup('k', epochs);
    expect(await a.tier.lookup({ epochs, keepMs: hour })).toEqual({ ids, entry: undefined, own: [] });
  });

  test('a request that is lost rejects, and the next one finds the copy as it was', async () => {
    await a.store('k', epochs, '"v"');
    for (const way of ['lose the request', 'lose the reply'] as const) {
      a.link.way = way;
      await expect(a.lookup('k', epochs)).rejects.toThrow('lost');
    }
    expect(await a.read('k', epochs)).toBe('"v"');
    expect(payloads()).toBe(0);
  });
});

describe('making a tier', () => {
  const remote = asRemote(memoryStore());

  test('its name tells both stores, and it has what the remote has, nothing else', async () => {
    const { lookup, fill, advance, ...more } = remote;
    const plain = tieredStore(memoryStore(), { name: 'plain', supports: { local: false }, lookup, fill, advance });
    expect(plain.name).toBe('tiered(memory, plain)');
    expect(Object.keys(plain).sort()).toEqual(['advance', 'fill', 'lookup', 'name', 'supports']);
    expect(plain.supports.local).toBe(false);

    const calls: unknown[] = [];
    const note =
      (name: string) =>
      (...given: unknown[]): never => {
        calls.push([name, ...given]);
        return name as never;
      };
    const all: Store = {
      ...{ ...plain, ...more },
      lease: note('lease'),
      release: note('release'),
      subscribe: note('subscribe'),
      close: note('close'),
    };
    const tier = tieredStore(memoryStore(), all);
    const lease = { name: 'l', token: 't' };
    const listener = { moved() {}, lost() {} };
    expect(tier.lease?.(lease, 'k', 5)).toBe('lease');
    expect(tier.release?.(lease)).toBe('release');
    expect(tier.subscribe?.(listener)).toBe('subscribe');
    expect(tier.close?.()).toBe('close');
    expect(calls).toEqual([['lease', lease, 'k', 5], ['release', lease], ['subscribe', listener], ['close']]);
  });

  test('a lease is given back with the fill, and not by the container', async () => {
    const world = createRemote();
    const { store } = world.connect();
    const fill = vi.fn(store.fill);
    const local = memoryStore();
    const contained = vi.spyOn(local, 'fill');
    const tier = tieredStore(local, { ...store, fill });
    const { ids } = await tier.lookup({ key: 'k', epochs: ['e'], keepMs: hour });
    const lease = { name: 'l', token: 't' };
    const entry = entryOf('k', ['e'], ids);
    await tier.fill({ entry, unchanged: pairs(['e'], ids), keepMs: hour, lease });
    expect(fill).toHaveBeenCalledWith(expect.objectContaining({ lease }));
    expect(contained).toHaveBeenCalledWith({ entry, unchanged: [], keepMs: hour });
  });

  test('it does no work: no clock, no random, no request, no bus', () => {
    const spies = [vi.spyOn(Date, 'now'), vi.spyOn(performance, 'now'), vi.spyOn(crypto, 'getRandomValues')];
    const world = createRemote();
    tieredStore(memoryStore(), world.connect().store, { trust: '1s' });
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    expect([world.asked.length, world.listeners.size]).toEqual([0, 0]);
    vi.restoreAllMocks();
  });

  test.each([
    [() => tieredStore(remote, remote), 'tieredStore: local: expected a store of the process such as memoryStore()'],
    [() => tieredStore(undefined as never, remote), 'tieredStore: local: expected a store of the process'],
    [() => tieredStore({} as never, remote), 'tieredStore: local: expected a store of the process'],
    [
      () => tieredStore(memoryStore(), memoryStore()),
      'tieredStore: remote: expected a store of many processes such as upstashStore(redis); of your own, one with supports: { local: false }, received "memory"',
    ],
    [() => tieredStore(memoryStore(), null as never), 'tieredStore: remote: expected a store of many processes'],
    [() => tieredStore(memoryStore(), remote, { ttl: 1 } as never), 'tieredStore: unknown option "ttl"'],
    [() => tieredStore(memoryStore(), remote, { trust: -1 }), 'tieredStore: trust: expected a duration above zero'],
    [() => tieredStore(memoryStore(), remote, { trust: Number.NaN }), 'tieredStore: trust: expected a duration'],
    [() => tieredStore(memoryStore(), remote, { trust: '5 s' as never }), 'tieredStore: trust: expected a duration'],
    [() => tieredStore(memoryStore(), remote, { trust: null as never }), 'tieredStore: trust: expected a duration'],
  ])('it refuses what it cannot work with: %s', (make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ name: 'CacheError' }));
  });
});
