import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** One row of a table that says which test proves what. */
export interface ProofRow {
  readonly id: string;
  readonly claim: string;
  /** From the top of the repository; empty where no test applies. */
  readonly file: string;
  /** The name of the test, or why none applies. */
  readonly name: string;
}

const plain = (cell: string) => cell.trim().replace(/^`(.*)`$/, '$1');

/** The rows of the tables of a page: id, claim, file, name. */
export function proofRows(page: string): ProofRow[] {
  return readFileSync(`${root}${page}`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (?:-|id )/.test(line))
    .map((line) => {
      const [, id = '', claim = '', file = '', name = ''] = line.split('|').map(plain);
      return { id, claim, file, name };
    });
}

/** Rows whose file or test does not exist. */
export function unproven(rows: readonly ProofRow[]): string[] {
  return rows.flatMap(({ id, file, name }) => {
    if (file === '') return name === '' ? `${id}: neither a test nor a reason` : [];
    if (!existsSync(`${root}${file}`)) return `${id}: there is no ${file}`;
    const text = readFileSync(`${root}${file}`, 'utf8');
    const isThere = ["'", '"', '`'].some((quote) => text.includes(`${quote}${name}${quote}`));
    return isThere ? [] : `${id}: ${file} has no test named ${name}`;
  });
}
