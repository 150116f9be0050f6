import { describe, expect, it } from 'vitest';
import { controlsOf, keepsPictures, press, shoot, tooPale, type, view } from '../support/browser-page.ts';
import { chromiumAvailable, networkOf } from '../support/chromium.ts';
import { click, kindsIn, openExample, shownIn } from './site.ts';

const shots = new URL('../../docs/example-app/', import.meta.url);
const roles = ['button', 'textbox', 'searchbox', 'link'];

const public_ = ['city.byId', 'city.nearest', 'city.search', 'country.statistics'];
const all = [...public_, 'favourite.list'];
const onBoth = (kinds: Record<string, string>) => ({
  ada: Object.fromEntries(all.map((path) => [path, kinds[`ada ${path}`]])),
  grace: Object.fromEntries(all.map((path) => [path, kinds[`grace ${path}`]])),
});

describe.skipIf(!chromiumAvailable)('the page of the example app, in Chromium', () => {
  it('has one user wait for what the next one gets from the cache, and after a rename renews what shows it on both sides', async () => {
    // Pictures that are kept show the whole database.
    const { url, tab, world, complaints } = await openExample({ isWhole: keepsPictures });
    const network = await networkOf(tab, '/trpc/');
    /** What went over the network since the last time, once the number of requests is reached and no more come. */
    const requests = async (count: number) => {
      const seen: string[] = [];
      const more = () => {
        if (network.isDone(''))
          for (const one of network.take()) if (!one.url.includes('live.announcements')) seen.push(wordsOf(one));
        return seen.length;
      };
      await expect.poll(more, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
      return seen.sort();
    };
    await view(tab, 1280, 'light');
    await tab.goto(url);
    await expect
      .poll(async () => Object.values(await kindsIn(tab)).filter((kind) => kind !== ''), { timeout: 15_000 })
      .toHaveLength(11);
    const { ada, grace } = onBoth(await kindsIn(tab));
    expect(new Set(Object.values(ada))).toEqual(new Set(['MISS']));
    expect(grace).toEqual({ ...Object.fromEntries(public_.map((path) => [path, 'HIT'])), 'favourite.list': 'MISS' });
    expect(await requests(11)).toHaveLength(11);

    // Only Ada's side is asked for again: of her likes nobody else sees anything.
    const before = world.queries;
    await click(tab, '[data-user=ada]', 'Like');
    expect(await requests(2)).toEqual(['GET favourite.list with its tag: 200', 'POST favourite.add: 200']);
    await expect.poll(async () => (await shownIn(tab))['ada favourite.list']?.text).toContain('Nairobi');
    expect(world.queries - before).toBe(2);

    // By keyboard alone. Grace's list has the city, too.
    await type(tab, '[data-user=ada] .rename input', 'Nairobi, Green City in the Sun');
    await press(tab, 'Enter');
    const asked = await requests(12);
    expect(asked.filter((one) => one.endsWith('304'))).toEqual([
      'GET city.map with its tag: 304',
      'GET country.statistics with its tag: 304',
      'GET country.statistics with its tag: 304',
    ]);
    expect(asked.filter((one) => one.endsWith('200'))).toEqual([
      ...['city.byId', 'city.byId', 'city.nearest', 'city.nearest', 'city.search', 'city.search'].map(renewed),
      ...['favourite.list', 'favourite.list'].map(renewed),
      'POST city.rename: 200',
    ]);
    expect(asked).toHaveLength(12);
    // The rename, what is public once, and each user's own list.
    expect(world.queries - before - 2).toBe(1 + 3 + 2);
    const showing = ['ada', 'grace'].flatMap((who) =>
      ['city.byId', 'city.nearest', 'city.search', 'favourite.list'].map((path) => `${who} ${path}`),
    );
    const without = async (text: string) => {
      const shown = await shownIn(tab);
      return showing.filter((panel) => !shown[panel]?.text.includes(text));
    };
    await expect.poll(() => without('Nairobi, Green City in the Sun'), { timeout: 5_000 }).toEqual([]);
    const kinds = await kindsIn(tab);
    expect(showing.filter((panel) => !['MISS', 'HIT'].includes(kinds[panel] ?? ''))).toEqual([]);
    expect([kinds['ada country.statistics'], kinds['grace country.statistics'], kinds['guest city.map']]).toEqual([
      ...['304', '304', '304'],
    ]);

    const controls = await controlsOf(tab, roles);
    expect(controls.filter((control) => control.endsWith(': '))).toEqual([]);
    expect(controls).toEqual(
      expect.arrayContaining([
        ...[
          'button: Ask again for everything',
          'button: Empty the cache',
          'button: Map of the world: Ada goes where you point',
        ],
        ...['searchbox: Part of a name, Ada', 'textbox: New name, Grace', 'button: Rename', 'button: Like'],
      ]),
    );
    for (const [name, width, scheme] of [
      ['light', 1280, 'light'],
      ['dark', 1280, 'dark'],
      ['narrow', 390, 'light'],
    ] as const) {
      await view(tab, width, scheme);
      const { width: wide } = await shoot(tab, name, shots, 200_000);
      expect(wide).toBeLessThanOrEqual(width); // nothing sticks out
      expect([name, await tooPale(tab, '#root *')]).toEqual([name, []]);
    }
    await view(tab, 1280, 'light');
    expect(await requests(0)).toEqual([]); // nobody asked later

    const queries = world.queries;
    await click(tab, 'nav', 'Ask again');
    const again = await requests(11);
    expect([again.length, again.filter((one) => one.endsWith('304')).length, world.queries - queries]).toEqual([
      11, 11, 0,
    ]);

    await click(tab, 'nav', 'Empty');
    expect((await requests(12)).length).toBe(12);
    // Computed, although it is the same as before and no body is sent.
    await expect
      .poll(async () => (await shownIn(tab))['guest city.map']?.text, { timeout: 5_000 })
      .toMatch(/MISS[\s\S]*0 B[\s\S]*same/);
    expect(world.queries - queries).toBe(5 + 2); // what is public once, and two lists
    expect(complaints).toEqual([]);
  }, 60_000);
});

const renewed = (path: string) => `GET ${path} with its tag: 200`;

function wordsOf({
  method,
  url,
  held,
  status,
}: ReturnType<Awaited<ReturnType<typeof networkOf>>['take']>[number]): string {
  return `${method} ${new URL(url).pathname.replace('/trpc/', '')}${held === undefined ? '' : ' with its tag'}: ${status}`;
}
