// Docs: docs/inspector.md#what-is-counted
/** Which invalidations made unusable what a list of entries finds so. */
export const losses: string = `
// Invalidations that no list was made after yet.
const uncounted = [];
// What the last lists found, each with the invalidations before it: from the moment of the list before to its own.
const finds = [];

// Of two lists of the same, how many entries an invalidation took in between.
function becameUnusable(before, after) {
  const now = new Map(after.map((one) => [one.key, one]));
  return before.filter((one) => {
    const then = now.get(one.key);
    return one.state === 'fresh' && then !== undefined && then.storedAt === one.storedAt
      && (then.state === 'invalidated' || (then.state !== 'fresh' && then.ttlLeftMs > 0));
  }).length;
}

function tellLoss({ lost, causes }) {
  const others = causes.length - 1;
  const text = plural(lost, 'listed entry', 'listed entries') + ' became unusable' + (others > 0 ? ', by this and ' + plural(others, 'other', 'others') + ' together' : '');
  if (lost > 0) for (const { gone } of causes) if (gone) set(gone, text);
}

// A list may have seen what an invalidation did before the page is told of it: somebody asked for it, or another process
// tells of its own later. A store is changed a little before the invalidation is told: then a list may have been between.
function heardOf(item) {
  const { at } = item;
  const find = finds.find(({ from, until, lost, causes }) => lost > 0 && at > from && at <= until + (causes.length === 0 ? 2000 : 0));
  if (find !== undefined) {
    find.causes = [...find.causes, item];
    tellLoss(find);
  }
  // Clocks may differ: what explains no loss of before may still bring one.
  if (find === undefined || at >= find.until) uncounted.push(item);
  if (uncounted.length > 50) uncounted.shift();
}

function settle(lost, causes, until) {
  const find = { from: finds.at(-1)?.until ?? 0, until, lost, causes };
  const others = uncounted.splice(0).filter((item) => !causes.includes(item));
  finds.push(find);
  if (finds.length > 20) finds.shift();
  tellLoss(find);
  // What was told while the list was under way may be older than it.
  others.forEach(heardOf);
}
`;
