import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pageOf, plotsOf } from './page.ts';
import type { Results } from './results.ts';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));

/** Writes `docs/performance.md` and its plots; notes that people wrote into the page stay. */
export function writePage(results: Results): void {
  const page = `${docs}performance.md`;
  const folder = `${docs}performance/`;
  const former = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const plots = plotsOf(results);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (file.endsWith('.svg') && !(file in plots)) rmSync(`${folder}${file}`);
  for (const [file, svg] of Object.entries(plots)) writeFileSync(`${folder}${file}`, svg);
  writeFileSync(page, pageOf(results, former));
}
