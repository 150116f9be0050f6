import { describe, expect, it, vi } from 'vitest';
import { memoryStore } from '../../src/index.ts';
import { controlsOf, press, shoot, tooPale, type, view } from '../support/browser-page.ts';
import { chromiumAvailable, type Tab } from '../support/chromium.ts';
import type { Picture } from '../support/png.ts';
import { open, textOf } from './opened.ts';
import { shopOn, visit } from './site.ts';

const shots = new URL('../../docs/inspector/', import.meta.url);
const roles = ['button', 'combobox', 'textbox', 'checkbox', 'searchbox'];

/** Names in the page's tab order, from the first control on. */
const focusOrder = async (tab: Tab, times: number): Promise<string[]> => {
  const seen: string[] = [];
  for (let at = 0; at < times; at++) {
    await press(tab, 'Tab');
    seen.push(
      await tab.evaluate(() => {
        const { id, className, tagName } = document.activeElement as HTMLElement;
        const { outlineStyle } = getComputedStyle(document.activeElement as HTMLElement);
        return `${id || className || tagName.toLowerCase()}${outlineStyle === 'none' ? ' without an outline' : ''}`;
      }),
    );
  }
  return seen;
};

/** The colour in a corner of a picture, and how many colours there are. */
const coloursOf = ({ width, height, rgb }: Picture) => {
  const at = (x: number, y: number) => [...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
  const colours = new Set(Array.from({ length: 5_000 }, (_, i) => at((i * 37) % width, (i * 53) % height).join()));
  return { corner: at(2, height - 2), colours: colours.size };
};

describe.skipIf(!chromiumAvailable)('the inspector in Chromium', () => {
  it('shows a shop at work in light, dark and narrow, and can be read by everybody', async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 4, 4, 9, 30), toFake: ['Date', 'performance'] });
    const { shop, url, tab, complaints, requests } = await open();
    await visit(shop, 240);
    await view(tab, 1280, 'light');
    await tab.goto(url);
    await expect.poll(() => textOf(tab, '#entries'), { timeout: 5_000 }).toContain('city:5');
    expect(await textOf(tab, '#facts')).toMatch(/^Store memory, breaker closed\s+Namespace shop-production$/);
    expect(await textOf(tab, '#f-ratio')).toMatch(/^\d\d %$/);
    expect(await textOf(tab, '#paths')).toMatch(/offers\s+bypass: when 24/);
    expect(await textOf(tab, '#feed')).toMatch(/Invalidated city\.\*\s+in city\.byId, city\.list, city\.search/);
    expect(await tab.evaluate(() => document.getElementById('c-calls')?.children.length)).toBeGreaterThan(60);
    expect(await tab.evaluate(() => document.getElementById('c-ratio')?.getAttribute('aria-label'))).toMatch(
      /^Hit ratio over the last ten minutes: from \d+ % to \d+ %, last \d+ %\.$/,
    );

    // Somebody at a keyboard, from the top: every control once, each of them to be seen.
    const order = await focusOrder(tab, 12);
    expect(order.slice(0, 2)).toEqual(['pause', 'scroll']);
    expect(order.filter((name) => name.includes('without'))).toEqual([]);
    const controls = await controlsOf(tab, roles);
    expect(controls.filter((control) => control.endsWith(': '))).toEqual([]);
    expect(controls).toEqual(
      expect.arrayContaining([
        ...['button: Pause', 'button: List', 'button: Explain', 'button: Invalidate', 'button: city.byId'],
        ...['combobox: Path or pattern', 'combobox: Which one', 'combobox: Procedure', 'textbox: Input, as JSON'],
      ]),
    );

    await type(tab, '#exp-path', 'city.byId');
    await type(tab, '#exp-input', '{ "id": 3 }');
    await tab.evaluate(() => (document.querySelector('#exp button') as HTMLButtonElement).click());
    await expect.poll(() => textOf(tab, '#told h3'), { timeout: 5_000 }).toBe('hit');
    await type(tab, '#inv-value', 'city.*');
    for (const [name, width, scheme] of [
      ['light', 1280, 'light'],
      ['dark', 1280, 'dark'],
      ['narrow', 390, 'light'],
    ] as const) {
      await view(tab, width, scheme);
      const picture = await shoot(tab, name, shots, 150_000);
      expect(picture.width).toBeLessThanOrEqual(width); // nothing sticks out
      const { corner, colours } = coloursOf(picture);
      expect((corner[0] ?? 0) > 128).toBe(scheme === 'light');
      expect(colours).toBeGreaterThan(20);
      expect([name, await tooPale(tab, 'body *:not(script):not(option)')]).toEqual([name, []]);
    }
    expect([...new Set(requests.map((one) => new URL(one).origin))]).toEqual([new URL(url).origin]);
    expect(complaints).toEqual([]);
  });

  it('of two processes adds up what they tell, checks a target as it is typed, and tells what became unusable', async () => {
    const store = memoryStore();
    const [shop, other] = [shopOn({ store }), shopOn({ store })];
    const { url, tab, complaints } = await open({}, shop, [other]);
    for (const id of [1, 2, 3]) for (const one of [shop, other, other]) await one.as().city.byId({ id });
    await tab.goto(url);
    await expect.poll(() => textOf(tab, '#listed'), { timeout: 5_000 }).toMatch(/^3 entries, /);
    const isReady = () => tab.evaluate(() => document.getElementById('inv-go')?.ariaDisabled === 'false');
    const hint = () => textOf(tab, '#inv-hint');
    for (const [text, told, ready] of [
      ['ci', 'no registered cached query matches', false],
      ['city*', 'not a path or pattern: a star stands for a whole segment', false],
      ['city.rename', 'no registered cached query matches', false],
      ['*.list', '1 cached query: city.list', true],
      ['city.*', '3 cached queries: city.byId, city.list, city.search', true],
    ] as const) {
      await type(tab, '#inv-value', text);
      expect([text, await hint(), await isReady()]).toEqual([text, told, ready]);
    }
    await press(tab, 'Enter');
    await expect.poll(() => textOf(tab, '#inv-result'), { timeout: 5_000 }).toBe('Done: city.*');
    await expect.poll(() => textOf(tab, '#feed'), { timeout: 8_000 }).toContain('3 listed entries became unusable');
    expect(await textOf(tab, '#processes')).toBe('2 processes added up');
    expect(await textOf(tab, '#f-calls')).toBe('9');
    expect(await textOf(tab, '#paths')).toMatch(/city\.byId\s+9\s+66 %\s+6\s+0\s+0\s+3\s/);
    expect((await textOf(tab, '#feed')).match(/Invalidated/g)).toHaveLength(1);
    expect((await textOf(tab, '#entries')).match(/invalidated/g)).toHaveLength(3);
    expect(await textOf(tab, '#news')).toBe('Invalidated city.*');
    expect(await shop.cache.explain('city.byId', { id: 1 })).toMatchObject({ reason: 'invalidated' });
    expect(complaints).toEqual([]);
  });

  it('shows hostile names as texts, and says when nobody answers any more', async () => {
    const shop = shopOn({ namespace: '<img src=x onerror=alert(1)>' });
    const evil = '<img src=x onerror="document.title=1">';
    await shop.cache.wrap(evil, async () => 1, { ttl: '1m', tags: [evil] })();
    const { url, tab } = await open({ title: evil, readOnly: true }, shop);
    await shop.cache.invalidate(evil as never);
    await tab.goto(url);
    await expect.poll(() => textOf(tab, '#entries'), { timeout: 5_000 }).toContain(evil);
    expect(await textOf(tab, '#feed')).toContain('<img src=x');
    expect(await tab.evaluate(() => [document.images.length, document.title])).toEqual([0, evil]);
    expect(await tab.evaluate(() => (document.getElementById('s-inv') as HTMLElement).hidden)).toBe(true);
    await tab.send('Network.emulateNetworkConditions', {
      offline: true,
      latency: 0,
      downloadThroughput: 0,
      uploadThroughput: 0,
    });
    await expect
      .poll(() => textOf(tab, '#trouble'), { timeout: 8_000 })
      .toMatch(/^Nothing new: .* It is tried again\.$/);
  });
});
