import type { Store } from '../../src/store.ts';
import { type RunScript, scriptedStore } from '../../src/stores/scripted.ts';
import { scriptsFor } from '../../src/stores/scripts.ts';
import type { Bug } from './roles.ts';

/** The same store with one thing wrong with it. */
export function buggy(bug: Bug | undefined, store: Store): Store {
  switch (bug) {
    case 'fill-ignores-unchanged':
      return { ...store, fill: (request) => store.fill({ ...request, unchanged: [] }) };
    case 'advance-not-sent':
      return {
        ...store,
        advance: (epochs, mode) => (Math.random() < 0.1 ? undefined : store.advance(epochs, mode)),
      };
    case 'ids-read-after-the-run':
      return {
        ...store,
        async fill(request) {
          const { entry } = request;
          const { ids } = await store.lookup({ epochs: entry.epochs, keepMs: request.keepMs });
          return store.fill({ ...request, entry: { ...entry, ids: ids.map(String) }, unchanged: [] });
        },
      };
    default:
      return store;
  }
}

/** Scripts that cannot tell one run of the server from another. */
export const scriptsWithoutRun = (run: RunScript): Store => ({
  name: 'redis',
  supports: { local: false },
  ...scriptedStore('redisStore', scriptsFor({ tellsRuns: false }), run),
});
