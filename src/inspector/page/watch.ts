// Docs: docs/inspector.md#many-processes
/** The loop that asks, as long as somebody looks. */
export const watch: string = `
let timer;
let paused = false;
let failures = 0;
let skew = 0;
let begun;
let relisted = 0;
const serverNow = () => Date.now() + skew;

// What is known of the store: whether it would answer now is not.
function storeText({ store, breaker: { state, parts } }) {
  if (store === undefined) return 'not opened yet';
  const last = unread ?? items.find(({ kind, bad, what }) => bad && (kind === 'invalidate' || /^(lookup|fill|lease)$/.test(what)));
  return store + ', breaker ' + state + (parts.length > 0 ? ' (' + parts.length + ' parts)' : '')
    + (last === undefined ? '' : ', last failure ' + clock.format(last.at) + (last.kind === 'error' ? ', ' + last.what : ''));
}

let drawn = '';
function drawFacts() {
  const { status } = latest;
  const facts = [
    ['Store', storeText(status), status.store === undefined ? 'off' : status.breaker.state !== 'closed' || unread ? 'bad' : ''],
    ['Namespace', status.namespace],
    ...(status.waiting > 0 ? [['Waiting to be invalidated', number(status.waiting), 'bad']] : []),
    ...(latest.readOnly ? [['Mode', 'read only']] : []),
  ];
  if (drawn !== (drawn = JSON.stringify(facts))) {
    $('facts').replaceChildren(...facts.map(([name, value, kind]) =>
      make('li', { class: kind }, kind !== undefined && make('span', { class: 'dot' }), name + ' ', make('b', {}, value))));
  }
  set($('processes'), boots.size > 1 ? plural(boots.size, 'process', 'processes') + ' added up' : 'of one process');
}

function take(snapshot) {
  const isFirst = latest === undefined;
  begun ??= snapshot.at;
  latest = snapshot;
  skew = snapshot.at - Date.now();
  boots.delete(snapshot.boot);
  boots.set(snapshot.boot, snapshot);
  if (boots.size > 50) boots.delete(boots.keys().next().value);
  const paths = totalPaths();
  const slots = totalSlots();
  drawFigures(slots, paths);
  drawRatio(slots);
  drawCalls(slots);
  drawPaths(paths);
  const added = addItems(snapshot.boot, snapshot.items, snapshot.events);
  if (isFirst) begin();
  else announce(added);
  drawFacts();
  const { lists, store } = snapshot.status;
  const isDue = Date.now() - relisted > 10000 && (unlisted || store === 'memory');
  const isAsked = relisted === 0 || isDue || (!unlisted && uncounted.length > 0);
  // One list at a time: a second one would take the place of the one that counts.
  if (lists && isAsked && !isListing) {
    relisted = Date.now();
    list(false);
  } else if (relisted > 0) drawEntries();
  else set($('listed'), store === undefined ? 'the store is not opened yet' : 'this store cannot list what it holds');
}

function begin() {
  const { procedures } = latest.status;
  const cached = procedures.filter((one) => one.cached).map(({ path }) => path);
  const trees = cached.flatMap((path) => [...path.matchAll(/[.]/g)].map(({ index }) => path.slice(0, index) + '.*'));
  const offer = (id, values) => $(id).replaceChildren(...values.map((value) => make('option', { value })));
  offer('cached', cached);
  offer('patterns', ['*', ...new Set(trees), ...cached]);
  show($('s-inv'), !latest.readOnly);
  if (!latest.hasContext) $('exp-whose').firstElementChild.textContent = 'without a context';
  checkTarget();
}

async function poll() {
  clearTimeout(timer);
  if (paused || document.hidden) return;
  try {
    const since = [...heard].slice(-50).map((one) => one.join('.')).join('~');
    const answer = await fetch(location.pathname + '?since=' + since, { cache: 'no-store' });
    if (!answer.ok) throw new Error('The server answered ' + answer.status + '.');
    take(await answer.json());
    failures = 0;
    show($('trouble'), false);
  } catch (error) {
    failures += 1;
    set($('trouble'), (error instanceof SyntaxError ? 'This is no answer of the inspector: sign in again?' : 'Nothing new: ' + error.message) + ' It is tried again.');
    show($('trouble'), true);
  }
  clearTimeout(timer);
  timer = setTimeout(poll, Math.min(2000 * 2 ** Math.min(failures, 4), 30000));
}

$('pause').addEventListener('click', () => {
  paused = !paused;
  $('pause').setAttribute('aria-pressed', String(paused));
  if (!paused) poll();
});
document.addEventListener('visibilitychange', poll);
poll();
`;
