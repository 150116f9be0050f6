import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { cache } from '../../example-app/src/cache.ts';
import { openDatabase } from '../../example-app/src/database.ts';
import { fewCities, wishes } from '../../example-app/src/few-cities.ts';
import { bundlePage } from '../../example-app/src/page.ts';
import { startServer } from '../../example-app/src/server.ts';
import type { World } from '../../example-app/src/world.ts';
import { worldInMemory } from '../../example-app/src/world-in-memory.ts';
import { worldInPostgres } from '../../example-app/src/world-in-postgres.ts';
import { openTab, type Tab } from '../support/chromium.ts';

/** The page as it is served, with the library as it stands in the sources. */
const bundle = () =>
  bundlePage({ alias: { 'trpc-cached/client': fileURLToPath(new URL('../../src/client/index.ts', import.meta.url)) } });

/** The example app, its page in Chromium and an empty cache, until the test ends. */
export async function openExample({ isWhole = false } = {}) {
  const world: World = isWhole ? worldInPostgres(await openDatabase(() => {})) : worldInMemory(fewCities, wishes);
  await cache.clear();
  const server = await startServer(world, 0, bundle);
  onTestFinished(async () => {
    await server.close();
    await world.close();
  });
  const tab = await openTab();
  const complaints: string[] = [];
  tab.on('Runtime.exceptionThrown', ({ exceptionDetails }) => complaints.push(exceptionDetails.exception?.description));
  tab.on('Log.entryAdded', ({ entry }) => complaints.push(entry.text)); // what the policy refuses, too
  for (const domain of ['Runtime', 'Log']) await tab.send(`${domain}.enable`);
  return { world, url: server.url, tab, complaints };
}

/** What a page shows: the words of its panels, by who sees them. */
export const shownIn = (tab: Tab): Promise<Record<string, { kind: string; text: string }>> =>
  tab.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll<HTMLElement>('[data-path]')].map((panel) => {
        const who = panel.closest<HTMLElement>('[data-user]')?.dataset.user ?? 'guest';
        const kind = panel.querySelector('.badge')?.textContent ?? '';
        return [`${who} ${panel.dataset.path}`, { kind, text: panel.innerText }];
      }),
    ),
  );

/** Where each panel's answer came from, once there is one of each. */
export const kindsIn = async (tab: Tab): Promise<Record<string, string>> =>
  Object.fromEntries(Object.entries(await shownIn(tab)).map(([panel, { kind }]) => [panel, kind]));

/** Types into a field as somebody at a keyboard does. */
export async function type(tab: Tab, selector: string, text: string): Promise<void> {
  const field = `document.querySelector(${JSON.stringify(selector)})`;
  await tab.send('Runtime.evaluate', { expression: `${field}.focus(); ${field}.select()` });
  await tab.send('Input.insertText', { text });
}

/** Presses a key where the focus is. */
export async function press(tab: Tab, key: 'Tab' | 'Enter'): Promise<void> {
  const code = { Tab: 9, Enter: 13 }[key];
  const event = { key, code: key, windowsVirtualKeyCode: code, ...(key === 'Enter' && { text: '\r' }) };
  await tab.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
  await tab.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
}

/** Presses the button with such a name, among those that one user sees. */
export const click = async (tab: Tab, within: string, name: string): Promise<void> => {
  const { result } = await tab.send('Runtime.evaluate', {
    expression: `(() => {
      const found = [...document.querySelectorAll(${JSON.stringify(`${within} button`)})].find((one) => one.textContent.trim().startsWith(${JSON.stringify(name)}));
      found?.click();
      return found !== undefined;
    })()`,
    returnByValue: true,
  });
  if (!result.value) throw new Error(`no button ${name} in ${within}`);
};

/** What somebody with a screen reader is told of the controls, as the browser works it out. */
export async function controlsOf(tab: Tab): Promise<string[]> {
  const { nodes } = await tab.send('Accessibility.getFullAXTree');
  const roles = ['button', 'textbox', 'searchbox', 'link'];
  return nodes
    .filter(({ ignored, role }: any) => !ignored && roles.includes(role?.value))
    .map(({ role, name }: any) => `${role.value}: ${name?.value ?? ''}`);
}

/** Texts whose contrast to what is behind them is too low for level AA (WCAG 2.2, 1.4.3). */
export const tooPale = (tab: Tab): Promise<string[]> =>
  tab.evaluate(() => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    if (!context) return ['no canvas'];
    /** Any colour of CSS as the browser paints it, over what is behind it. */
    const paint = (colour: string, behind: readonly number[]) => {
      context.fillStyle = `rgb(${behind.join()})`;
      context.fillRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    };
    const behindOf = (node: Element | null): readonly number[] =>
      node === null ? [255, 255, 255] : paint(getComputedStyle(node).backgroundColor, behindOf(node.parentElement));
    const luminance = (colour: readonly number[]) =>
      [0.2126, 0.7152, 0.0722].reduce((sum, weight, at) => {
        const value = (colour[at] ?? 0) / 255;
        return sum + weight * (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
      }, 0);
    const pale: string[] = [];
    for (const node of document.querySelectorAll<HTMLElement>('#root *')) {
      const hasText = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent?.trim() !== '');
      if (!hasText || node.offsetParent === null || (node as HTMLButtonElement).disabled) continue;
      const behind = behindOf(node);
      const [one, other] = [luminance(paint(getComputedStyle(node).color, behind)), luminance(behind)];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (ratio < 4.5)
        pale.push(`${node.tagName} ${node.className} ${node.textContent?.slice(0, 20)}: ${ratio.toFixed(2)}`);
    }
    return pale;
  });
