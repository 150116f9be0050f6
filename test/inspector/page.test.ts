import { describe, expect, it } from 'vitest';
import { entries } from '../../src/inspector/page/entries.ts';
import { feed } from '../../src/inspector/page/feed.ts';

/** A part of the script, on a page that is there in outline only. */
const run = (part: string, names: string, given: Record<string, unknown> = {}) => {
  const texts = new Map<string, string>();
  const elements = new Map<string, object>();
  const element = (id: string) => ({ id, value: '', replaceChildren() {}, addEventListener() {} });
  const page = {
    $: (id: string) => elements.get(id) ?? elements.set(id, element(id)).get(id),
    make: () => element(''),
    set: ({ id }: { id: string }, text: string) => texts.set(id, text),
    show() {},
    serverNow: () => 0,
    plural: (count: number, one: string) => `${count} ${one}`,
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
    const { list, drawEntries, texts } = run(entries, 'list, drawEntries', { ask });
    await list(false);
    drawEntries(); // as each answer of the server makes it
    expect(texts.get('listed')).toBe('this request comes from another origin');
    fails = false;
    await list(false);
    expect(texts.get('listed')).toBe('none');
  });
});
