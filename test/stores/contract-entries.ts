import type { Store } from '../../src/index.ts';
import { entryOf, pairs } from '../../src/testing/trial.ts';

export { entryOf, freshNames, pairs } from '../../src/testing/trial.ts';

/** Looks epochs up and fills an entry under them, as a call does. */
export const lookUpAndFill = async (
  store: Store,
  key: string,
  epochs: readonly string[],
  text?: string,
  keepMs = 60_000,
) => {
  const { ids } = await store.lookup({ key, epochs, keepMs });
  const entry = entryOf(key, epochs, ids, text);
  return { entry, ids, answer: await store.fill({ entry, unchanged: pairs(epochs, ids), keepMs }) };
};
