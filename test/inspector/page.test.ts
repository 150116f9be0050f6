import { describe, expect, it } from 'vitest';
import { entries } from '../../src/inspector/page/entries.ts';
import { feed } from '../../src/inspector/page/feed.ts';
import { losses } from '../../src/inspector/page/losses.ts';

/** A part of the script, on a page that is there in outline only. */
const run = (part: string, names: string, given: Record<string, unknown> = {}) => {
  const texts = new Map<string, string>();
  const elements = new Map<string, object>();
  const element = (id: string) => ({ id, value: '', replaceChildren() {}, addEventListener() {}, setAttribute() {} });
  const page = {
    $: (id: string) => elements.get(id) ?? elements.set(id, element(id)).get(id),
    make: () => element(''),
    arrange() {},
    set: ({ id }: { id: string }, text: string) => texts.set(id, text),
    show() {},
    clockSpan: () => '',
    serverNow: () => 0,
    plural: (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`,
    size: (bytes: number) => `${bytes} B`,
    ...given,
  };
  const made = new Function(...Object.keys(page), `${part}; return { ${names} };`)(...Object.values(page));
  return { ...made, texts };
};

describe('the activity on the page', () => {
  it('announces what happened once, whatever the list has no room for, and whoever tells it again', () => {
    const { addItems, items, heard } = run(feed, 'addItems, items, heard', { begun: 100 });
    const told = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => ({ n: from + index, at: 100 + from + index, kind: 'widen' }));
    expect(addItems('a', told(1, 5), 3)).toHaveLength(5);
    expect(addItems('b', told(1, 5), 3)).toHaveLength(5);
    expect(items).toHaveLength(3);
    expect(addItems('a', told(1, 5), 3)).toEqual([]);
    expect(addItems('b', told(1, 6), 3)).toMatchObject([{ n: 6 }]);
    expect(addItems('a', [], 3)).toEqual([]);
    expect([...heard]).toEqual([
      ['b', 6],
      ['a', 5],
    ]);
  });

  it('lists what happened before somebody looked, and does not announce it', () => {
    const { addItems, items } = run(feed, 'addItems, items', { begun: 100 });
    expect(addItems('a', [{ n: 1, at: 99, kind: 'widen' }], 3)).toEqual([]);
    expect(items).toHaveLength(1);
  });

  it('keeps in bounded memory how much each process has told', () => {
    const { addItems, heard } = run(feed, 'addItems, heard', { begun: 0 });
    for (let at = 0; at < 500; at++) addItems(`boot${at}`, [], 3);
    expect(heard.size).toBeLessThanOrEqual(200);
  });
});

describe('the list of entries on the page', () => {
  it('that could not be fetched says why until it is, not that there are none', async () => {
    let fails = true;
    const ask = async () => {
      if (fails) throw new Error('this request comes from another origin');
      return { entries: [] };
    };
    const { list, drawEntries, texts } = run(losses + entries, 'list, drawEntries', { ask });
    await list(false);
    drawEntries(); // as each answer of the server makes it
    expect(texts.get('listed')).toBe('this request comes from another origin');
    fails = false;
    await list(false);
    expect(texts.get('listed')).toBe('none');
  });
});

describe('what became unusable, on the page', () => {
  /** The page of a server that answers each list when it is told to, as its store was at a moment of its clock. */
  const opened = async () => {
    const waiting: ((answer: object) => void)[] = [];
    const ask = () => new Promise((resolve) => void waiting.push(resolve));
    const { list, heardOf, uncounted, texts } = run(losses + entries, 'list, heardOf, uncounted', { ask });
    const page = {
      list: list as (more?: boolean) => Promise<void>,
      hear: (name: string, at: number) => heardOf({ at, gone: { id: name } }),
      answer: (at: number, states: Record<string, string>) =>
        waiting.shift()?.({
          entries: Object.entries(states).map(([key, state]) => ({
            ...{ key, state, path: key, tags: [], bytes: 1, storedAt: 1, ageMs: at - 1, ttlLeftMs: 9, staleLeftMs: 0 },
          })),
        }),
      waits: () => uncounted.length as number,
      told: (name: string) => texts.get(name),
    };
    const first = page.list(false);
    page.answer(10, { a: 'fresh', b: 'fresh', c: 'fresh' });
    await first;
    return page;
  };
  const [all, none] = [
    { a: 'invalidated', b: 'invalidated', c: 'invalidated' },
    { a: 'fresh', b: 'fresh', c: 'fresh' },
  ];

  it('is told of the invalidation that did it, and of several at once of all of them together', async () => {
    const { list, hear, answer, told, waits } = await opened();
    hear('one', 12);
    hear('other', 13);
    expect(waits()).toBe(2);
    const counted = list(false);
    answer(14, { ...none, a: 'invalidated', b: 'invalidated' });
    await counted;
    expect(waits()).toBe(0);
    const together = '2 listed entries became unusable, by this and 1 other together';
    expect([told('one'), told('other')]).toEqual([together, together]);
    hear('late', 20);
    const next = list(false);
    answer(21, all);
    await next;
    expect([told('late'), told('one')]).toEqual(['1 listed entry became unusable', together]);
  });

  it('is told also where another list took the place of the one that was to count it', async () => {
    const { list, hear, answer, told } = await opened();
    hear('one', 12);
    const [replaced, counted] = [list(false), list()];
    answer(13, all);
    answer(14, all);
    await Promise.all([replaced, counted]);
    expect(told('one')).toBe('3 listed entries became unusable');
  });

  it('waits for the invalidation, where a list was made before it was told, or another process tells it later', async () => {
    const { list, hear, answer, told, waits } = await opened();
    const clicked = list();
    answer(20, { ...none, a: 'invalidated' });
    await clicked;
    hear('one', 15);
    expect([told('one'), waits()]).toEqual(['1 listed entry became unusable', 0]);
    hear('other', 19);
    expect(told('other')).toBe('1 listed entry became unusable, by this and 1 other together');
    hear('later', 30);
    const next = list(false);
    answer(31, all);
    await next;
    expect(told('later')).toBe('2 listed entries became unusable');
    expect(told('one')).toBe(told('other'));
  });

  it('is told of an invalidation that the page hears of while the list is under way', async () => {
    const { list, hear, answer, told, waits } = await opened();
    const underWay = list(false);
    hear('one', 12);
    hear('too late', 15);
    answer(13, { ...none, a: 'invalidated' });
    await underWay;
    expect([told('one'), told('too late'), waits()]).toEqual(['1 listed entry became unusable', undefined, 1]);
    const next = list(false);
    answer(16, all);
    await next;
    expect(told('too late')).toBe('2 listed entries became unusable');
  });

  it('is nothing where nothing became so: neither of an invalidation of something else, nor of more of the list', async () => {
    const { list, hear, answer, told, waits } = await opened();
    hear('one', 12);
    const more = list(true);
    answer(13, { d: 'invalidated' });
    await more;
    expect(waits()).toBe(1);
    const counted = list(false);
    answer(14, none);
    await counted;
    expect([waits(), told('one')]).toEqual([0, undefined]);
  });

  it('is counted also where the clock of another process is behind, or stands still', async () => {
    const { list, hear, answer, told } = await opened();
    for (const [name, at] of [
      ['behind', 8],
      ['still', 10],
    ] as const) {
      hear(name, at);
      const counted = list(false);
      answer(10, { ...none, a: 'invalidated' });
      await counted;
      expect(told(name)).toBe('1 listed entry became unusable');
      const renewed = list(false);
      answer(10, none);
      await renewed;
    }
  });

  it('is kept in bounded memory', async () => {
    const { list, hear, answer, told, waits } = await opened();
    for (let at = 20; at < 120; at++) {
      const again = list(false);
      answer(at, at % 2 === 0 ? all : none);
      await again;
    }
    hear('of long ago', 20);
    expect(told('of long ago')).toBeUndefined();
    for (let at = 0; at < 200; at++) hear('more', 130);
    expect(waits()).toBe(50);
  });
});
