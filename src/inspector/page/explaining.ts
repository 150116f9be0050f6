// Docs: docs/inspector.md#explain
/** The form that explains a call. */
export const explaining: string = `
function term(name, value) {
  return value ? [make('dt', {}, name), make('dd', {}, value)] : [];
}

function drawTold(told) {
  const { entry } = told;
  const odd = told.epochs.filter(({ state }) => state !== 'unchanged' && state !== 'present');
  const rest = told.epochs.length - odd.length;
  const epochs = [...odd.map(({ target, state }) => make('div', {}, target + ': ', make('b', {}, state))), rest > 0 && make('div', { class: 'soft' }, rest + (entry ? ' unchanged' : ' in place'))];
  $('told').replaceChildren(make('div', { class: 'told' },
    make('h3', { class: told.outcome }, told.outcome),
    make('p', {}, told.why),
    make('dl', {},
      ...term('Scope', scopeText(told.scope)),
      ...(entry ? [...term('Age', clockSpan(entry.ageMs)), ...term('TTL left', entry.ttlLeftMs > 0 ? clockSpan(entry.ttlLeftMs) : 'over'), ...term('Stale window', entry.staleLeftMs > 0 ? clockSpan(entry.staleLeftMs) : ''), ...term('Size', size(entry.bytes))] : []),
      ...term('Tags', told.tags.join(', ')),
      ...term('Varies with', told.vary.join(', ')),
      ...(told.epochs.length > 0 ? term('Epochs', make('span', {}, ...epochs)) : []),
      ...term('Key', told.key && make('code', {}, told.key)))));
}

$('exp-whose').addEventListener('change', () => show($('exp-of'), $('exp-whose').value === 'private'));
$('exp').addEventListener('submit', async (event) => {
  event.preventDefault();
  const result = $('exp-result');
  const text = $('exp-input').value.trim();
  let input;
  try {
    input = text === '' ? undefined : JSON.parse(text);
  } catch {
    set(result, 'The input is not JSON.').classList.add('bad');
    $('exp-input').focus();
    return;
  }
  try {
    const told = await ask({ action: 'explain', path: $('exp-path').value.trim(), input, scope: { kind: $('exp-whose').value, value: $('exp-scope').value } });
    set(result, '').classList.remove('bad');
    set($('news'), told.outcome + ': ' + told.why);
    drawTold(told);
  } catch (error) {
    set(result, error.message).classList.add('bad');
    $('told').replaceChildren();
  }
});
`;
