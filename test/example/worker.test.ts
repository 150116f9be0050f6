import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createTRPCClient, httpLink } from '@trpc/client';
import { build } from 'esbuild';
import superjson from 'superjson';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AppRouter } from '../../example-app/src/router.ts';
import { forWorkers } from '../runtimes/build.ts';
import { startProcess } from '../runtimes/instance.ts';
import { usualRows } from '../runtimes/rows.ts';
import { workerOf } from '../runtimes/workerd.ts';
import { startGateway } from '../support/gateway.ts';
import { redisAvailable, startRedis } from '../support/redis.ts';

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const root = '../../';
const program = usualRows.find(({ kind }) => kind === 'workerd')?.program;
const wrangler = JSON.parse(readFileSync(pathOf(`${root}example-app/wrangler.jsonc`), 'utf8'));

/** Two processes of workerd with the worker of the example app, on one Upstash. */
async function openWorkers() {
  const folder = pathOf(`${root}.cache/example-worker-${process.pid}`);
  await mkdir(folder, { recursive: true });
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const gateway = await startGateway({ redisPort: redis.port });
  onTestFinished(() => gateway.close());
  await build({
    ...forWorkers,
    entryPoints: [pathOf(`${root}example-app/${wrangler.main}`)],
    outfile: `${folder}/worker.js`,
    alias: {
      'trpc-cached/upstash': pathOf(`${root}src/stores/upstash.ts`),
      'trpc-cached': pathOf(`${root}src/index.ts`),
    },
    logLevel: 'error',
  });
  const { compatibility_date: date, compatibility_flags: flags } = wrangler;
  const bindings = { UPSTASH_REDIS_REST_URL: gateway.url, UPSTASH_REDIS_REST_TOKEN: gateway.token };
  await writeFile(`${folder}/worker.capnp`, workerOf({ date, flags, bindings }));
  const start = async () => {
    const args = ['serve', `${folder}/worker.capnp`, '--control-fd=3'];
    const worker = await startProcess(program as string, args, 3);
    onTestFinished(() => worker.close());
    return worker.origin;
  };
  const [one, other] = await Promise.all([start(), start()]);
  return { gateway, one, other };
}

/** Asks as a user does, and gives what the last answer said of the cache. */
function visitor(origin: string, token?: string) {
  let last: Response | undefined;
  const trpc = createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${origin}/trpc`,
        transformer: superjson,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        fetch: async (input, init) => (last = await fetch(input as string, init as RequestInit)),
      }),
    ],
  });
  return { trpc, told: () => last?.headers.get('x-cache'), last: () => last as Response };
}

describe.skipIf(program === undefined || !redisAvailable)('the worker of the example app, in workerd', () => {
  it('fills in one process what another one hits, invalidates it for both, and renews behind the response what was expired', async () => {
    const { gateway, one, other } = await openWorkers();
    const [ada, guest, grace] = [visitor(one, 'token-of-ada'), visitor(other), visitor(other, 'token-of-grace')];

    const found = await ada.trpc.city.search.query({ text: 'nairobi' });
    const id = found[0]?.id as number;
    expect([found.map(({ name }) => name), ada.told()]).toEqual([['Nairobi'], 'MISS']);
    await expect.poll(() => gateway.count()).toBe(2); // a lookup, and behind the response a fill
    gateway.reset();
    expect(await guest.trpc.city.search.query({ text: 'nairobi' })).toEqual(found);
    expect([guest.told(), gateway.count()]).toEqual(['HIT', 1]);

    const held = guest.last();
    const again = await fetch(held.url, { headers: { 'if-none-match': held.headers.get('etag') ?? '' } });
    expect([again.status, await again.text()]).toEqual([304, '']);

    expect([await ada.trpc.favourite.list.query(), ada.told()]).toMatchObject([
      [{ name: 'Istanbul' }, { name: 'London' }],
      'MISS',
    ]);
    expect([await grace.trpc.favourite.list.query(), grace.told()]).toMatchObject([
      [{ name: 'Nairobi' }, { name: 'Turin' }],
      'MISS',
    ]);

    for (const { trpc, told } of [ada, grace])
      await expect.poll(() => trpc.favourite.list.query().then(told)).toBe('HIT');
    await ada.trpc.city.rename.mutate({ id, name: 'Nairobi, Green City in the Sun' });
    await guest.trpc.city.search.query({ text: 'nairobi' });
    expect(guest.told()).toBe('MISS'); // computed of this process's own cities: a real app has one database
    await grace.trpc.favourite.list.query();
    expect(grace.told()).toBe('MISS'); // her list has the tag of the city
    await ada.trpc.favourite.list.query();
    expect(ada.told()).toBe('HIT');

    const citiesOf = async () => {
      const { countries } = await ada.trpc.country.statistics.query();
      return countries.reduce((sum, { cities }) => sum + cities, 0);
    };
    const before = await citiesOf();
    await expect.poll(async () => [await citiesOf(), ada.told()]).toEqual([before, 'HIT']);
    await ada.trpc.city.add.mutate({ name: 'Atlantis', country: 'GR', lat: 36.4, lng: 25.4 });
    expect([await citiesOf(), ada.told()]).toEqual([before, 'STALE']);
    await expect.poll(async () => [await citiesOf(), ada.told()]).toEqual([before + 1, 'HIT']);
  });
});
