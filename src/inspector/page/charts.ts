// Docs: docs/inspector.md
/** The charts: bars of outcomes, calls and hit ratio over time. */
export const charts: string = `
const sumOf = (list) => list.reduce((a, b) => a + b, 0);
const servedOf = ([hit, stale, coalesced]) => hit + stale + coalesced;

// The parts of one bar, each in the colour of its outcome, with a gap between them.
function bar(counts) {
  const all = sumOf(counts);
  const node = make('svg@', { viewBox: '0 0 112 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  if (all === 0) node.append(make('rect@', { width: 112, height: 10 }));
  let x = 0;
  counts.forEach((count, index) => {
    const width = (112 * count) / all;
    if (count > 0) node.append(make('rect@', { x, width: Math.max(1, width - 1), height: 10, class: outcomes[index] }));
    x += width;
  });
  return node;
}

function drawCalls(slots) {
  const most = Math.max(1, ...slots.map(sumOf));
  const rects = slots.flatMap((counts, at) => {
    let y = 72;
    return counts.flatMap((count, index) => {
      const height = (72 * count) / most;
      y -= height;
      return count > 0 ? [make('rect@', { x: at * 10 + 0.75, y, width: 8.5, height, class: outcomes[index] })] : [];
    });
  });
  $('c-calls').replaceChildren(...rects);
  $('c-calls').setAttribute('aria-label', 'Calls in every ten seconds, by outcome. At most ' + number(most) + ', in the last ten seconds ' + number(sumOf(slots[59])) + '.');
  set($('c-most'), number(most));
}

function drawRatio(slots) {
  const points = slots.flatMap((counts, at) => {
    const all = sumOf(counts);
    return all === 0 ? [] : [[at * 10 + 5, 46 - (44 * servedOf(counts)) / all]];
  });
  const line = points.map(([x, y], index) => (index === 0 ? 'M' : 'L') + x.toFixed(1) + ' ' + y.toFixed(1)).join('');
  const dot = points.length === 1 ? 'M' + (points[0][0] - 4) + ' ' + points[0][1] + 'h8' : line;
  const area = points.length > 1 ? [make('path@', { class: 'area', d: line + 'L' + points.at(-1)[0] + ' 48L' + points[0][0] + ' 48Z' })] : [];
  $('c-ratio').replaceChildren(...area, make('path@', { class: 'line', d: dot }));
  const ratios = slots.filter((counts) => sumOf(counts) > 0).map((counts) => servedOf(counts) / sumOf(counts));
  const told = ratios.length === 0 ? 'no calls.' : 'from ' + percent(Math.min(...ratios), 1) + ' to ' + percent(Math.max(...ratios), 1) + ', last ' + percent(ratios.at(-1), 1) + '.';
  $('c-ratio').setAttribute('aria-label', 'Hit ratio over the last ten minutes: ' + told);
}

function drawFigures(slots, paths) {
  const sums = slots.reduce((all, slot) => all.map((sum, index) => sum + slot[index]), [0, 0, 0, 0, 0]);
  set($('f-ratio'), percent(servedOf(sums), sumOf(sums)));
  set($('f-calls'), number(sumOf(sums)));
  set($('f-time'), '≈ ' + span(sumOf(paths.map(({ savedMs }) => savedMs))));
  set($('f-bytes'), '≈ ' + size(sumOf(paths.map(({ savedBytes }) => savedBytes))));
}
`;
