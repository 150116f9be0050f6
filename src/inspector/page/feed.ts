// Docs: docs/inspector.md
/** What happened, newest first. */
export const feed: string = `
const items = [];
const names = { invalidate: 'Invalidated', widen: 'Widened', breaker: 'Breaker', error: 'Failed' };
const clock = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });

function itemNode(item) {
  const reach = item.reach && (item.reach.length > 4 ? item.reach.slice(0, 4).join(', ') + ' and ' + (item.reach.length - 4) + ' more' : item.reach.join(', '));
  const gone = make('span', { class: 'why' });
  item.node = make('li', item.bad ? { class: 'bad' } : {},
    make('time', { datetime: new Date(item.at).toISOString() }, clock.format(item.at)),
    make('span', {}, make('b', {}, names[item.kind]), ' ' + item.what,
      item.more && make('span', { class: 'why' }, item.more),
      reach && make('span', { class: 'why' }, 'in ' + reach), gone));
  item.gone = gone;
  return item.node;
}

// The highest number that each process told: what the list has no room for is not told again.
const heard = new Map();

// What is new is given back; of what happened before somebody looked, nothing.
function addItems(boot, told, most) {
  const before = heard.get(boot) ?? 0;
  const added = told.filter(({ n }) => n > before);
  heard.delete(boot);
  heard.set(boot, Math.max(before, ...added.map(({ n }) => n)));
  if (heard.size > 200) heard.delete(heard.keys().next().value);
  items.push(...added);
  items.sort((a, b) => b.at - a.at || b.n - a.n);
  items.splice(most);
  arrange($('feed'), items.map((item) => item.node ?? itemNode(item)));
  show($('feed'), items.length > 0);
  show($('no-feed'), items.length === 0);
  return added.filter(({ at }) => at >= begun);
}

// Read out; lists count what came of it.
function announce(added) {
  const last = added.filter(({ kind }) => kind === 'invalidate' || kind === 'breaker').at(-1);
  if (last !== undefined) set($('news'), names[last.kind] + ' ' + last.what);
  for (const item of added) if (item.kind === 'invalidate') heardOf(item);
}
`;
