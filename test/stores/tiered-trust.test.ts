import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryStore, tieredStore } from '../../src/index.ts';
import { errorOf } from '../support/app.ts';
import { createRemote, type Remote, settled, stopClocks, tierOn } from './tiered-world.ts';

const epochs = ['tier:e:all', 'tier:e:tag:a'];
const [all, tag] = epochs as [string, string];
const trust = '1s';

describe('a tier that trusts its copies for a while', () => {
  let remote: Remote;
  let a: ReturnType<typeof tierOn>;
  let b: ReturnType<typeof tierOn>;
  beforeEach(async () => {
    stopClocks();
    remote = createRemote();
    a = tierOn(remote, { trust });
    b = tierOn(remote, { trust });
    await a.store('k', epochs, '"old"');
    await b.read('k', epochs);
    remote.asked.length = 0;
  });
  afterEach(() => void vi.useRealTimers());
  const wait = (ms: number) => void vi.advanceTimersByTime(ms);
  const setWall = (ms: number) => void vi.setSystemTime(Date.now() + ms);

  /** Whether the remote was asked for a read, and what the read gave. */
  const readOf = async (one = b, names = epochs, exact?: boolean) => {
    const before = remote.asked.length;
    const text = await one.read('k', names, exact);
    return { text, asked: remote.asked.length - before };
  };
  const fromCopy = { text: '"old"', asked: 0 };
  const confirmed = { text: '"old"', asked: 1 };

  test('it answers without a request until the time is up, then asks for epochs alone, then answers again', async () => {
    expect(await readOf()).toEqual(fromCopy);
    wait(999);
    expect(await readOf()).toEqual(fromCopy);
    wait(1);
    expect(await readOf()).toEqual(confirmed);
    expect(remote.asked.at(-1)?.payload).toBe(false);
    wait(999);
    expect(await readOf()).toEqual(fromCopy);
  });

  test('an answer from the copy has every id that a call needs, and the same entry object each time', async () => {
    wait(1_000);
    const [whole, own] = [await b.lookup('k', epochs), await b.lookup('k', epochs)];
    expect(own).toEqual({ ...whole, trusted: true });
    expect(own.entry).toBe(whole.entry);
    expect(own.ids).toEqual(epochs.map((name) => remote.epochs.get(name)));
  });

  test('its own fill is trusted as an answer is', async () => {
    expect(await readOf(a)).toEqual(fromCopy);
  });

  test('an invalidation of its own ends the trust at once, that of another process within the time of trust', async () => {
    await a.tier.advance([tag]);
    expect(await readOf(a)).toEqual({ text: undefined, asked: 1 });
    expect(await readOf(b)).toEqual(fromCopy);
    wait(1_000);
    expect(await readOf(b)).toEqual({ text: undefined, asked: 1 });
  });

  test('expiring an epoch ends the trust as removing does', async () => {
    await a.tier.advance([tag], 'expire');
    expect(await readOf(a)).toEqual({ text: undefined, asked: 1 });
  });

  test('from the moment an invalidation is sent its copies are not trusted, whether it arrives or not', async () => {
    for (const way of ['hold the request', 'hold the reply'] as const) {
      wait(1_000);
      await readOf(a);
      a.link.way = way;
      const advance = a.tier.advance([tag]);
      expect((await readOf(a)).asked, way).toBe(1);
      remote.release();
      await advance;
      await a.store('k', epochs, '"old"');
    }
    for (const way of ['lose the request', 'lose the reply'] as const) {
      a.link.way = way;
      await errorOf(() => a.tier.advance([tag]));
      expect((await readOf(a)).asked, way).toBe(1);
    }
  });

  test('what was asked before an invalidation was confirmed is not trusted after it', async () => {
    wait(1_000);
    a.link.way = 'hold the request';
    const advance = a.tier.advance([tag]);
    expect(await readOf(a)).toEqual(confirmed); // not moved on yet, and nobody was promised that it is
    remote.release();
    await advance;
    expect(await readOf(a)).toEqual({ text: undefined, asked: 1 });
  });

  test('trust counts from when the question was sent, however late its answer comes', async () => {
    wait(1_000);
    b.link.way = 'hold the reply';
    const late = b.read('k', epochs);
    await settled();
    await a.tier.advance([tag]);
    wait(600);
    remote.release();
    expect(await late).toBe('"old"');
    expect(await readOf()).toEqual(fromCopy);
    wait(400);
    expect(await readOf()).toEqual({ text: undefined, asked: 1 });
  });

  test('trust in a fill counts from when it was sent, however late it is confirmed', async () => {
    await a.tier.advance([tag]);
    const { ids } = await a.lookup('k', epochs);
    a.link.way = 'hold the reply';
    const fill = a.fill('k', epochs, ids, '"new"');
    await settled();
    await b.tier.advance([tag]);
    wait(1_000);
    remote.release();
    expect(await fill).toBe('stored');
    expect(await readOf(a)).toEqual({ text: undefined, asked: 1 });
  });

  test('an answer that comes after an invalidation of its own, but was asked before, is never trusted', async () => {
    wait(1_000);
    b.link.way = 'hold the reply';
    const late = b.read('k', epochs);
    await settled();
    await b.tier.advance([all]);
    remote.release();
    expect(await late).toBe('"old"'); // it began before
    expect(await readOf()).toEqual({ text: undefined, asked: 1 });
  });

  test('a late answer does not take the place of what was stored meanwhile', async () => {
    const c = tierOn(remote, { trust });
    c.link.way = 'hold the reply';
    const late = c.read('k', epochs);
    await settled();
    await c.tier.advance([tag]);
    await c.store('k', epochs, '"new"');
    remote.release();
    await late;
    expect(await readOf(c)).toEqual({ text: '"new"', asked: 0 });
  });

  describe('with the bus', () => {
    test('a message ends the trust in what depends on its epochs, and in nothing else', async () => {
      await b.store('other', [all], '"other"');
      await a.tier.advance([tag]);
      remote.tell(({ moved }) => moved([tag]));
      expect(await readOf()).toEqual({ text: undefined, asked: 1 });
      expect(await b.read('other', [all])).toBe('"other"');
      expect(remote.asked.at(-1)?.operation).toBe('lookup');
      expect(remote.asked.filter(({ operation }) => operation === 'lookup')).toHaveLength(2);
    });

    test('a message about any epoch of the call counts, also one that the entry was not filled under', async () => {
      const names = [...epochs, 'tier:e:guard'];
      expect(await readOf(b, names)).toEqual(confirmed); // the guard was not known yet
      expect(await readOf(b, names)).toEqual(fromCopy);
      remote.tell(({ moved }) => moved(['tier:e:guard']));
      expect(await readOf(b, names)).toEqual(confirmed);
    });

    test('a fill whose confirmation comes after a message is not trusted', async () => {
      await b.tier.advance([tag]);
      const { ids } = await b.lookup('k', epochs);
      b.link.way = 'hold the reply';
      const fill = b.fill('k', epochs, ids, '"new"');
      await settled();
      await a.tier.advance([tag]);
      remote.tell(({ moved }) => moved([tag]));
      remote.release();
      expect(await fill).toBe('stored');
      expect(await readOf()).toEqual({ text: undefined, asked: 1 });
    });

    test('an answer that comes after a message, but was asked before, is not trusted', async () => {
      const c = tierOn(remote, { trust });
      c.link.way = 'hold the reply';
      const late = c.read('k', epochs);
      await settled();
      await a.tier.advance([tag]);
      remote.tell(({ moved }) => moved([tag]));
      remote.release();
      expect(await late).toBe('"old"');
      expect(await readOf(c)).toEqual({ text: undefined, asked: 1 });
    });

    test('when messages may have been lost, everything that was asked before is asked again', async () => {
      remote.tell(({ lost }) => lost());
      expect(await readOf()).toEqual(confirmed);
      expect(await readOf()).toEqual(fromCopy);
    });

    test('so many messages that not all can be remembered count as lost ones', async () => {
      const many = Array.from({ length: 10_000 }, (_, index) => `tier:e:tag:${index}`);
      remote.tell(({ moved }) => moved([tag]));
      expect(await readOf()).toEqual(confirmed);
      remote.tell(({ moved }) => moved(many)); // the move of the tag is forgotten, and nothing depends on it
      expect(await readOf()).toEqual(fromCopy);
      await a.tier.advance([tag]);
      remote.tell(({ moved }) => moved([tag]));
      remote.tell(({ moved }) => moved(many));
      expect(await readOf()).toEqual({ text: undefined, asked: 1 });
    });

    test('messages that come late, twice, or about something unknown cost a request at most', async () => {
      for (const names of [[tag], [tag], ['unknown'], []]) remote.tell(({ moved }) => moved(names));
      expect(await readOf()).toEqual(confirmed);
      expect(await readOf()).toEqual(fromCopy);
    });

    test('it is joined once, by the first lookup, left by close(), and a bus that cannot be joined is done without', async () => {
      const joins = remote.listeners.size;
      const c = tierOn(remote, { trust });
      const plain = tierOn(remote);
      expect(remote.listeners.size).toBe(joins);
      for (const one of [c, c, plain]) await one.read('k', epochs);
      expect(remote.listeners.size).toBe(joins + 1);
      const { store } = remote.connect();
      const refuses = () => {
        throw new Error('no bus here');
      };
      const tier = tieredStore(memoryStore(), { ...store, subscribe: refuses, close: () => {} }, { trust });
      for (let read = 0; read < 2; read++)
        expect((await tier.lookup({ key: 'k', epochs, keepMs: 1 })).entry?.key).toBe('k');
      const joined = tieredStore(memoryStore(), { ...store, close: () => {} }, { trust });
      await joined.lookup({ key: 'k', epochs, keepMs: 1 });
      expect(remote.listeners.size).toBe(joins + 2);
      await joined.close?.();
      await joined.lookup({ key: 'k', epochs, keepMs: 1 });
      expect(remote.listeners.size).toBe(joins + 1);
    });
  });

  test.each([
    ['some minutes back', -600_000],
    ['a moment back', -1],
    ['some minutes forward', 600_000],
  ])('a wall clock that is set %s ends the trust', async (_, ms) => {
    wait(1_800_000); // the entry is old enough not to come from the future
    expect(await readOf()).toEqual(confirmed);
    setWall(ms);
    expect((await readOf()).asked).toBe(1);
  });

  test('a wall clock that is set back by less than what has passed does not lengthen the trust', async () => {
    wait(900);
    setWall(-800);
    expect(await readOf()).toEqual(fromCopy);
    wait(100);
    expect((await readOf()).asked).toBe(1);
  });

  test('a monotonic clock that stood still, as in sleep, does not lengthen the trust', async () => {
    setWall(1_000);
    expect((await readOf()).asked).toBe(1);
  });

  test('a call that wants the exact truth asks, and so does one with an epoch that is not known', async () => {
    expect(await readOf(b, epochs, true)).toEqual(confirmed);
    expect(remote.asked.at(-1)?.exact).toBe(true);
    expect(await readOf(b, [...epochs, 'tier:e:tag:new'])).toEqual(confirmed);
  });

  test('a miss, and a copy past its time, ask the remote every time', async () => {
    for (let read = 0; read < 2; read++) {
      const before = remote.asked.length;
      await b.lookup('none', epochs);
      expect(remote.asked.length).toBe(before + 1);
    }
    wait(3_600_000);
    for (let read = 0; read < 2; read++) expect(await readOf()).toEqual({ text: undefined, asked: 1 });
  });

  test('nothing but ids known to be those of the entry is trusted: not those of an entry that is gone', async () => {
    await a.tier.advance([tag]);
    wait(1_000);
    for (let read = 0; read < 2; read++) expect(await readOf()).toEqual({ text: undefined, asked: 1 });
  });

  test('a remote that lost its memory, or evicted an epoch, is noticed when the trust is over', async () => {
    const losses = [() => remote.epochs.clear(), () => remote.epochs.delete(tag), () => remote.entries.clear()];
    for (const [index, lose] of losses.entries()) {
      wait(1_000);
      await readOf();
      lose();
      expect(await readOf()).toEqual(fromCopy);
      wait(1_000);
      const known = index === 2 ? '"old"' : undefined; // only the epochs decide
      expect(await readOf()).toEqual({ text: known, asked: 1 });
      if (index < 2) await b.store('k', epochs, '"old"');
    }
  });
});
