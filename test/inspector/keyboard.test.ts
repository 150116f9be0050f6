import { describe, expect, it } from 'vitest';
import { controlsOf, press, type } from '../support/browser-page.ts';
import { chromiumAvailable, type Tab } from '../support/chromium.ts';
import { ask, open, pressed, textOf } from './opened.ts';

const longer = { timeout: 8_000 };

const focusOf = (tab: Tab): Promise<string> => tab.evaluate(() => (document.activeElement as HTMLElement).id);

const selected = (tab: Tab): Promise<string> => tab.evaluate(() => String(getSelection()).replace(/\s+/g, ' '));

const select = (tab: Tab, selector: string): Promise<void> =>
  tab.evaluate(
    (selector) => getSelection()?.selectAllChildren(document.querySelector(selector) as HTMLElement),
    selector,
  );

describe.skipIf(!chromiumAvailable)('the inspector by keyboard and for screen readers, in Chromium', () => {
  it('leaves the focus on the button that was pressed, and takes it to the target where that is none', async () => {
    const { shop, url, tab, requests, complaints } = await open();
    await shop.as().city.byId({ id: 1 });
    await tab.goto(url);
    await expect.poll(() => textOf(tab, '#listed'), longer).toMatch(/^1 entry, /);
    const isReady = () => tab.evaluate(() => document.getElementById('inv-go')?.ariaDisabled);
    await type(tab, '#inv-value', 'city*');
    expect(await isReady()).toBe('true');
    await press(tab, 'Tab');
    await press(tab, 'Tab');
    expect(await focusOf(tab)).toBe('inv-go'); // it can be found, and says that it is of no use now
    const before = requests.length;
    await press(tab, 'Enter');
    expect(await focusOf(tab)).toBe('inv-value');
    expect(requests.slice(before).filter((one) => !one.includes('since='))).toEqual([]);

    await type(tab, '#inv-value', 'city.*');
    expect(await isReady()).toBe('false');
    await press(tab, 'Tab');
    await press(tab, 'Tab');
    await press(tab, 'Enter');
    await expect.poll(() => textOf(tab, '#inv-result'), longer).toBe('Done: city.*');
    expect([await focusOf(tab), await isReady()]).toEqual(['inv-go', 'false']);
    expect(complaints).toEqual([]);
  });

  it('keeps what is selected while the page goes on', async () => {
    const { shop, url, tab } = await open();
    for (const id of [1, 2, 3]) await shop.as().city.byId({ id });
    await shop.cache.invalidate({ tag: 'that nobody has' });
    await tab.goto(url);
    await expect.poll(() => textOf(tab, '#listed'), longer).toMatch(/^3 entries, /);
    const rows = () =>
      tab.evaluate(() => ['#entries', '#feed'].map((id) => document.querySelector(id)?.children.length));
    for (const [index, [selector, text]] of [
      ['#entries tr:nth-child(2) th', 'city.byId'],
      ['#entries tr:nth-child(2)', 'city.byId fresh'],
      ['#paths tr th', 'cart.mine'],
      ['#feed li', 'Invalidated tag #'],
      ['#facts', 'Store memory'],
    ].entries()) {
      await select(tab, selector as string);
      const before = await selected(tab);
      expect(before).toContain(text);
      // What comes and goes around it is none of its business.
      await shop.as().city.byId({ id: 10 + index });
      await shop.cache.invalidate({ tag: 'that nobody has' });
      await ask(tab);
      await expect.poll(rows, longer).toEqual([4 + index, 2 + index]);
      expect([selector, await selected(tab)]).toEqual([selector, expect.stringContaining(text as string)]);
    }
  });

  it('has the keys of the entries in reach of everybody', async () => {
    const { shop, url, tab } = await open();
    await shop.as().city.byId({ id: 1 });
    await tab.goto(url);
    await expect.poll(() => textOf(tab, '#listed'), longer).toMatch(/^1 entry, /);
    const [entry] = (await shop.cache.entries()).entries;
    expect(await textOf(tab, '#entries th')).toBe('city.byId');
    expect(await controlsOf(tab, ['checkbox'])).toContain('checkbox: Keys');
    await pressed(tab, '#keys');
    expect((await textOf(tab, '#entries th')).split('\n')).toEqual(['city.byId', entry?.key]);
    expect(await controlsOf(tab, ['rowheader'])).toContain(`rowheader: city.byId ${entry?.key}`);
  });
});
