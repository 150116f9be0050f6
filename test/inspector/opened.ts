import { complaintsOf } from '../support/browser-page.ts';
import { openTab, type Tab } from '../support/chromium.ts';
import { type Shop, serveInspector, shopOn } from './site.ts';

/** The text of an element in the page. */
export const textOf = (tab: Tab, selector: string): Promise<string> =>
  tab.evaluate((selector) => document.querySelector<HTMLElement>(selector)?.innerText ?? '', selector);

/** The inspector of a shop, or of several processes of it, and a browser that is to look at it. */
export const open = async (
  options: Parameters<typeof serveInspector>[1] = {},
  shop = shopOn({ namespace: 'shop-production' }),
  others: readonly Shop[] = [],
) => {
  const { url } = await serveInspector([shop, ...others], options);
  const tab = await openTab();
  const complaints = await complaintsOf(tab);
  const requests: string[] = [];
  tab.on('Network.requestWillBeSent', ({ request }) => requests.push(request.url));
  await tab.send('Network.enable');
  await tab.send('Emulation.setTimezoneOverride', { timezoneId: 'UTC' });
  return { shop, url, tab, complaints, requests };
};

/** Presses a button of the page. */
export const pressed = (tab: Tab, selector: string): Promise<void> =>
  tab.evaluate((selector) => (document.querySelector(selector) as HTMLElement).click(), selector);

/** Has the page ask how things are at once, as it does when a pause ends. */
export const ask = async (tab: Tab): Promise<void> => {
  for (let times = 0; times < 2; times++) await pressed(tab, '#pause');
};

/** The clock of the page goes on at once; that of the server does not. */
export const later = (tab: Tab, ms: number): Promise<void> =>
  tab.evaluate((ms) => {
    const { now } = Date;
    Date.now = () => now() + ms;
  }, ms);
