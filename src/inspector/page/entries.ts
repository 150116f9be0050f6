// Docs: docs/inspector.md#entries
/** The list of entries, page by page. */
export const entries: string = `
let listed = [];
let next;
let listing = 0;
let isListing = false;
let unlisted = '';
// The last time that the store failed to list, until it lists again.
let unread;

async function list(more) {
  const turn = ++listing;
  const match = $('match').value.trim() || '*';
  const wanted = more ? listed.length + 100 : Math.max(100, more === false ? listed.length : 0);
  const causes = [...uncounted];
  let found = more ? listed : [];
  let cursor = more ? next : undefined;
  let until;
  isListing = true;
  try {
    // A page may be empty: what else is in the store is passed over.
    for (let page = 0; page < 20; page++) {
      const answer = await ask({ action: 'entries', match, limit: 200, ...(cursor !== undefined && { cursor }) });
      if (turn !== listing) return;
      found = found.concat(answer.entries);
      until ??= answer.entries.map(({ storedAt, ageMs }) => storedAt + ageMs)[0];
      cursor = answer.cursor;
      if (cursor === undefined || found.length >= wanted) break;
    }
  } catch (error) {
    if (turn !== listing) return;
    isListing = false;
    unlisted = error.message;
    unread = error.status === 503 ? { at: serverNow(), kind: 'error', what: 'listing' } : undefined;
    drawEntries();
    return;
  }
  isListing = false;
  unlisted = '';
  unread = undefined;
  // A store may give one twice that is replaced meanwhile.
  found = [...new Map(found.map((one) => [one.key, one])).values()];
  if (!more) settle(becameUnusable(listed, found), causes, until ?? serverNow());
  listed = found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : b.storedAt - a.storedAt));
  next = cursor;
  drawEntries();
  show($('more'), next !== undefined);
}

const scopeText = (scope) => scope === undefined ? '' : scope.kind === 'private' ? scope.id : scope.kind === 'everyone' ? 'everyone' : 'signed out';

// Rows stay and are changed in place: what somebody has selected stays selected.
let entryRows = new Map();
function entryRow({ key, path }) {
  const [why, figure, scope, tags] = [make('span', { class: 'why' }), make('span'), make('code'), make('span', { class: 'tags' })];
  const share = make('rect@', { height: 6, class: 'hit' });
  const chart = make('svg@', { viewBox: '0 0 40 6', 'aria-hidden': 'true' }, make('rect@', { width: 40, height: 6 }), share);
  const [state, age, bytes] = ['', 'n w', 'n w'].map((kind) => make('td', { class: kind }));
  const row = make('tr', {},
    make('th', { scope: 'row' }, path, why, make('code', { class: 'why key' }, key)), state, age,
    make('td', { class: 'n' }, make('span', { class: 'left' }, chart, figure)), bytes,
    make('td', { class: 'scope' }, scope), make('td', { class: 'w' }, tags));
  let tagged;
  return (entry, at) => {
    const ms = entry.storedAt + entry.ageMs + entry.ttlLeftMs - at;
    const now = entry.state === 'fresh' && ms <= 0 ? (entry.staleLeftMs + ms > 0 ? 'stale' : 'expired') : entry.state;
    const isOver = now === 'invalidated' || ms <= 0;
    set(why, [entry.failure && 'failure ' + entry.failure, entry.kind === 'wrapped' && 'function'].filter(Boolean).join(' · '));
    set(state, now).className = 'state-' + now;
    set(age, clockSpan(at - entry.storedAt));
    share.setAttribute('width', 40 * (isOver ? 0 : Math.min(1, ms / (entry.ageMs + entry.ttlLeftMs))));
    set(figure, now === 'invalidated' ? '–' : isOver ? 'over' : clockSpan(ms));
    set(bytes, size(entry.bytes));
    set(scope, scopeText(entry.scope));
    if (tagged !== entry.tags.join()) tags.replaceChildren(...entry.tags.map((tag) => make('span', { class: 'tag' }, tag)));
    tagged = entry.tags.join();
    return row;
  };
}

function drawEntries() {
  entryRows = new Map(listed.map((entry) => [entry.key, entryRows.get(entry.key) ?? entryRow(entry)]));
  arrange($('entries'), listed.map((entry) => entryRows.get(entry.key)(entry, serverNow())));
  const bytes = listed.reduce((sum, one) => sum + one.bytes, 0);
  set($('listed'), unlisted || (listed.length === 0 ? (next === undefined ? 'none' : 'none so far') : plural(listed.length, 'entry', 'entries') + (next === undefined ? '' : ' so far') + ', ' + size(bytes)));
}

$('list').addEventListener('submit', (event) => { event.preventDefault(); list(); });
$('more').addEventListener('click', async () => {
  await list(true);
  if ($('more').hidden) $('match').focus();
});
$('keys').addEventListener('change', () => $('entries').classList.toggle('keys', $('keys').checked));
`;
