import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { memoryStore } from '../../src/index.ts';
import { chromiumAvailable, openTab, type Tab } from '../support/chromium.ts';
import { readPng, withPalette } from './png.ts';
import { type Shop, serveInspector, shopOn, visit } from './site.ts';

const shots = new URL('../../docs/inspector/', import.meta.url);
// They go with the pages of the docs: only who asks for new ones gets them.
const isKept = process.env.SCREENSHOTS === '1';

/** The text of an element in the page. */
const textOf = async (tab: Tab, selector: string): Promise<string> => {
  const { result } = await tab.send('Runtime.evaluate', {
    expression: `document.querySelector(${JSON.stringify(selector)})?.innerText ?? ''`,
    returnByValue: true,
  });
  return result.value;
};

/** Types into a field as somebody at a keyboard does. */
const type = async (tab: Tab, selector: string, text: string): Promise<void> => {
  await tab.send('Runtime.evaluate', {
    expression: `(() => { const field = document.querySelector(${JSON.stringify(selector)}); field.focus(); field.select(); })()`,
  });
  await tab.send('Input.insertText', { text });
};

const press = async (tab: Tab, key: 'Tab' | 'Enter'): Promise<void> => {
  const code = { Tab: 9, Enter: 13 }[key];
  const event = { key, code: key, windowsVirtualKeyCode: code, ...(key === 'Enter' && { text: '\r' }) };
  await tab.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
  await tab.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
};

/** What somebody with a screen reader is told of the controls, as the browser works it out. */
const controlsOf = async (tab: Tab): Promise<string[]> => {
  const { nodes } = await tab.send('Accessibility.getFullAXTree');
  const roles = ['button', 'combobox', 'textbox', 'checkbox', 'searchbox'];
  return nodes
    .filter(({ ignored, role }: any) => !ignored && roles.includes(role?.value))
    .map(({ role, name }: any) => `${role.value}: ${name?.value ?? ''}`);
};

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

/** Ratios of contrast between texts and what is behind them, those too low for level AA (WCAG 2.2, 1.4.3). */
const tooPale = (tab: Tab): Promise<string[]> =>
  tab.evaluate(() => {
    const channel = (value: number) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const rgba = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = ([r, g, b]: readonly number[]) =>
      0.2126 * channel((r ?? 0) / 255) + 0.7152 * channel((g ?? 0) / 255) + 0.0722 * channel((b ?? 0) / 255);
    const behind = (node: Element | null): readonly number[] => {
      if (node === null) return [255, 255, 255];
      const colour = rgba(getComputedStyle(node).backgroundColor);
      return (colour[3] ?? 1) === 0 ? behind(node.parentElement) : colour;
    };
    const pale: string[] = [];
    for (const node of document.querySelectorAll<HTMLElement>('body *:not(script):not(option)')) {
      const hasText = [...node.childNodes].some(
        (child) => child.nodeType === 3 && (child.textContent ?? '').trim() !== '',
      );
      if (!hasText || node.offsetParent === null || (node as HTMLButtonElement).disabled) continue;
      const [one, other] = [luminance(rgba(getComputedStyle(node).color)), luminance(behind(node))];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (ratio < 4.5)
        pale.push(`${node.tagName} ${node.className} ${node.textContent?.slice(0, 20)}: ${ratio.toFixed(2)}`);
    }
    return pale;
  });

const open = async (
  options: Parameters<typeof serveInspector>[1] = {},
  shop = shopOn({ namespace: 'shop-production' }),
  others: readonly Shop[] = [],
) => {
  const { url } = await serveInspector([shop, ...others], options);
  const tab = await openTab();
  const complaints: string[] = [];
  const requests: string[] = [];
  tab.on('Runtime.exceptionThrown', ({ exceptionDetails }) => complaints.push(exceptionDetails.exception?.description));
  tab.on('Log.entryAdded', ({ entry }) => complaints.push(entry.text)); // what the policy refuses, too
  tab.on('Network.requestWillBeSent', ({ request }) => requests.push(request.url));
  for (const domain of ['Runtime', 'Log', 'Network']) await tab.send(`${domain}.enable`);
  await tab.send('Emulation.setTimezoneOverride', { timezoneId: 'UTC' });
  return { shop, url, tab, complaints, requests };
};

const view = (tab: Tab, width: number, scheme: 'light' | 'dark') =>
  Promise.all([
    tab.send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: width < 500 }),
    tab.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] }),
  ]);

/** What the page looks like; in the docs, if that is wanted. */
const shoot = async (tab: Tab, name: string) => {
  const { data } = await tab.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
  const picture = readPng(Buffer.from(data, 'base64'));
  if (isKept) {
    const small = withPalette(picture);
    expect(small.length).toBeLessThan(150_000);
    await mkdir(shots, { recursive: true });
    await writeFile(new URL(`${name}.png`, shots), small);
  }
  const at = (x: number, y: number) => [
    ...picture.rgb.subarray((y * picture.width + x) * 3, (y * picture.width + x) * 3 + 3),
  ];
  const colours = new Set(
    Array.from({ length: 5_000 }, (_, i) => at((i * 37) % picture.width, (i * 53) % picture.height).join()),
  );
  return { ...picture, corner: at(2, picture.height - 2), colours: colours.size };
};

describe.skipIf(!chromiumAvailable)('the inspector in Chromium', () => {
  it('shows a shop at work in light, dark and narrow, and can be read by everybody', async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 4, 4, 9, 30), toFake: ['Date', 'performance'] });
    const { shop, url, tab, complaints, requests } = await open();
    await visit(shop, 240);
    await view(tab, 1280, 'light');
    await tab.goto(url);
    await expect.poll(() => textOf(tab, '#entries'), { timeout: 5_000 }).toContain('city:5');
    expect(await textOf(tab, '#facts')).toMatch(/^Store memory, answers\s+Namespace shop-production$/);
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
    const controls = await controlsOf(tab);
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
      const { width: shown, corner, colours } = await shoot(tab, name);
      expect(shown).toBeLessThanOrEqual(width); // nothing sticks out
      expect((corner[0] ?? 0) > 128).toBe(scheme === 'light');
      expect(colours).toBeGreaterThan(20);
      expect([name, await tooPale(tab)]).toEqual([name, []]);
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
    const isReady = () => tab.evaluate(() => !(document.getElementById('inv-go') as HTMLButtonElement).disabled);
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
