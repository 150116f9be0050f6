import { limitOf, spreadOf, withUnit } from './numbers.ts';
import type { Summary } from './summary.ts';
import type { Verdict } from './verdict.ts';

type Row = readonly string[];

/** Columns as wide as what stands in them: the first to the left, numbers to the right. */
export function aligned(rows: readonly Row[]): string[] {
  const widths = rows.reduce<number[]>(
    (wide, row) => row.map((cell, column) => Math.max(wide[column] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** A group for the console: each figure, and what it is of each of its baselines. */
export function groupLines({ name, unit, compare, figures, comparisons }: Summary): string[] {
  const baselines = [...new Set(comparisons.map(({ baseline }) => baseline))];
  const sign = compare === 'ratio' ? ' ×' : ` ${unit}`;
  const head = [
    '',
    unit === 'yes' || unit === 'bytes' ? '' : unit,
    ...baselines.map((baseline) => `${compare === 'ratio' ? 'of' : 'more than'} ${baseline}`),
  ];
  const rows = figures.map((figure) => [
    `  ${figure.name}`,
    unit === 'yes' || unit === 'bytes' ? withUnit(figure.median, unit) : spreadOf(figure),
    ...baselines.map((baseline) => {
      const found = comparisons.find((one) => one.subject === figure.name && one.baseline === baseline);
      return found === undefined ? '' : `${spreadOf(found)}${sign}`;
    }),
  ]);
  return ['', name, ...aligned([head, ...rows])];
}

/** The figures of a part for the console. */
export const partLines = (groups: readonly Summary[]): string[] => groups.flatMap(groupLines);

/** What became of budgets, for the console. */
export function verdictLines(verdicts: readonly Verdict[]): string[] {
  const head = ['budget', 'limit', 'measured', ''];
  const rows = verdicts.map(({ budget: { name, direction, limit, unit }, measured, standing }) => [
    name,
    `${direction} ${limitOf(limit, unit)}`,
    measured === undefined ? '' : spreadOf(measured, unit),
    standing,
  ]);
  return ['', ...aligned([head, ...rows])];
}
