import { shown, spreadOf, withUnit } from './numbers.ts';
import { figureIn, groupIn, type Results } from './results.ts';
import { inverse } from './statistics.ts';
import type { Summary } from './summary.ts';

/** A table of Markdown: its first row is the head. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...body.map(line)];
}

/** A group as a table: each figure, and what it is of each of its baselines. */
export function groupTable({ unit, compare, figures, comparisons }: Summary, what = ''): string[] {
  const baselines = [...new Set(comparisons.map(({ baseline }) => baseline))];
  const word = compare === 'ratio' ? 'of' : 'more than';
  return table([
    [what, unit === 'bytes' ? '' : unit, ...baselines.map((baseline) => `${word} ${baseline}`)],
    ...figures.map((figure) => [
      figure.name,
      unit === 'bytes' ? withUnit(figure.median, unit) : spreadOf(figure),
      ...baselines.map((baseline) => {
        const found = comparisons.find((one) => one.subject === figure.name && one.baseline === baseline);
        if (found === undefined) return '';
        return compare === 'ratio' ? `${spreadOf(found)} ×` : spreadOf(found);
      }),
    ]),
  ]);
}

/** Groups with the same subjects, a row for each. Beside a figure stands how it compares with one baseline, if it does. */
export function groupRows(
  results: Results,
  part: string,
  groups: readonly (readonly [label: string, group: string])[],
  { baseline, says }: { baseline: string; says: 'times faster' | 'of it' },
  what = '',
): string[] {
  const found = groups.flatMap(([label, name]) => {
    const group = groupIn(results, part, name);
    return group === undefined ? [] : [[label, group] as const];
  });
  const [[, first] = []] = found;
  if (first === undefined) return [];
  const subjects = first.figures.map(({ name }) => name);
  const cell = (group: Summary, subject: string): string => {
    const figure = figureIn(group, subject);
    if (figure === undefined) return '';
    const compared = group.comparisons.find((one) => one.subject === subject && one.baseline === baseline);
    if (compared === undefined) return shown(figure.median);
    const { median } = says === 'times faster' ? inverse(compared) : compared;
    return `${shown(figure.median)} (${shown(median)} ×)`;
  };
  return table([
    [what, ...subjects],
    ...found.map(([label, group]) => [label, ...subjects.map((subject) => cell(group, subject))]),
  ]);
}

/** Groups whose figures are points of a line: a row for each, a column for each point. */
export function pointRows(
  results: Results,
  part: string,
  groups: readonly (readonly [label: string, group: string])[],
): string[] {
  const found = groups.flatMap(([label, name]) => {
    const group = groupIn(results, part, name);
    return group === undefined ? [] : [[label, group] as const];
  });
  const columns = [...new Set(found.flatMap(([, { figures }]) => figures.map(({ name }) => name)))];
  if (columns.length === 0) return [];
  return table([
    ['', ...columns],
    ...found.map(([label, group]) => [
      label,
      ...columns.map((column) => {
        const figure = figureIn(group, column);
        return figure === undefined ? '–' : withUnit(figure.median, group.unit);
      }),
    ]),
  ]);
}
