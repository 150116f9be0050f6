import { type InspectorOptions, inspector, type Snapshot } from '../../src/inspector/index.ts';
import type { Context } from '../support/app.ts';
import { type Shop, shopOn } from './site.ts';

/** Where the page of an inspector is. */
export const base = 'https://shop.example/admin/cache';

/** An inspector, and what its page would send. */
export const panelOn = (shop: Shop = shopOn(), options: InspectorOptions<Context> = {}) => {
  const panel = inspector(shop.cache, options);
  const open = async (headers: Record<string, string> = {}) => {
    const response = await panel.fetch(new Request(base, { headers }));
    const html = await response.text();
    const word = /<meta name="word" content="([^"]+)"/.exec(html)?.[1] as string;
    return { response, html, word, cookie: response.headers.get('set-cookie')?.split(';')[0] as string };
  };
  const post = async (body: unknown, changes: Record<string, string | undefined> = {}) => {
    const { word, cookie } = await open();
    const given = {
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      origin: 'https://shop.example',
      'x-inspector-word': word,
      cookie: `theme=dark; ${cookie}`,
      ...changes,
    };
    const headers = Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as [string, string]],
    );
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await panel.fetch(new Request(base, { method: 'POST', headers, body: text }));
    return { status: response.status, body: (await response.json()) as any, response };
  };
  const poll = async (since = '.0'): Promise<Snapshot> =>
    (await panel.fetch(new Request(`${base}?since=${since}`))).json() as Promise<Snapshot>;
  return { ...shop, panel, open, post, poll };
};
