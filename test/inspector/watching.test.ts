import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/index.ts';
import { chromiumAvailable, type Tab } from '../support/chromium.ts';
import { faultyStore, throwing } from '../support/stores.ts';
import { ask, later, open, pressed, textOf } from './opened.ts';
import { type Shop, shopOn } from './site.ts';

const longer = { timeout: 8_000 };

/** The activity of the page, newest first. */
const activityOf = (tab: Tab): Promise<string[]> =>
  tab.evaluate(() => Array.from(document.querySelectorAll('#feed li > span'), (item) => item.textContent));

const alone = 'Invalidated city.byIdin city.byId3 listed entries became unusable';

const fill = async (shop: Shop) => {
  for (const id of [1, 2, 3]) await shop.as().city.byId({ id });
};

describe.skipIf(!chromiumAvailable)('the inspector while somebody looks, in Chromium', () => {
  it('tells what an invalidation made unusable also when it would list anyway, and of several at once together', async () => {
    const { shop, url, tab, complaints } = await open();
    await fill(shop);
    await tab.goto(url);
    await expect.poll(() => textOf(tab, '#listed'), longer).toMatch(/^3 entries, /);
    // The list of a store in memory is renewed after ten seconds: now, with the poll that brings the invalidation.
    await later(tab, 60_000);
    await shop.cache.invalidate('city.byId');
    await ask(tab);
    await expect.poll(() => activityOf(tab), longer).toEqual([alone]);

    await fill(shop);
    await pressed(tab, '#list button');
    await expect.poll(async () => (await textOf(tab, '#entries')).match(/fresh/g)?.length, longer).toBe(3);
    await shop.cache.invalidate('city.byId');
    await shop.cache.invalidate({ tag: 'that nobody has' });
    await ask(tab);
    const together = '3 listed entries became unusable, by this and 1 other together';
    await expect
      .poll(async () => (await activityOf(tab)).slice(0, 2), longer)
      .toEqual([
        expect.stringMatching(`^Invalidated tag #\\S{8}${together}$`),
        `Invalidated city.byIdin city.byId${together}`,
      ]);
    expect(complaints).toEqual([]);
  });

  it('tells it also when somebody had the list renewed before the page heard of the invalidation', async () => {
    const { shop, url, tab } = await open();
    await fill(shop);
    await tab.goto(url);
    await expect.poll(() => textOf(tab, '#listed'), longer).toMatch(/^3 entries, /);
    await pressed(tab, '#pause');
    await shop.cache.invalidate('city.byId');
    await pressed(tab, '#list button');
    await expect.poll(() => textOf(tab, '#entries'), longer).toContain('invalidated');
    await pressed(tab, '#pause');
    await expect.poll(() => activityOf(tab), longer).toEqual([alone]);
  });

  it('says of the store what is known: how the breaker is, what failed last, and why it lists nothing', async () => {
    const { store, fault } = faultyStore();
    let isDown = true;
    const scan = () => (isDown ? Promise.reject(new TypeError('fetch failed')) : { entries: [] });
    const { shop, url, tab } = await open({}, shopOn({ store: { ...store, scan }, namespace: 'n' }));
    await tab.goto(url);
    await expect.poll(() => textOf(tab, '#listed'), longer).toBe('the store failed (TypeError)');
    const facts = () => textOf(tab, '#facts');
    await ask(tab);
    await expect.poll(facts, longer).toMatch(/^Store faulty, breaker closed, last failure \d\d:\d\d:\d\d, listing\s/);
    expect(await tab.evaluate(() => document.querySelector('#facts .bad')?.textContent)).toContain('Store faulty');

    isDown = false;
    await later(tab, 60_000);
    await ask(tab);
    await expect.poll(() => textOf(tab, '#listed'), longer).toBe('none'); // nobody had to ask for it
    await ask(tab);
    await expect.poll(facts, longer).toMatch(/^Store faulty, breaker closed\s+Namespace n$/);
    expect(await tab.evaluate(() => document.querySelector('#facts .bad'))).toBeNull();

    fault('lookup', throwing);
    for (let call = 0; call < 5; call++) await shop.as().city.list();
    await ask(tab);
    await expect
      .poll(facts, longer)
      .toMatch(/^Store faulty, breaker (?:half-)?open, last failure \d\d:\d\d:\d\d, lookup\s/);
  });

  it('lists what there is as soon as the store is opened, as on Workers by the first call', async () => {
    const store = { ...memoryStore(), name: 'upstash' };
    const { shop, url, tab } = await open({}, shopOn({ store: () => store, namespace: 'n' }));
    await tab.goto(url);
    await expect.poll(() => textOf(tab, '#listed'), longer).toBe('the store is not opened yet');
    expect(await textOf(tab, '#facts')).toMatch(/^Store not opened yet\s/);
    await shop.as().city.byId({ id: 1 });
    await ask(tab);
    await expect.poll(() => textOf(tab, '#listed'), longer).toMatch(/^1 entry, /);
  });
});
