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
import { complaintsOf } from '../support/browser-page.ts';
import { openTab, type Tab } from '../support/chromium.ts';

/** The page as it is served, with the library as it stands in the sources. */
const bundle = () =>
  bundlePage({ alias: { 'trpc-cached/client': fileURLToPath(new URL('../../src/client/index.ts', import.meta.url)) } });

/** The example app, its page in Chromium and an empty cache, until the test ends. */
export async function openExample({ isWhole = false } = {}) {
  const world: World = isWhole ? worldInPostgres(await openDatabase(() => {})) : worldInMemory(fewCities, wishes);
  await cache.clear();
  const server = await startServer(() => world, 0, bundle);
  onTestFinished(async () => {
    await server.close();
    await world.close();
  });
  const tab = await openTab();
  return { world, url: server.url, tab, complaints: await complaintsOf(tab) };
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

/** Presses the button with such a name, among those that one user sees. */
export const click = async (tab: Tab, within: string, name: string): Promise<void> => {
  const isThere = await tab.evaluate(
    (selector, name) => {
      const buttons = [...document.querySelectorAll<HTMLElement>(selector)];
      const found = buttons.find(({ textContent }) => textContent.trim().startsWith(name));
      found?.click();
      return found !== undefined;
    },
    `${within} button`,
    name,
  );
  if (!isThere) throw new Error(`no button ${name} in ${within}`);
};
