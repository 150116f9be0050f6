import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const executablePath = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'chromium'))
  .find(isExecutable);

/** Whether there is a browser on this machine; `test/support/install.sh` brings one. */
export const chromiumAvailable: boolean = executablePath !== undefined;

const args = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
];

/** A browser with an empty profile, until the test ends. */
export async function openBrowser(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: executablePath as string, headless: true, args });
  onTestFinished(() => browser.close());
  return browser;
}

/** A request of a page as the network saw it: what the browser's own cache did is in it. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  /** The tag that the browser named. */
  readonly held: string | undefined;
  /** What came over the network: 304, where the page is shown a 200. */
  readonly status: number;
}

/** The requests of a page. */
export interface Network {
  /** Whether all of them are answered, and one of them is to such a URL. */
  readonly isDone: (end: string) => boolean;
  /** Those since the last time, in the order in which the page sent them. */
  readonly take: () => Exchange[];
}

/** All requests of a page to URLs with this part, by the DevTools protocol, which tells of one in no certain order. */
export async function networkOf(page: Page, part: string): Promise<Network> {
  const session = await page.context().newCDPSession(page);
  const asked = new Map<string, { readonly method: string; readonly url: string }>();
  const held = new Map<string, string | undefined>();
  const statuses = new Map<string, number>();
  session.on('Network.requestWillBeSent', ({ requestId, request: { method, url } }) => {
    if (url.includes(part)) asked.set(requestId, { method, url });
  });
  session.on('Network.requestWillBeSentExtraInfo', ({ requestId, headers }) => {
    const name = Object.keys(headers).find((one) => one.toLowerCase() === 'if-none-match');
    held.set(requestId, name === undefined ? undefined : headers[name]);
  });
  session.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => {
    statuses.set(requestId, statusCode);
  });
  await session.send('Network.enable');
  return {
    isDone: (end) =>
      [...asked.values()].some(({ url }) => url.endsWith(end)) &&
      [...asked.keys()].every((id) => held.has(id) && statuses.has(id)),
    take() {
      const seen = [...asked].map(([id, request]) => ({
        ...request,
        held: held.get(id),
        status: statuses.get(id) as number,
      }));
      asked.clear();
      return seen;
    },
  };
}
