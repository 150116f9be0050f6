import { markdownTable } from '../support/compatibility.ts';
import { checks } from './checks.ts';
import type { Found } from './run.ts';

/** What is in the cells of one runtime. */
export const cellsOf = ({ row, version, failures }: Found): string[] => [
  row.name,
  version,
  row.detail,
  ...checks.map(({ name, limit }) => (failures.has(name) ? '✗' : (limit?.(row) ?? '✓'))),
];

/** A row as it stands on the page. */
export const lineOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The section of the page: a row for each runtime, and what the columns mean. */
export const sectionOf = (found: readonly Found[]): string =>
  [
    markdownTable(['runtime', 'version', 'how', ...checks.map(({ name }) => name)], found.map(cellsOf)),
    '',
    ...checks.map(({ name, promise }) => `- **${name}**: ${promise}.`),
  ].join('\n');
