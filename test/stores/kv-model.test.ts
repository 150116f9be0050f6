import { describe, expect, test } from 'vitest';
import { type KeyvClient, kvStore } from '../../src/stores/kv.ts';
import { oneKey, oneRemoved, violations, type Weather } from './kv-world.ts';

/** Orders of requests, one for each seed, until one breaks law 1. */
async function orders(seeds: number, weather: Weather, learns: boolean, variant?: (client: KeyvClient) => KeyvClient) {
  let hits = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const one = await violations(seed, weather, learns, variant);
    hits += one.hits;
    if (one.wrong.length > 0) return { wrong: one.wrong, hits };
  }
  return { wrong: [], hits };
}

const weathers: [string, Weather][] = [
  ['nothing goes wrong', {}],
  ['a write is applied once more, late', { repeats: 1 }],
  [
    'a write comes twice, others are given up and applied all the same, keys vanish',
    { repeats: 1, givenUp: 2, evictions: 2 },
  ],
];

describe('law 1 on a store that cannot write only if absent, in random orders of its requests', () => {
  describe.each([
    ['tags that are known', false],
    ['tags that the procedure adds', true],
  ])('with %s', (_, learns) => {
    test.each(weathers)('nothing is served that was invalidated before it was asked for: %s', async (_, weather) => {
      const { wrong, hits } = await orders(60, weather, learns);
      expect(wrong).toEqual([]);
      expect(hits).toBeGreaterThan(60);
    });
  });

  // Each of these is a store that would be simpler.
  test.each([
    ['an epoch were one value', oneKey],
    ['moving on took one of its two values away', oneRemoved],
  ])('the same orders find what would be served if %s', async (_, variant) => {
    const { wrong } = await orders(400, { repeats: 1 }, false, variant);
    expect(wrong[0]).toMatch(/^seed \d+: version \d+ after \d+ was acknowledged$/);
  });
});

describe('what is sent to the backend', () => {
  /** A backend that writes down what it is sent, and answers when it is told to. */
  const recording = () => {
    const values = new Map<string, unknown>();
    const sent: string[] = [];
    const held: (() => void)[] = [];
    let holds = false;
    const answer = <T>(what: string, work: () => T) => {
      sent.push(what);
      return holds ? new Promise<T>((resolve) => held.push(() => resolve(work()))) : Promise.resolve(work());
    };
    const client: KeyvClient = {
      get: (key) => answer(`get ${key}`, () => values.get(key)),
      getMany: () => Promise.reject(new Error('one by one')),
      set: (key, value) => answer(`set ${key}`, () => values.set(key, value).has(key)),
      delete: (key) => answer(`delete ${key}`, () => values.delete(key)),
      on: () => {},
    };
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    return {
      store: kvStore(client, { reads: 'latest' }),
      sent,
      values,
      hold: () => void (holds = true),
      /** Answers what was sent until now. */
      async answerAll() {
        await settle();
        for (const one of held.splice(0)) one();
        await settle();
      },
      settle,
    };
  };
  const [guard, tag, all] = ['a:e:guard', 'a:e:tag:t', 'a:e:all'];

  test('the guard is confirmed to have moved before a tag is touched, in whatever order they are given', async () => {
    const { store, sent, hold, answerAll, settle } = recording();
    await store.lookup({ epochs: [guard, tag], keepMs: 1 });
    hold();
    sent.length = 0;
    const moved = Promise.resolve(store.advance([tag, guard]));
    await settle();
    expect(sent).toEqual([`set ~p:${guard}`, `set ~c:${guard}`]);
    await answerAll();
    expect(sent.slice(2)).toEqual([`set ~p:${tag}`, `set ~c:${tag}`]);
    await answerAll();
    await moved;
  });

  test('an id is confirmed only when it is known to have been planted, and by nobody who finds another one', async () => {
    const { store, sent, values, hold, answerAll } = recording();
    hold();
    const looked = Promise.resolve(store.lookup({ epochs: [all, tag], keepMs: 1 }));
    await answerAll();
    const writes = () => sent.filter((one) => one.startsWith('set'));
    expect(writes()).toEqual([`set ~p:${all}`, `set ~p:${tag}`]);
    await answerAll();
    expect(writes()).toHaveLength(2);
    values.set(`~p:${tag}`, '7'); // somebody else was later
    await answerAll();
    expect(writes().slice(2)).toEqual([`set ~c:${all}`]);
    values.set(`~c:${tag}`, '7');
    await answerAll();
    await answerAll();
    expect((await looked).ids).toEqual([values.get(`~p:${all}`), '7']);
    expect(writes()).toHaveLength(3);
  });

  test('what somebody planted and never confirmed is planted anew', async () => {
    const { store, values } = recording();
    values.set(`~p:${all}`, '7');
    const { ids } = await store.lookup({ epochs: [all], keepMs: 1 });
    expect(ids[0]).not.toBe('7');
    expect(ids).toEqual([values.get(`~p:${all}`)]);
    expect((await store.lookup({ epochs: [all], keepMs: 1 })).ids).toEqual(ids);
  });

  test.each(['~p', '~c'])('an epoch whose half %s is lost is no epoch: its entries are misses', async (half) => {
    const { store, values } = recording();
    const before = await store.lookup({ epochs: [all], keepMs: 1 });
    values.delete(`${half}:${all}`);
    const after = await store.lookup({ epochs: [all], keepMs: 1 });
    expect(after.ids[0]).toMatch(/^\d+$/);
    expect(after.ids[0]).not.toBe(before.ids[0]);
  });

  test('an epoch lives long enough for entries that come later, and nothing lives longer than memcached can count', async () => {
    const ttls = new Map<string, number | undefined>();
    const values = new Map<string, unknown>();
    const store = kvStore(
      {
        get: async (key) => values.get(key),
        getMany: async () => [],
        async set(key, value, ttl) {
          ttls.set(key, ttl);
          return values.set(key, value).has(key);
        },
        delete: async (key) => values.delete(key),
        on() {},
      },
      { reads: 'latest' },
    );
    const day = 86_400_000;
    await store.lookup({ epochs: [all, tag], keepMs: 60_000 });
    expect(ttls.get(`~p:${all}`)).toBe(30 * day - 60_000);
    expect(ttls.get(`~p:${tag}`)).toBe(day + 240_000);
    expect(ttls.get(`~c:${tag}`)).toBe(day + 240_000);
    await store.lookup({ epochs: ['a:e:tag:u'], keepMs: 365 * day });
    expect(ttls.get('~p:a:e:tag:u')).toBe(30 * day - 60_000);
  });
});
