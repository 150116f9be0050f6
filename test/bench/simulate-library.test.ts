import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { plain, simulate } from '../../bench/simulate/simulate.ts';
import { type Happening, poissonTraffic } from '../../bench/simulate/traffic.ts';
import type { Settings } from '../../bench/simulate/world.ts';
import { type Cache, createCache, type Lease, memoryStore, type Store, tieredStore } from '../../src/index.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'], now: 0 }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

// Requests begin at multiples of 64 ms, each at one of its own, and what follows lasts a little longer than such a multiple:
// so two things happen in one millisecond only where their order does not matter.
const step = 64;
const [tripMs, runMs, untilMs] = [step + 1, 12 * step + 8, 45_000];
const longMs = 100 * step + 3;
const isolates = 4;
const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What both are made to do. */
function trafficOf(seed: number, writesPerSecond = 0.2): Happening[] {
  const all = poissonTraffic({
    isolates,
    readsPerSecond: 7,
    writesPerSecond,
    lifeMs: Number.POSITIVE_INFINITY,
    untilMs,
    keyOf: (random) => Math.floor(random() ** 2 * 5),
    seed,
  });
  let at = 0;
  return Array.from(all, (one) => ({ ...one, at: (at = Math.max(at + step, Math.ceil(one.at / step) * step)) }));
}

/** What is compared: when the store was asked for what, when the procedure ran, and what each caller got when. */
interface Story {
  readonly asked: string[];
  readonly ran: string[];
  readonly answered: string[];
}

/** Of one moment, the order does not matter. */
const sorted = ({ asked, ran, answered }: Story): Story => ({
  asked: asked.sort(byTime),
  ran: ran.sort(byTime),
  answered: answered.sort(byTime),
});
const byTime = (one: string, other: string): number =>
  Number.parseInt(one, 10) - Number.parseInt(other, 10) || (one < other ? -1 : 1);

const answer = (isolate: number, key: number, version: number, askedAt: number, at: number): string =>
  `${at}: isolate ${isolate} key ${key} version ${version}, asked at ${askedAt}`;

/** The library itself: one cache for each isolate, on one store that is so many milliseconds away. */
async function played(
  settings: Settings,
  ttlMs: number,
  chance: number,
  traffic: readonly Happening[],
): Promise<Story> {
  vi.spyOn(Math, 'random').mockReturnValue(chance);
  const story: Story = { asked: [], ran: [], answered: [] };
  const inner = memoryStore();
  const afar =
    <Args extends unknown[], R>(name: string, work: (...args: Args) => R) =>
    async (...args: Args) => {
      await later(tripMs);
      story.asked.push(`${Date.now()} ${name}`);
      const given = await work(...args);
      await later(tripMs);
      return given;
    };
  const remote = {
    name: 'afar',
    supports: { local: false },
    lookup: afar('lookup', inner.lookup),
    fill: afar('fill', inner.fill),
    advance: afar('advance', inner.advance),
    // A server forgets what is over; in memory somebody has to look.
    lease: afar('lease', (lease: Lease, key: string, keepMs: number) => {
      inner.lookup({ key, epochs: [], keepMs });
      return inner.lease?.(lease, key, keepMs);
    }),
    release: afar('release', inner.release as NonNullable<Store['release']>),
  } as Store;
  const { tier, staleWhileRevalidateMs: staleMs, jitter, early, lease } = settings;
  const versions = [0, 0, 0, 0, 0];
  const open = () => {
    const cache: Cache<object> = createCache({
      store: tier === false ? remote : tieredStore(memoryStore(), remote, { trust: tier.trustMs / 1000 }),
      namespace: 'test',
      scope: 'public',
      coalesce: lease ? 'store' : 'process',
      waitUntil: () => {},
      ...(settings.asyncContext && { asyncContext: new AsyncLocalStorage() }),
    });
    const run = async (key: number) => {
      story.ran.push(`${Date.now()} key ${key}`);
      const version = versions[key] as number;
      await later(runMs);
      return version;
    };
    const stale = staleMs > 0 ? { staleWhileRevalidate: staleMs / 1000 } : {};
    return cache.wrap('one', run, { ttl: ttlMs / 1000, jitter, earlyRevalidation: early > 0 && early, ...stale });
  };
  const caches = Array.from({ length: isolates }, open);
  const happen = async (one: Happening): Promise<void> => {
    if (one.kind === 'death') return;
    const call = caches[one.isolate] as (typeof caches)[number];
    if (one.kind === 'write') {
      versions[one.key] = (versions[one.key] as number) + 1;
      await call.invalidate(one.key);
      return;
    }
    const version = await call(one.key);
    story.answered.push(answer(one.isolate, one.key, version, one.at, Date.now()));
  };
  // One after another: fake timers are slow where there are many.
  const next = (index: number): void => {
    const one = traffic[index];
    if (one === undefined) return;
    setTimeout(() => {
      next(index + 1);
      void happen(one);
    }, one.at - Date.now());
  };
  next(0);
  await vi.advanceTimersByTimeAsync(untilMs + 10_000);
  return sorted(story);
}

/** The model of it. */
function simulated(settings: Settings, ttlMs: number, chance: number, traffic: readonly Happening[]): Story {
  const story: Story = { asked: [], ran: [], answered: [] };
  simulate({
    isolates,
    settings,
    memory: { maxBytes: 1e9, maxEntries: 1e6 },
    traffic,
    delays: {
      trip: () => tripMs,
      run: () => runMs,
    },
    keys: { ttlMs: () => ttlMs, payload: () => 100 },
    random: () => chance,
    warmUpMs: 0,
    untilMs,
    answered: ({ isolate, key, version, askedAt, at }) =>
      story.answered.push(answer(isolate, key, version, askedAt, at)),
    asked: (operation, at) => story.asked.push(`${at} ${operation}`),
    ran: (key, at) => story.ran.push(`${at} key ${key}`),
  });
  return sorted(story);
}

const cases: readonly (readonly [name: string, settings: Settings, ttlMs: number])[] = [
  ['nothing', plain, longMs],
  ['a lifetime shorter than the way to the store', plain, step / 2],
  ['jitter', { ...plain, jitter: 0.3 }, longMs],
  ['early revalidation', { ...plain, early: 2 }, longMs],
  ['a stale window', { ...plain, staleWhileRevalidateMs: 3_000 }, longMs],
  ['leases', { ...plain, lease: true }, longMs],
  ['a tier without trust', { ...plain, tier: { trustMs: 0 } }, longMs],
  ['a tier with trust', { ...plain, tier: { trustMs: 3_000 } }, longMs],
  ['a tier with trust and an async context', { ...plain, tier: { trustMs: 3_000 }, asyncContext: true }, longMs],
  [
    'all of them',
    {
      jitter: 0.2,
      early: 2,
      lease: true,
      staleWhileRevalidateMs: 1_500,
      tier: { trustMs: 3_000 },
      asyncContext: false,
    },
    longMs,
  ],
];

describe.each([
  [1, 0.5],
  [2, 0.03],
])(
  'the simulation asks, runs and answers as the library does, to the millisecond (traffic %d, chance %d)',
  (seed, chance) => {
    test.each(cases)('with %s', async (_, settings, ttlMs) => {
      const traffic = trafficOf(seed);
      const real = await played(settings, ttlMs, chance, traffic);
      const story = simulated(settings, ttlMs, chance, traffic);
      expect(story).toEqual(real);
      expect(story.answered.length).toBe(traffic.filter(({ kind }) => kind === 'read').length);
    });

    // Who waits finds an entry that is invalid by then, and a lease of other epochs to wait for.
    test('with leases, where what is waited for is invalidated again and again', async () => {
      const traffic = trafficOf(seed, 2);
      const settings = { ...plain, lease: true };
      expect(simulated(settings, longMs, chance, traffic)).toEqual(await played(settings, longMs, chance, traffic));
    });

    // It waited for an entry where there was none; from here on it waits for the end of a holder.
    test('with leases, where who waited is told of an entry that is invalid by then', async () => {
      const read = (at: number, isolate: number): Happening => ({ at: at * step, isolate, key: 0, kind: 'read' });
      const write: Happening = { at: 18 * step, isolate: 3, key: 0, kind: 'write' };
      const traffic = [read(0, 0), read(1, 1), write, read(19, 2)];
      const settings = { ...plain, lease: true };
      const real = await played(settings, longMs, chance, traffic);
      expect(simulated(settings, longMs, chance, traffic)).toEqual(real);
      expect(real.ran.length).toBe(2);
    });
  },
);
