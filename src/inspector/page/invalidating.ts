// Docs: docs/inspector.md#safety
/** The form that invalidates, and what it says while somebody types. */
export const invalidating: string = `
function hintOf(kind, value) {
  if (value === '') return { hint: 'post.byId, post.*, *.list' };
  if (kind === 'tag') return { ok: true, hint: 'every entry with this tag' };
  if (kind === 'scope') return { ok: true, hint: 'every entry of this scope' };
  if (value.startsWith('.') || !isPattern(value)) return { bad: true, hint: 'not a path or pattern: a star stands for a whole segment' };
  const { procedures, complete } = latest.status;
  const found = procedures.filter((one) => one.cached && matches(value, one.path)).map(({ path }) => path);
  if (value === '*') return { ok: true, hint: 'everything: ' + plural(found.length, 'cached query', 'cached queries') };
  if (found.length === 0) return { bad: complete, ok: !complete, hint: complete ? 'no registered cached query matches' : 'nothing that is loaded matches; it is invalidated all the same' };
  return { ok: true, hint: plural(found.length, 'cached query', 'cached queries') + ': ' + found.slice(0, 5).join(', ') + (found.length > 5 ? ' …' : '') };
}

let isBusy = false;
function checkTarget() {
  if (latest === undefined) return false;
  const { ok = false, bad = false, hint } = hintOf($('inv-kind').value, $('inv-value').value.trim());
  set($('inv-hint'), hint).classList.toggle('bad', bad);
  $('inv-value').setAttribute('aria-invalid', String(bad));
  // Not disabled: that takes the focus away from who pressed it.
  $('inv-go').setAttribute('aria-disabled', String(isBusy || !ok));
  return ok;
}

$('inv-kind').addEventListener('change', () => {
  $('inv-value').setAttribute('list', $('inv-kind').value === 'path' ? 'patterns' : '');
  checkTarget();
});
$('inv-value').addEventListener('input', checkTarget);
$('inv').addEventListener('submit', async (event) => {
  event.preventDefault();
  if (isBusy) return;
  if (!checkTarget()) {
    $('inv-value').focus();
    return;
  }
  const result = $('inv-result');
  isBusy = true;
  checkTarget();
  try {
    const { targets, widened } = await ask({
      action: 'invalidate', kind: $('inv-kind').value, value: $('inv-value').value.trim(), mode: $('inv-expire').checked ? 'expire' : 'remove',
    });
    const wider = widened.map(({ to, reason }) => 'widened to ' + to + ': ' + reason);
    set(result, ['Done: ' + targets.join(', '), ...wider].join('; ')).classList.remove('bad');
    poll();
  } catch (error) {
    set(result, error.message).classList.add('bad');
  }
  isBusy = false;
  checkTarget();
});
`;
