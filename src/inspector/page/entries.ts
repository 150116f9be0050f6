// Docs: docs/inspector.md#entries
/** The list of entries, page by page. */
export const entries: string = `
let listed = [];
let next;
let listing = 0;
let unlisted = '';

async function list(more) {
  const turn = ++listing;
  const match = $('match').value.trim() || '*';
  const wanted = more ? listed.length + 100 : Math.max(100, more === false ? listed.length : 0);
  let found = more ? listed : [];
  let cursor = more ? next : undefined;
  try {
    // A page may be empty: what else is in the store is passed over.
    for (let page = 0; page < 20; page++) {
      const answer = await ask({ action: 'entries', match, limit: 200, ...(cursor !== undefined && { cursor }) });
      if (turn !== listing) return;
      found = found.concat(answer.entries);
      cursor = answer.cursor;
      if (cursor === undefined || found.length >= wanted) break;
    }
  } catch (error) {
    if (turn !== listing) return;
    unlisted = error.message;
    drawEntries();
    return;
  }
  unlisted = '';
  const gone = becameUnusable(listed, found);
  listed = found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : b.storedAt - a.storedAt));
  next = cursor;
  drawEntries();
  show($('more'), next !== undefined);
  return gone;
}

// Of two lists of the same, how many entries an invalidation took in between.
function becameUnusable(before, after) {
  const now = new Map(after.map((one) => [one.key, one]));
  return before.filter((one) => {
    const then = now.get(one.key);
    return one.state === 'fresh' && then !== undefined && then.storedAt === one.storedAt
      && (then.state === 'invalidated' || (then.state !== 'fresh' && then.ttlLeftMs > 0));
  }).length;
}

const scopeText = (scope) => scope === undefined ? '' : scope.kind === 'private' ? scope.id : scope.kind === 'everyone' ? 'everyone' : 'signed out';

function left(entry, ms) {
  const isOver = entry.state === 'invalidated' || ms <= 0;
  const share = isOver ? 0 : Math.min(1, ms / (entry.ageMs + entry.ttlLeftMs));
  const chart = make('svg@', { viewBox: '0 0 40 6', 'aria-hidden': 'true' },
    make('rect@', { width: 40, height: 6, class: 'rest' }), make('rect@', { width: 40 * share, height: 6, class: 'hit' }));
  return make('span', { class: 'left' }, chart, make('span', {}, entry.state === 'invalidated' ? '–' : isOver ? 'over' : clockSpan(ms)));
}

function drawEntries() {
  const at = serverNow();
  const rows = listed.map((entry) => {
    const ttlLeft = entry.storedAt + entry.ageMs + entry.ttlLeftMs - at;
    const state = entry.state === 'fresh' && ttlLeft <= 0 ? (entry.staleLeftMs + ttlLeft > 0 ? 'stale' : 'expired') : entry.state;
    const more = [entry.failure && 'failure ' + entry.failure, entry.kind === 'wrapped' && 'function'].filter(Boolean).join(' · ');
    return make('tr', {},
      make('th', { scope: 'row', title: entry.key }, entry.path, more && make('span', { class: 'why' }, more)),
      make('td', { class: 'state-' + state }, state),
      make('td', { class: 'n w' }, clockSpan(at - entry.storedAt)),
      make('td', { class: 'n' }, left(entry, ttlLeft)),
      make('td', { class: 'n w' }, size(entry.bytes)),
      make('td', { class: 'scope' }, make('code', {}, scopeText(entry.scope))),
      make('td', { class: 'w' }, make('span', { class: 'tags' }, ...entry.tags.map((tag) => make('span', { class: 'tag' }, tag)))));
  });
  $('entries').replaceChildren(...rows);
  const bytes = listed.reduce((sum, one) => sum + one.bytes, 0);
  set($('listed'), unlisted || (listed.length === 0 ? (next === undefined ? 'none' : 'none so far') : plural(listed.length, 'entry', 'entries') + (next === undefined ? '' : ' so far') + ', ' + size(bytes)));
}

$('list').addEventListener('submit', (event) => { event.preventDefault(); list(); });
$('more').addEventListener('click', () => list(true));
`;
