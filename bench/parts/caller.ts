import { type Group, groupsBy, type Settings } from '../group.ts';
import { cloneByHand, payloads, sizes } from '../payloads.ts';
import { expectRuns, type Site, siteOf } from '../routers.ts';

/** Hits through a server-side caller, from memory. */
export async function caller(settings: Settings): Promise<readonly Group[]> {
  const groups = groupsBy(settings);

  for (const payload of sizes) {
    const { value, bytes: x } = payload;
    const site = siteOf({ value });
    await site.caller.cached();
    const against = ['not cached', 'clone by hand', 'structuredClone'];
    await groups.add(`caller, ${payload.name}`, [
      { name: 'not cached', x, run: () => site.caller.plain() },
      { name: 'clone by hand', x, run: () => cloneByHand(payload) },
      { name: 'structuredClone', x, run: () => structuredClone(value) },
      { name: 'hit', x, against, run: () => site.caller.cached() },
    ]);
    expectRuns(site, 1);
  }

  const tiny = siteOf({ value: payloads.tiny.value });
  await filled(tiny);
  const id = { id: 7 };
  await groups.add('caller, 100 B, procedures', [
    { name: 'not cached', run: () => tiny.caller.plain() },
    { name: 'hit', against: ['not cached'], run: () => tiny.caller.cached() },
    { name: 'not cached, zod input', run: () => tiny.caller.plainById(id) },
    { name: 'hit, zod input', against: ['not cached, zod input'], run: () => tiny.caller.cachedById(id) },
    { name: 'not cached, behind auth', run: () => tiny.caller.plainBehindAuth() },
    { name: 'hit, behind auth', against: ['not cached, behind auth'], run: () => tiny.caller.cachedBehindAuth() },
  ]);
  expectRuns(tiny, 3);

  const frozen = sizes.map(({ name, bytes, tree }) => ({
    name,
    bytes,
    site: siteOf({ value: tree, share: 'frozen' }),
  }));
  for (const { site } of frozen) await site.caller.cached();
  await groups.add("caller, share: 'frozen'", [
    { name: 'hit, 100 B, copy', run: () => tiny.caller.cached() },
    ...frozen.map(({ name, bytes, site }) => ({
      name: `hit, ${name}`,
      x: bytes,
      against: ['hit, 100 B, copy'],
      run: () => site.caller.cached(),
    })),
  ]);
  for (const { site } of frozen) expectRuns(site, 1);
  return groups.all;
}

async function filled({ caller }: Site): Promise<void> {
  await caller.cached();
  await caller.cachedById({ id: 7 });
  await caller.cachedBehindAuth();
}
