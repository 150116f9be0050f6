import { describe, expect, test } from 'vitest';
import { chromiumAvailable, networkOf, openTab } from '../support/chromium.ts';
import type { Shown } from './page.ts';
import { servePage } from './page-server.ts';

declare const page: Shown;

/** Opens the page, and gives what it shows and what the network saw since it was asked last. */
async function open() {
  const url = await servePage();
  const tab = await openTab();
  const network = await networkOf(tab, '/trpc/');
  const settled = async () => {
    await expect.poll(() => tab.evaluate(() => page.isBusy()), { timeout: 10_000 }).toBe(false);
    return tab.evaluate(() => page.shown());
  };
  /** The requests since the last time; one of our own, sent behind all others, ends them. */
  const requests = async () => {
    await tab.evaluate(() => page.ping());
    await expect.poll(() => network.isDone('/ping'), { timeout: 10_000 }).toBe(true);
    const seen = network.take().filter(({ url }) => !url.endsWith('/ping'));
    return seen.map(({ method, url: full, held, status }) => {
      const { pathname, searchParams } = new URL(full);
      const input = searchParams.get('input');
      const tag = held === undefined ? '' : ' with its tag';
      return `${method} ${pathname.replace('/trpc/', '')}${input === null ? '' : ` ${input}`}${tag}: ${status}`;
    });
  };
  return { url, tab, settled, requests };
}

describe.skipIf(!chromiumAvailable)('a page with the client of tRPC and React Query, in Chromium', () => {
  test('loads cached queries, reloads them by 304 with equal data, and a mutation refreshes exactly the right ones', async () => {
    const { url, tab, settled, requests } = await open();
    const all = ['post.byId {"id":1}', 'post.byId {"id":2}', 'post.list', 'user.me'];

    await tab.goto(url);
    const loaded = await settled();
    expect((await requests()).sort()).toEqual(all.map((query) => `GET ${query}: 200`));
    expect(loaded).toEqual({
      'post.list': [
        { id: 1, title: 'One' },
        { id: 2, title: 'Two' },
      ],
      'post.byId {"id":1}': { id: 1, title: 'One' },
      'post.byId {"id":2}': { id: 2, title: 'Two' },
      'user.me': { name: 'Ada' },
    });

    await tab.reload();
    expect(await settled()).toEqual(loaded);
    expect((await requests()).sort()).toEqual(all.map((query) => `GET ${query} with its tag: 304`));

    await tab.evaluate(() => page.rename({ id: 1, title: 'Eins' }));
    const renamed = await settled();
    expect(await requests()).toEqual([
      'POST post.rename: 200',
      expect.stringMatching(/^GET post\.(?:list|byId \{"id":1\}) with its tag: 200$/),
      expect.stringMatching(/^GET post\.(?:list|byId \{"id":1\}) with its tag: 200$/),
    ]);
    expect(renamed).toEqual({
      ...loaded,
      'post.list': [
        { id: 1, title: 'Eins' },
        { id: 2, title: 'Two' },
      ],
      'post.byId {"id":1}': { id: 1, title: 'Eins' },
    });
  });
});
