import type { Entry, Store } from '../../src/index.ts';

const minute = 60_000;
let names = 0;
/** Epochs that no other test uses, one with and one without a lifetime. */
export const freshNames = (count = 2): string[] => {
  names += 1;
  return Array.from({ length: count }, (_, index) => `contract:e:${index % 2 === 0 ? 'q' : 'tag'}:${names}-${index}`);
};

export const entryOf = (
  key: string,
  epochs: readonly string[],
  ids: readonly (string | undefined)[],
  text = '{"json":"v"}',
): Entry => ({
  key,
  epochs,
  ids: ids as string[],
  storedAt: Date.now(),
  freshUntil: Date.now() + minute,
  body: { text },
});

/** The `unchanged` part of a fill. */
export const pairs = (epochs: readonly string[], ids: readonly (string | undefined)[]) =>
  epochs.map((name, index) => [name, ids[index] as string] as const);

/** Looks epochs up and fills an entry under them, as a call does. */
export const lookUpAndFill = async (
  store: Store,
  key: string,
  epochs: readonly string[],
  text?: string,
  keepMs = minute,
) => {
  const { ids } = await store.lookup({ key, epochs, keepMs });
  const entry = entryOf(key, epochs, ids, text);
  return { entry, ids, answer: await store.fill({ entry, unchanged: pairs(epochs, ids), keepMs }) };
};
