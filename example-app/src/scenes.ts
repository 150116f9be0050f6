import { isDeepStrictEqual } from 'node:util';
import { cache, storeName } from './cache.ts';
import type { Exchange } from './client.ts';
import { formatBytes, formatMs } from './report.ts';
import type { Scene } from './tour.ts';

const bosporus = { lat: 41.0138, lng: 28.9497 };

export async function slowestQuery({ guest, grace, report, visit }: Scene) {
  report.section('The slowest query: it reads every city of the world');
  const statistics = () => guest.trpc.country.statistics.query();
  const miss = await visit(guest, 'country.statistics', statistics, {
    xCache: 'MISS',
    note: () => 'computed',
  });
  const hit = await visit(guest, 'country.statistics', statistics, {
    xCache: 'HIT',
    note: () => 'stored',
  });
  const notModified = await visit(guest, 'fetch of the same', () => guest.revalidate(hit.exchange), {
    xCache: 'HIT',
    status: 304,
    note: () => 'If-None-Match sent',
    check: () => guest.exchanges.at(-1)!.bytes === 0,
  });
  await visit(grace, 'country.statistics', () => grace.trpc.country.statistics.query(), {
    xCache: 'HIT',
    note: () => 'public: shared',
  });

  const typical = await medianMs(20, statistics);
  const factor = Math.round(miss.ms / typical);
  report.finding(
    `A hit is ${factor} × faster: ${formatMs(miss.ms)} from the database, ${formatMs(typical)} from the cache (median of 20).`,
    factor > 1, // a time never fails the tour: it depends on the machine, and on how far away the store is
  );
  report.finding(
    'A hit has the same data, and its Date is a Date: superjson on both ways.',
    hit.output.computedAt instanceof Date && isDeepStrictEqual(hit.output, miss.output),
  );
  report.finding(
    `A 304 has ${notModified.exchange.bytes} bytes of body instead of ${formatBytes(hit.exchange.bytes)}.`,
    notModified.exchange.bytes === 0,
  );
}

export async function perUser({ ada, grace, report, visit }: Scene) {
  report.section('A private query: each user has entries of their own');
  const names = (cities: { name: string }[]) => cities.map((city) => city.name).join(', ');
  const listOfAda = await visit(ada, 'favourite.list', () => ada.trpc.favourite.list.query(), {
    xCache: 'MISS',
    note: names,
  });
  const listOfGrace = await visit(grace, 'favourite.list', () => grace.trpc.favourite.list.query(), {
    xCache: 'MISS',
    note: names,
  });
  await visit(ada, 'favourite.list', () => ada.trpc.favourite.list.query(), { xCache: 'HIT', note: names });

  const etags = [listOfAda, listOfGrace].map(({ exchange }) => exchange.headers.get('etag'));
  const differs = names(listOfAda.output) !== names(listOfGrace.output) && etags[0] !== etags[1];
  report.finding('Two users got two lists with two ETags.', differs);
}

export async function batch({ guest, report, visit }: Scene) {
  report.section('A batch: statistics, search and nearest in one request');
  const threeQueries = () =>
    Promise.all([
      guest.batching.country.statistics.query(),
      guest.batching.city.search.query({ text: 'new' }),
      guest.batching.city.nearest.query(bosporus),
    ]);
  await visit(guest, 'a batch of three', threeQueries, {
    xCache: 'HIT, MISS, MISS',
    note: () => 'one known, two new',
  });
  await visit(guest, 'a batch of three', threeQueries, {
    xCache: 'HIT, HIT, HIT',
    note: () => 'one ETag for three',
  });
}

export async function rename({ guest, ada, report, visit }: Scene) {
  report.section('A mutation: what shows the city is renewed, the rest stays');
  const [istanbul] = await guest.trpc.city.search.query({ text: 'istanbul' });
  if (!istanbul) throw new Error('The data has no Istanbul.');
  const { id } = istanbul;
  const name = 'Constantinople';
  const byId = () => guest.trpc.city.byId.query({ id });
  const nearest = () => guest.trpc.city.nearest.query(bosporus);
  const list = () => ada.trpc.favourite.list.query();
  const isRenamed = (cities: { name: string }[]) => cities.some((city) => city.name === name);

  await visit(guest, 'city.byId', byId, { xCache: 'MISS', note: (city) => city.name });
  await visit(guest, 'city.byId', byId, { xCache: 'HIT', note: (city) => city.name });
  await visit(ada, 'city.rename', () => ada.trpc.city.rename.mutate({ id, name }), {
    xCache: null,
    note: (city) => `now ${city.name}`,
  });
  const renewed = [
    await visit(guest, 'city.byId', byId, { xCache: 'MISS', note: (city) => city.name }),
    await visit(guest, 'city.nearest', nearest, { xCache: 'MISS', note: ([first]) => `1. ${first?.name}` }),
    await visit(ada, 'favourite.list', list, { xCache: 'MISS', note: ([first]) => `1. ${first?.name}` }),
  ].map(({ output }) => isRenamed([output].flat()));
  await visit(guest, 'country.statistics', () => guest.trpc.country.statistics.query(), {
    xCache: 'HIT',
    note: () => 'no names: stays',
  });
  report.finding('After the rename every answer had the new name at once.', renewed.every(Boolean));
}

export async function expire({ guest, ada, report, visit }: Scene) {
  report.section('A mutation that expires: the slowest query answers at once, and runs behind');
  const statistics = () => guest.trpc.country.statistics.query();
  const citiesOf = ({ countries }: Awaited<ReturnType<typeof statistics>>) =>
    countries.reduce((sum, { cities }) => sum + cities, 0);
  const note = (output: Awaited<ReturnType<typeof statistics>>) => `${citiesOf(output).toLocaleString('en')} cities`;
  const before = citiesOf(await statistics());
  const atlantis = { name: 'Atlantis', country: 'GR', lat: 36.4, lng: 25.4 };
  await visit(ada, 'city.add', () => ada.trpc.city.add.mutate(atlantis), {
    xCache: null,
    note: (city) => `now there is ${city.name}`,
  });
  const renewed = fillOf('country.statistics');
  const stale = await visit(guest, 'country.statistics', statistics, { xCache: 'STALE', note });
  await renewed;
  const hit = await visit(guest, 'country.statistics', statistics, { xCache: 'HIT', note });
  report.finding(
    `What was expired was served once more in ${formatMs(stale.ms)}, and was renewed behind it.`,
    citiesOf(stale.output) === before && citiesOf(hit.output) === before + 1,
  );
}

/** Resolves when an answer of this path is stored. */
const fillOf = (wanted: string) =>
  new Promise<void>((resolve) => {
    const stop = cache.on('fill', ({ path }) => {
      if (path !== wanted) return;
      stop();
      resolve();
    });
  });

export async function manyAtOnce({ guest, report, world, visit }: Scene) {
  report.section('100 equal calls at once, each a request of its own');
  const before = world.queries;
  const search = () => guest.trpc.city.search.query({ text: 'saint' });
  await visit(guest, 'city.search × 100', () => Promise.all(Array.from({ length: 100 }, search)), {
    xCache: 'MISS',
    note: () => outcomes(guest.exchanges.slice(-100)),
    check: (answers) => answers.every((cities) => cities.length > 0),
  });
  const asked = world.queries - before;
  report.finding(
    `100 equal calls at once asked the database ${asked === 1 ? 'once' : `${asked} times`}.`,
    asked === 1 || storeName !== 'memory', // behind a slow network a lookup may be late: its call asks the database itself
  );
}

/** As in `1 × HIT, 99 × MISS`: who waits for the query of another is a miss too. */
function outcomes(exchanges: Exchange[]) {
  const counts = new Map<string, number>();
  for (const { headers } of exchanges) {
    const outcome = headers.get('x-cache') ?? '-';
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return [...counts].map(([outcome, count]) => `${count} × ${outcome}`).join(', ');
}

async function medianMs(times: number, run: () => Promise<unknown>) {
  const measured: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await run();
    measured.push(performance.now() - start);
  }
  return measured.sort((a, b) => a - b)[Math.floor(times / 2)]!;
}
