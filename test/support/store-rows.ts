import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestModule, TestSuite } from 'vitest/node';
import { compatibilityPage, markdownTable, sectionOf, withTable } from './compatibility-page.ts';

const suites = /^(the contract of a store|law 4: the store never breaks or stalls a procedure): (.*)$/;

const folder = 'test/stores/';

/** Whether no file of the stores' tests was left out. */
export const ranEveryStore = (modules: readonly TestModule[]): boolean =>
  readdirSync(fileURLToPath(new URL('../stores', import.meta.url)))
    .filter((file) => file.endsWith('.test.ts'))
    .every((file) => modules.some(({ relativeModuleId }) => relativeModuleId === `${folder}${file}`));

/** What is said of a suite: how many of its tests passed, and that all did. */
function verdict(suite: TestSuite): string {
  const states = [...suite.children.allTests()].map((test) => test.result().state);
  const passed = states.filter((state) => state === 'passed').length;
  const others = states.filter((state) => state !== 'passed');
  return others.length === 0 ? `✓ ${passed}` : `${passed}, ${others.length} ${[...new Set(others)].join(' or ')}`;
}

/** The groups around a suite, from the outermost. */
function above(suite: TestSuite): string[] {
  const { parent } = suite;
  return parent.type === 'module' ? [] : [...above(parent), parent.name];
}

/** The table of the stores, from what the suites of a run came to. */
export function storesTable(modules: readonly TestModule[]): string {
  const rows = new Map<string, { contract: string; outages: string }>();
  for (const module of modules.filter(({ relativeModuleId }) => relativeModuleId.startsWith(folder))) {
    for (const suite of module.children.allSuites()) {
      const [, kind, name = ''] = suites.exec(suite.name) ?? [];
      if (kind === undefined) continue;
      const groups = [...above(suite).filter((group) => group !== 'that fails'), name];
      // A group that the next one names again says nothing.
      const label = groups
        .filter((group, at) => !groups.slice(at + 1).some((later) => later.startsWith(group)))
        .join(': ');
      const row = rows.get(label) ?? { contract: '', outages: '' };
      rows.set(label, { ...row, [kind.startsWith('law 4') ? 'outages' : 'contract']: verdict(suite) });
    }
  }
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
  return markdownTable(
    ['store', 'contract', 'outages'],
    sorted.map(([label, { contract, outages }]) => [label, contract, outages]),
  );
}

/**
 * Compares the table of the page with what a whole run found; with `-u` it is written. Gives what is wrong, or nothing.
 */
export function compareStores(modules: readonly TestModule[], isUpdate: boolean): string | undefined {
  const page = readFileSync(compatibilityPage, 'utf8');
  const table = storesTable(modules);
  if (sectionOf(page, 'stores') === table) return undefined;
  if (isUpdate) {
    writeFileSync(compatibilityPage, withTable(page, 'stores', table));
    return undefined;
  }
  return `docs/compatibility.md says something else of the stores than this run found (npx vitest run test/stores -u writes it):\n${table}`;
}
