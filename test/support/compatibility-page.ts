import { fileURLToPath } from 'node:url';

/** The sections of docs/compatibility.md that tests make. */
export type Section = 'stores' | 'runtimes' | 'trpc' | 'typescript' | 'size';

export const compatibilityPage = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url));

/** The page with another table in one of its sections. */
export function withTable(page: string, section: Section, table: string): string {
  const [start, end] = [`<!-- ${section} -->\n\n`, `\n\n<!-- end of ${section} -->`];
  const [before, behind] = [page.indexOf(start) + start.length, page.indexOf(end)];
  if (!page.includes(start) || behind < before) throw new Error(`docs/compatibility.md has no section ${section}`);
  return page.slice(0, before) + table + page.slice(behind);
}

/** The table that stands in a section of the page. */
export function sectionOf(page: string, section: Section): string {
  const start = `<!-- ${section} -->\n\n`;
  return page.slice(page.indexOf(start) + start.length, page.indexOf(`\n\n<!-- end of ${section} -->`));
}

/** A table in Markdown. */
export const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
