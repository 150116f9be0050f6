import fc from 'fast-check';
import { vi } from 'vitest';
import { type Entry, memoryStore } from '../../src/index.ts';
import { createRemote, freshText, hour, type Remote, settled, tierOn, type Way } from './tiered-world.ts';

export const trustMs = 1_000;

/** Two keys whose answers depend on these epochs. */
const epochsOf = { one: ['h:e:all', 'h:e:tag:a'], two: ['h:e:all', 'h:e:tag:a', 'h:e:tag:b'] } as const;
const names = epochsOf.two;
type Key = keyof typeof epochsOf;

/** One thing that happens; a number chooses among what there is. */
export type Event =
  | { do: 'read'; process: 0 | 1; key: Key; way: Way; exact: boolean; refill: boolean; fillWay: Way }
  | { do: 'write'; process: 0 | 1; epoch: 0 | 1 | 2; way: Way; expire: boolean }
  | { do: 'go on'; which: number }
  | { do: 'message'; which: number; how: 'arrives' | 'arrives twice' | 'is lost' | 'is lost, and known to be' }
  | { do: 'time'; ms: number }
  | { do: 'wall clock'; ms: number }
  | { do: 'forget'; what: 'entry' | 'epoch' | 'everything' | 'a copy'; which: number };

const process = fc.constantFrom<0 | 1>(0, 1);
const way = fc.oneof(
  { arbitrary: fc.constant<Way>('now'), weight: 4 },
  { arbitrary: fc.constantFrom<Way>('hold the request', 'hold the reply'), weight: 2 },
  { arbitrary: fc.constantFrom<Way>('lose the request', 'lose the reply'), weight: 1 },
);
const read = fc.record({
  do: fc.constant('read' as const),
  process,
  key: fc.constantFrom<Key>('one', 'two'),
  way,
  exact: fc.boolean(),
  refill: fc.nat(4).map((one) => one === 0),
  fillWay: way,
});
const which = fc.nat(5);

/** Histories in which reads are frequent, and every kind of mishap happens. */
export const histories: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof<fc.WeightedArbitrary<Event>[]>(
    { arbitrary: read, weight: 8 },
    {
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        process,
        epoch: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
        way,
        expire: fc.boolean(),
      }),
      weight: 3,
    },
    { arbitrary: fc.record({ do: fc.constant('go on' as const), which }), weight: 5 },
    {
      arbitrary: fc.record({
        do: fc.constant('message' as const),
        which,
        how: fc.constantFrom('arrives', 'arrives twice', 'is lost', 'is lost, and known to be'),
      }),
      weight: 2,
    },
    {
      arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.constantFrom(1, 300, 600, 999, 1_000) }),
      weight: 3,
    },
    {
      arbitrary: fc.record({
        do: fc.constant('wall clock' as const),
        ms: fc.constantFrom(-2 * hour, -700, -1, 1, 700, 2 * hour),
      }),
      weight: 1,
    },
    {
      arbitrary: fc.record({
        do: fc.constant('forget' as const),
        what: fc.constantFrom('entry', 'epoch', 'everything', 'a copy'),
        which,
      }),
      weight: 1,
    },
  ),
  { minLength: 15, maxLength: 50 },
) as fc.Arbitrary<Event[]>;

/** What histories came to, so that a property is known not to hold for want of events. */
export const newTally = () => ({ fresh: 0, trusted: 0, withoutPayload: 0, old: 0, acknowledged: 0, stored: 0 });

/** Plays a history on two tiers over one remote store, and gives every read that broke the promise. */
export async function play(
  history: readonly Event[],
  trusts: readonly [boolean, boolean],
  tally: ReturnType<typeof newTally>,
): Promise<string[]> {
  const remote: Remote = createRemote();
  const locals = [memoryStore(), memoryStore()];
  const tiers = trusts.map((isTrusting, index) =>
    tierOn(remote, isTrusting ? { trust: `${trustMs}ms` } : {}, locals[index]),
  );
  const data = [0, 0, 0]; // a version for each epoch
  const acknowledged: { epoch: number; version: number; process: number; at: number }[] = [];
  const broken: string[] = [];
  const work: Promise<unknown>[] = [];

  /** The oldest versions that a read which begins now may give. */
  const oldest = (process: number, exact: boolean) => {
    const now = performance.now();
    const lagMs = trusts[process] && !exact ? trustMs : 0;
    return data.map((_, epoch) =>
      Math.max(
        0,
        ...acknowledged
          .filter((one) => one.epoch === epoch && (one.process === process || one.at <= now - lagMs))
          .map(({ version }) => version),
      ),
    );
  };

  const perform = async (one: Extract<Event, { do: 'read' }>) => {
    const { process, key, exact, refill } = one;
    const tier = tiers[process] as (typeof tiers)[number];
    const epochs = epochsOf[key];
    const least = oldest(process, exact);
    const before = remote.asked.length;
    tier.link.way = one.way;
    const looking = Promise.resolve(tier.lookup(key, epochs, exact));
    looking.catch(() => {}); // what is lost rejects before it is waited for
    await settled();
    tier.link.way = 'now';
    const wasAsked = remote.asked.length > before;
    const request = remote.asked[before];
    const answer = await looking;
    const text = freshText(key, answer);
    if (text !== undefined) {
      tally.fresh += 1;
      if (!wasAsked) tally.trusted += 1;
      else if (request?.payload === false) tally.withoutPayload += 1;
      const versions = JSON.parse(text) as number[];
      if (versions.some((version, epoch) => version < (data[epoch] ?? 0))) tally.old += 1;
      const isBroken = epochs.some((_, epoch) => (versions[epoch] ?? 0) < (least[epoch] ?? 0));
      if (isBroken) broken.push(`process ${process} got ${text} of ${key}, and had to get ${least}`);
      if (!refill) return;
    }
    const value = JSON.stringify(data.slice(0, epochs.length));
    tier.link.way = one.fillWay;
    const filling = tier.fill(key, epochs, answer.ids, value);
    tier.link.way = 'now';
    if ((await filling) === 'stored') tally.stored += 1;
  };

  const change = async ({ process, epoch, way, expire }: Extract<Event, { do: 'write' }>) => {
    const tier = tiers[process] as (typeof tiers)[number];
    const version = (data[epoch] = (data[epoch] ?? 0) + 1);
    tier.link.way = way;
    const moving = tier.tier.advance([names[epoch] as string], expire ? 'expire' : 'remove');
    tier.link.way = 'now';
    await moving;
    acknowledged.push({ epoch, version, process, at: performance.now() });
    tally.acknowledged += 1;
  };

  const tell = ({ which, how }: Extract<Event, { do: 'message' }>) => {
    const [message] = remote.messages.splice(which % Math.max(remote.messages.length, 1), 1);
    if (how === 'is lost, and known to be') remote.tell(({ lost }) => lost());
    if (message === undefined || how.startsWith('is lost')) return;
    for (let time = 0; time < (how === 'arrives' ? 1 : 2); time++) remote.tell(({ moved }) => moved(message));
  };

  const forget = ({ what, which }: Extract<Event, { do: 'forget' }>) => {
    const key = Object.keys(epochsOf)[which % 2] as Key;
    if (what === 'entry') remote.entries.delete(key);
    if (what === 'epoch') remote.epochs.delete(names[which % names.length] as string);
    if (what === 'everything') {
      remote.entries.clear();
      remote.epochs.clear();
    }
    const nothing = { key, epochs: [], ids: [], storedAt: 0, freshUntil: 0, body: { text: '' } } satisfies Entry;
    if (what === 'a copy') void locals[which % 2]?.fill({ entry: nothing, unchanged: [], keepMs: -1 });
  };

  for (const event of history) {
    if (event.do === 'read') work.push(perform(event).catch(() => {}));
    else if (event.do === 'write') work.push(change(event).catch(() => {}));
    else if (event.do === 'go on') remote.release(event.which);
    else if (event.do === 'message') tell(event);
    else if (event.do === 'time') vi.advanceTimersByTime(event.ms);
    else if (event.do === 'wall clock') vi.setSystemTime(Date.now() + event.ms);
    else forget(event);
    await settled();
    await settled();
  }
  while (remote.held() > 0) {
    remote.release();
    await settled();
  }
  await Promise.all(work);
  return broken;
}
