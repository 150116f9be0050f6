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

function fact(name, value, kind) {
  return make('li', kind ? { class: kind } : {}, kind !== undefined && make('span', { class: 'dot' }), name + ' ', make('b', {}, value));
}

function drawFacts() {
  const { status } = latest;
  const { state, parts } = status.breaker;
  const store = state === 'closed' ? 'answers' : state === 'open' ? 'is left alone: the breaker is open' : 'is being tried';
  $('facts').replaceChildren(
    fact('Store', (status.store ?? 'not opened yet') + (status.store ? ', ' + store : '') + (parts.length > 0 ? ' (' + parts.length + ' parts)' : ''), state === 'closed' ? (status.store ? '' : 'off') : 'bad'),
    fact('Namespace', status.namespace),
    ...(status.waiting > 0 ? [fact('Waiting to be invalidated', number(status.waiting), 'bad')] : []),
    ...(latest.readOnly ? [fact('Mode', 'read only')] : []));
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
  drawFacts();
  drawFigures(slots, paths);
  drawRatio(slots);
  drawCalls(slots);
  drawPaths(paths);
  const added = addItems(snapshot.boot, snapshot.items, snapshot.events);
  if (isFirst) begin();
  else announce(added);
  if (!latest.status.lists) set($('listed'), latest.status.store === undefined ? 'the store is not opened yet' : 'this store cannot list what it holds');
  else if (isFirst || (latest.status.store === 'memory' && Date.now() - relisted > 10000)) {
    relisted = Date.now();
    list(false);
  } else drawEntries();
}

function begin() {
  const { procedures } = latest.status;
  const cached = procedures.filter((one) => one.cached).map(({ path }) => path);
  const trees = cached.flatMap((path) => path.split('.').slice(1).map((_, at) => path.split('.').slice(0, at + 1).join('.') + '.*'));
  $('cached').replaceChildren(...cached.map((value) => make('option', { value })));
  $('patterns').replaceChildren(...['*', ...new Set(trees), ...cached].map((value) => make('option', { value })));
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
