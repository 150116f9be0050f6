import { type Group, groupsBy, type Settings } from '../group.ts';
import type { Subject } from '../measure.ts';
import { type Payload, payloads } from '../payloads.ts';
import { siteOf } from '../routers.ts';

/** What a miss costs more than the same procedure without the cache: each call has an input that nobody had before. */
export async function miss(settings: Settings): Promise<readonly Group[]> {
  const groups = groupsBy(settings);
  for (const payload of [payloads.tiny, payloads.small, payloads.medium, payloads.large])
    await groups.add(`miss, ${payload.name}`, subjectsOf(payload), { compare: 'difference' });
  return groups.all;
}

function subjectsOf({ value, tree, bytes: x }: Payload): Subject[] {
  const dates = siteOf({ value });
  const plain = siteOf({ value: tree, transformer: 'none' });
  let id = 0;
  return [
    { name: 'not cached', x, run: () => dates.caller.plainById({ id: ++id }) },
    { name: 'miss', x, against: ['not cached'], run: () => dates.caller.cachedById({ id: ++id }) },
    { name: 'miss, no transformer', x, against: ['not cached'], run: () => plain.caller.cachedById({ id: ++id }) },
  ];
}
