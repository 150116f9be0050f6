import { mkdir, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { Tab } from './chromium.ts';
import { type Picture, readPng, withPalette } from './png.ts';

/** Whether pictures are kept: they go with the pages of the docs, and only who asks for new ones gets them. */
export const keepsPictures = process.env.SCREENSHOTS === '1';

/** Types into a field as somebody at a keyboard does. */
export async function type(tab: Tab, selector: string, text: string): Promise<void> {
  await tab.evaluate((selector) => {
    const field = document.querySelector(selector) as HTMLInputElement;
    field.focus();
    field.select();
  }, selector);
  await tab.send('Input.insertText', { text });
}

/** Presses a key where the focus is. */
export async function press(tab: Tab, key: 'Tab' | 'Enter'): Promise<void> {
  const code = { Tab: 9, Enter: 13 }[key];
  const event = { key, code: key, windowsVirtualKeyCode: code, ...(key === 'Enter' && { text: '\r' }) };
  await tab.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
  await tab.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
}

/** A window of such a width, of somebody who likes it light or dark. */
export const view = (tab: Tab, width: number, scheme: 'light' | 'dark') =>
  Promise.all([
    tab.send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: width < 500 }),
    tab.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] }),
  ]);

/** What goes wrong in a page, as it happens: what a script throws, and what the policy refuses. */
export async function complaintsOf(tab: Tab): Promise<string[]> {
  const complaints: string[] = [];
  tab.on('Runtime.exceptionThrown', ({ exceptionDetails }) => complaints.push(exceptionDetails.exception?.description));
  tab.on('Log.entryAdded', ({ entry }) => complaints.push(entry.text));
  for (const domain of ['Runtime', 'Log']) await tab.send(`${domain}.enable`);
  return complaints;
}

/** What somebody with a screen reader is told of the controls in such roles, as the browser works it out. */
export async function controlsOf(tab: Tab, roles: readonly string[]): Promise<string[]> {
  const { nodes } = await tab.send('Accessibility.getFullAXTree');
  return nodes
    .filter(({ ignored, role }: any) => !ignored && roles.includes(role?.value))
    .map(({ role, name }: any) => `${role.value}: ${name?.value ?? ''}`);
}

/** Texts whose contrast to what is behind them is too low for level AA (WCAG 2.2, 1.4.3), in the elements that are selected. */
export const tooPale = (tab: Tab, selector: string): Promise<string[]> =>
  tab.evaluate((selector) => {
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
    for (const node of document.querySelectorAll<HTMLElement>(selector)) {
      const hasText = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent?.trim() !== '');
      if (!hasText || node.offsetParent === null || (node as HTMLButtonElement).disabled) continue;
      const behind = behindOf(node);
      const [one, other] = [luminance(paint(getComputedStyle(node).color, behind)), luminance(behind)];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (ratio < 4.5)
        pale.push(`${node.tagName} ${node.className} ${node.textContent?.slice(0, 20)}: ${ratio.toFixed(2)}`);
    }
    return pale;
  }, selector);

/** What a page looks like; if pictures are kept, it is put into a folder, in fewer than so many bytes. */
export async function shoot(tab: Tab, name: string, folder: URL, most: number): Promise<Picture> {
  const { data } = await tab.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
  const picture = readPng(Buffer.from(data, 'base64'));
  if (keepsPictures) {
    const small = withPalette(picture);
    expect(small.length).toBeLessThan(most);
    await mkdir(folder, { recursive: true });
    await writeFile(new URL(`${name}.png`, folder), small);
  }
  return picture;
}
