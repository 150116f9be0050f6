// npm run test:runtimes: every runtime, one after the other, and the table in docs/compatibility.md.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compatibilityPage, withTable } from '../support/compatibility.ts';
import { checks } from './checks.ts';
import { otherRows, usualRows } from './rows.ts';
import { type Found, prepareFor, runOn } from './run.ts';
import { cellsOf, sectionOf } from './table.ts';

const wanted = process.argv.slice(2);
const every = [...usualRows, ...otherRows];
const names = [...new Set(every.map(({ name }) => name))];
const all = names.flatMap((one) => every.filter(({ name }) => name === one));
const rows = all.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const there = rows.filter(({ program }) => program !== undefined);
const say = (line: string) => process.stdout.write(`${line}\n`);

for (const { name, detail } of rows.filter((row) => !there.includes(row)))
  say(`SKIPPED: ${name}, ${detail} is not installed. \`bash test/support/parts.sh workerd runtimes\` installs it.`);

const folder = fileURLToPath(new URL(`../../.cache/runtimes-${process.pid}`, import.meta.url));
const found: Found[] = [];
let failed = 0;
try {
  const ground = await prepareFor(there, folder, true);
  try {
    for (const row of there) {
      const one = await runOn(row, ground).catch((error: unknown) => {
        failed += checks.length;
        say(`${row.name}, ${row.detail}: ${error}`);
      });
      if (one === undefined) continue;
      found.push(one);
      say(cellsOf(one).join('  '));
      for (const [check, error] of one.failures) say(`  ${check}: ${(error as Error).stack ?? error}`);
    }
  } finally {
    await ground.redis.stop();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

failed += found.reduce((sum, { failures }) => sum + failures.size, 0);
if (found.length === all.length) {
  const page = await readFile(compatibilityPage, 'utf8');
  await writeFile(compatibilityPage, withTable(page, 'runtimes', sectionOf(found)));
  say('docs/compatibility.md has the table.');
} else say('docs/compatibility.md is left as it is: not every runtime has run.');

const passed = found.length * checks.length - found.reduce((sum, { failures }) => sum + failures.size, 0);
say(`${passed} passed, ${failed} failed, ${(rows.length - there.length) * checks.length} skipped`);
process.exitCode = failed > 0 || there.length === 0 ? 1 : 0;
