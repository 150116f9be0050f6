// Docs: docs/inspector.md
/** The table of procedures, changed in place so that focus and selection stay. */
export const procedures: string = `
const pathRows = new Map();

function pathRow(path) {
  const choose = make('button', { type: 'button', class: 'path', title: 'Explain or invalidate it', onclick: () => choosePath(path) }, path);
  const why = make('span', { class: 'why' });
  const cells = ['bar', 'n', 'n', 'n w', 'n w', 'n w', 'n w', 'n w', 'n w', 'n'].map((kind) => make('td', { class: kind }));
  return { row: make('tr', {}, make('th', { scope: 'row' }, choose, why), ...cells), why, cells, drawn: '' };
}

function drawPaths(paths) {
  for (const one of paths) {
    if (!pathRows.has(one.path)) pathRows.set(one.path, pathRow(one.path));
    const { why, cells, drawn } = pathRows.get(one.path);
    const counts = outcomes.map((name) => one[name]);
    const [chart, ...figures] = cells;
    if (drawn !== counts.join()) {
      chart.replaceChildren(bar(counts));
      pathRows.get(one.path).drawn = counts.join();
    }
    const texts = [
      number(one.calls), percent(one.served, one.calls), ...counts.map(number),
      one.ranMs === undefined ? '–' : span(one.ranMs), one.savedMs === 0 ? '–' : span(one.savedMs),
    ];
    figures.forEach((cell, index) => {
      set(cell, texts[index]).classList.toggle('zero', texts[index] === '0' || texts[index] === '–');
    });
    set(why, [...one.why].map(([reason, count]) => reason + ' ' + number(count)).join(' · '));
  }
  const rows = paths.map(({ path }) => pathRows.get(path).row);
  arrange($('paths'), rows);
  show($('no-paths'), rows.length === 0);
}

function choosePath(path) {
  $('exp-path').value = path;
  $('match').value = path;
  $('inv-kind').value = 'path';
  $('inv-value').value = path;
  checkTarget();
  list();
  $('exp-input').focus();
}
`;
