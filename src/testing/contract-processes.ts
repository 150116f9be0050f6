// Docs: docs/testing.md#the-contract
import type { LookupAnswer, LookupRequest, Store } from '../store.ts';
import { check, same } from './check.ts';
import type { StoreCase } from './store-case.ts';
import { pairs, type Try } from './trial.ts';

/** What a store must do for processes that know of each other only by what it holds. */
export const processCases = (tries: Try): StoreCase[] => [
  tries(
    'what one process moves on has moved on for another one that knew it before',
    async ({ store, key, options, epochs, fill }) => {
      const other = (await options.another?.()) as Store;
      for (const [mover, reader] of [
        [store, other],
        [other, store],
      ] as const) {
        for (const mode of ['remove', 'expire'] as const) {
          const names = epochs();
          const request = { key, epochs: names, keepMs: 60_000 };
          const { ids, entry } = await fill(names, { id: `${mode}-${names[0]}` });
          for (let look = 0; look < 2; look++) {
            const found = await toldNow(reader, request);
            same(found.ids, ids, 'Two store objects over the same data read the same ids.');
            same(found.entry, entry, 'What one of them stored, the other gives.');
          }
          await mover.advance(names.slice(1), mode);
          const after = await toldNow(reader, request);
          same(after.ids[0], ids[0], 'An epoch that was not named keeps its id.');
          check(
            after.ids[1] !== ids[1],
            'What another process moved on has another id: none is remembered in the process.',
          );
          check(
            after.entry === undefined || after.own[1] !== ids[1],
            'The own id of what another process moved on is another one.',
          );
          const again = await reader.fill({ entry, unchanged: pairs(names, ids), keepMs: 60_000 });
          same(again, 'invalidated', 'A fill is refused if another process moved one of its epochs on.');
        }
      }
    },
    'another',
  ),
];

/** An answer that may not be older; where a process may trust its copies for a while, it is asked for one that is not. */
async function toldNow(store: Store, request: LookupRequest): Promise<LookupAnswer> {
  const answer = await store.lookup(request);
  return answer.trusted === true ? store.lookup({ ...request, exact: true }) : answer;
}
