import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { executable } from './executables.ts';
import { end } from './server-process.ts';

const executablePath = executable('chromium');

/** Whether there is a browser on this machine; `test/support/install.sh` brings one. */
export const chromiumAvailable: boolean = executablePath !== undefined;

const args = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
  '--remote-debugging-port=0',
];

/** A page, by the DevTools protocol. */
export interface Tab {
  readonly goto: (url: string) => Promise<void>;
  readonly reload: () => Promise<void>;
  /** What a function gives in the page; it sees the page's globals alone, and arguments that are JSON. */
  readonly evaluate: <T, Given extends unknown[]>(
    work: (...given: Given) => T | Promise<T>,
    ...given: Given
  ) => Promise<T>;
  readonly send: (method: string, params?: object) => Promise<any>;
  readonly on: (event: string, listener: (params: any) => void) => void;
}

/** A page in a browser with an empty profile, until the test ends. */
export async function openTab(): Promise<Tab> {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-of-tests-'));
  const browser = spawn(executablePath as string, [...args, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(async () => {
    await end(browser);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  let address: string | undefined;
  for await (const line of createInterface(browser.stderr)) {
    address = /^DevTools listening on (ws:.*)$/.exec(line)?.[1];
    if (address !== undefined) break;
  }
  browser.stderr.resume();
  if (address === undefined) throw new Error('chromium ended as it started');
  const socket = new WebSocket(address);
  await once(socket, 'open');
  onTestFinished(() => socket.terminate());

  let calls = 0;
  const waiting = new Map<number, { resolve: (result: any) => void; reject: (error: Error) => void }>();
  const listeners = new Map<string, ((params: any) => void)[]>();
  socket.on('message', (data) => {
    const { id, result, error, method, params } = JSON.parse(String(data));
    if (id === undefined) for (const listener of listeners.get(method) ?? []) listener(params);
    else if (error === undefined) waiting.get(id)?.resolve(result);
    else waiting.get(id)?.reject(new Error(error.message));
    waiting.delete(id);
  });
  let session: string | undefined;
  const send: Tab['send'] = (method, params = {}) =>
    new Promise((resolve, reject) => {
      calls += 1;
      waiting.set(calls, { resolve, reject });
      socket.send(JSON.stringify({ id: calls, method, params, ...(session !== undefined && { sessionId: session }) }));
    });
  const on: Tab['on'] = (event, listener) => void listeners.set(event, [...(listeners.get(event) ?? []), listener]);

  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  session = (await send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
  await send('Page.enable');
  const loaded = () => new Promise<void>((resolve) => on('Page.loadEventFired', () => resolve()));
  const after = async (work: () => Promise<unknown>) => {
    const done = loaded();
    await work();
    await done;
  };
  return {
    goto: (url) => after(() => send('Page.navigate', { url })),
    reload: () => after(() => send('Page.reload')),
    async evaluate(work, ...given) {
      const expression = `(${work})(...${JSON.stringify(given)})`;
      const { result, exceptionDetails } = await send('Runtime.evaluate', {
        ...{ expression, awaitPromise: true, returnByValue: true },
      });
      if (exceptionDetails !== undefined)
        throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    },
    send,
    on,
  };
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
export async function networkOf({ on, send }: Tab, part: string): Promise<Network> {
  const asked = new Map<string, { readonly method: string; readonly url: string }>();
  const held = new Map<string, string | undefined>();
  const statuses = new Map<string, number>();
  on('Network.requestWillBeSent', ({ requestId, request: { method, url } }) => {
    if (url.includes(part)) asked.set(requestId, { method, url });
  });
  on('Network.requestWillBeSentExtraInfo', ({ requestId, headers }) => {
    const name = Object.keys(headers).find((one) => one.toLowerCase() === 'if-none-match');
    held.set(requestId, name === undefined ? undefined : headers[name]);
  });
  on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => {
    statuses.set(requestId, statusCode);
  });
  await send('Network.enable');
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
