import { type Group, groupsBy, type Settings } from '../group.ts';
import { payloads } from '../payloads.ts';
import { siteOf } from '../routers.ts';

const callers = 10_000;

/** As many callers at once of one key that nobody has asked for before. */
export async function herd(settings: Settings): Promise<readonly Group[]> {
  // One run is 10,000 calls: few are enough.
  const plan = { ...settings.plan, rounds: 3, warmRounds: 1, coldMs: 0 };
  const groups = groupsBy({ ...settings, plan });
  const site = siteOf({ value: payloads.tiny.value });
  const all = (call: () => Promise<unknown>) => Promise.all(Array.from({ length: callers }, call));
  let id = 0;
  await groups.add('herd, 10,000 callers of one key', [
    { name: 'not cached', calls: callers, run: () => all(() => site.caller.plainById({ id: 0 })) },
    {
      name: 'miss, all at once',
      calls: callers,
      against: ['not cached'],
      run() {
        id += 1;
        return all(() => site.caller.cachedById({ id }));
      },
    },
    {
      name: 'hit, all at once',
      calls: callers,
      against: ['not cached'],
      run: () => all(() => site.caller.cachedById({ id: 0 })),
    },
  ]);
  const before = site.runs();
  await all(() => site.caller.cachedById({ id: -1 }));
  groups.facts('herd, runs of the procedure', 'runs', { '10,000 callers, one key': site.runs() - before });
  return groups.all;
}
