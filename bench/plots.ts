import type { Point } from './statistics.ts';

// Written by hand, so that a plot is text that can be compared, and needs nothing but a browser to be seen.

/** A bar of a chart. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** From where to where the value may be. */
  readonly low: number;
  readonly high: number;
  /** `ours` stands out, `weak` stands back. */
  readonly kind: 'ours' | 'other' | 'weak';
}

/** A line of a chart. */
export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}

interface Labels {
  readonly title: string;
  /** What is below the title: what is measured, and how to read it. */
  readonly subtitle: string;
  /** How a value is written. */
  readonly format: (value: number) => string;
}

const width = 760;
const style = `
    .back { fill: #ffffff } .text { fill: #1f2933 } .quiet { fill: #5b6770 } .grid { stroke: #e3e7eb }
    .ours { fill: #1d63d8 } .other { fill: #8d99a5 } .weak { fill: #ccd3da } .range { stroke: #1f2933 }
    .line { fill: none; stroke-width: 2 } .c0 { color: #1d63d8 } .c1 { color: #c2410c } .c2 { color: #0f766e } .c3 { color: #7c3aed } .c4 { color: #64748b }
    text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif } .title { font-size: 16px; font-weight: 600 } .small { font-size: 12px }
    @media (prefers-color-scheme: dark) {
      .back { fill: #14181d } .text { fill: #e6eaee } .quiet { fill: #9aa7b3 } .grid { stroke: #2c343c }
      .ours { fill: #6ea8ff } .other { fill: #7f8b97 } .weak { fill: #46505a } .range { stroke: #e6eaee }
      .c0 { color: #6ea8ff } .c1 { color: #fb923c } .c2 { color: #2dd4bf } .c3 { color: #c4b5fd } .c4 { color: #94a3b8 }
    }`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const at = (value: number): string => Number(value.toFixed(1)).toString();

const text = (x: number, y: number, content: string, classes = 'text', anchor = 'start'): string =>
  `<text class="${classes}" x="${at(x)}" y="${at(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;

const rule = (x1: number, y1: number, x2: number, y2: number, classes: string): string =>
  `<line class="${classes}" x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}"/>`;

function page({ title, subtitle }: Labels, height: number, parts: readonly string[]): string {
  const words = [text(20, 30, title, 'text title'), text(20, 50, subtitle, 'quiet small')];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">`,
    `  <title id="title">${escaped(title)}</title>`,
    `  <desc id="description">${escaped(subtitle)}</desc>`,
    `  <style>${style}\n  </style>`,
    `  <rect class="back" width="${width}" height="${height}" rx="8"/>`,
    ...[...words, ...parts].map((part) => `  ${part}`),
    '</svg>',
    '',
  ].join('\n');
}

/** A logarithmic axis over whole powers of ten, between two places. */
export function logAxis(values: readonly number[], from: number, to: number) {
  const usable = values.filter((value) => value > 0 && Number.isFinite(value));
  if (usable.length === 0) throw new RangeError('a logarithmic axis needs a value above zero');
  const first = Math.floor(Math.log10(Math.min(...usable)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...usable))));
  const place = (value: number) =>
    from + ((Math.min(last, Math.max(first, Math.log10(value))) - first) / (last - first)) * (to - from);
  return { place, ticks: Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index)) };
}

/** Bars beside each other on a logarithmic axis, with the range of each. */
export function barChart(labels: Labels, bars: readonly Bar[], legend: readonly [Bar['kind'], string][] = []): string {
  const [left, right, top, step] = [240, width - 110, 78, 30];
  const bottom = top + bars.length * step;
  const axis = logAxis(
    bars.flatMap(({ value, low, high }) => [value, low, high]),
    left,
    right,
  );
  const grid = axis.ticks.flatMap((tick) => [
    rule(axis.place(tick), top - 8, axis.place(tick), bottom, 'grid'),
    text(axis.place(tick), bottom + 18, labels.format(tick), 'quiet small', 'middle'),
  ]);
  const drawn = bars.flatMap(({ name, value, low, high, kind }, index) => {
    const y = top + index * step;
    const end = axis.place(value);
    return [
      text(left - 12, y + 14, name, 'text', 'end'),
      `<rect class="${kind}" x="${left}" y="${at(y)}" width="${at(Math.max(1, end - left))}" height="18" rx="2"/>`,
      ...(low < high ? [rule(axis.place(low), y + 9, axis.place(high), y + 9, 'range')] : []),
      text(Math.max(end, axis.place(high)) + 8, y + 14, labels.format(value), 'text'),
    ];
  });
  const keys = legend.flatMap(([kind, name], index) => [
    `<rect class="${kind}" x="${left + index * 160}" y="${bottom + 32}" width="12" height="12" rx="2"/>`,
    text(left + 18 + index * 160, bottom + 42, name, 'quiet small'),
  ]);
  return page(labels, bottom + (legend.length > 0 ? 62 : 36), [...grid, ...drawn, ...keys]);
}

/** Lines over two logarithmic axes; each has its name at its end. */
export function lineChart(
  labels: Labels & { readonly formatX: (value: number) => string; readonly xName: string },
  lines: readonly Line[],
): string {
  const [left, right, top, bottom] = [86, width - 210, 78, 340];
  const points = lines.flatMap((line) => line.points);
  const xs = logAxis(
    points.map(({ x }) => x),
    left,
    right,
  );
  const ys = logAxis(
    points.map(({ y }) => y),
    bottom,
    top,
  );
  const grid = [
    ...ys.ticks.flatMap((tick) => [
      rule(left, ys.place(tick), right, ys.place(tick), 'grid'),
      text(left - 10, ys.place(tick) + 4, labels.format(tick), 'quiet small', 'end'),
    ]),
    ...xs.ticks.flatMap((tick) => [
      rule(xs.place(tick), top, xs.place(tick), bottom, 'grid'),
      text(xs.place(tick), bottom + 18, labels.formatX(tick), 'quiet small', 'middle'),
    ]),
    text((left + right) / 2, bottom + 38, labels.xName, 'quiet small', 'middle'),
  ];
  const names = apart(lines.map(({ points: own }) => ({ x: own.at(-1)?.x ?? 0, y: ys.place(own.at(-1)?.y ?? 0) })));
  const drawn = lines.flatMap(({ name, points: own }, index) => {
    const color = `c${index % 5}`;
    const places = own.map(({ x, y }) => [at(xs.place(x)), at(ys.place(y))] as const);
    const [endX = at(right)] = places.at(-1) ?? [];
    return [
      `<polyline class="line ${color}" stroke="currentColor" points="${places.map((place) => place.join()).join(' ')}"/>`,
      ...places.map(([x, y]) => `<circle class="${color}" fill="currentColor" cx="${x}" cy="${y}" r="3.5"/>`),
      `<g class="${color}"><text fill="currentColor" x="${at(Number(endX) + 10)}" y="${at((names[index] ?? 0) + 4)}">${escaped(name)}</text></g>`,
    ];
  });
  return page(labels, bottom + 54, [...grid, ...drawn]);
}

/** The heights of labels; those in one column that would stand on each other are moved apart. */
export function apart(labels: readonly Point[], least = 16): number[] {
  const heights = labels.map(({ y }) => y);
  const order = labels.map((_, index) => index).sort((one, other) => (heights[one] ?? 0) - (heights[other] ?? 0));
  const lowest = new Map<number, number>();
  for (const index of order) {
    const { x, y } = labels[index] as Point;
    const height = Math.max(y, (lowest.get(x) ?? Number.NEGATIVE_INFINITY) + least);
    heights[index] = height;
    lowest.set(x, height);
  }
  return heights;
}
