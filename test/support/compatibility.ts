import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { compatibilityPage, type Section, withTable } from './compatibility-page.ts';

export { compatibilityPage, markdownTable, sectionOf, withTable } from './compatibility-page.ts';

/** Fails unless the page says what a test found; `npx vitest run <that test> -u` writes it. */
export async function expectTable(section: Section, table: string): Promise<void> {
  await expect(withTable(readFileSync(compatibilityPage, 'utf8'), section, table)).toMatchFileSnapshot(
    compatibilityPage,
  );
}
