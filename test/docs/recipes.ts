import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { pages, read, root } from './pages.ts';

/** What the recipes need beside the library: React, and tRPC's part for it. */
const part = 'test/parts/recipes';

/** Whether that is installed: `bash test/support/parts.sh recipes`. */
export const installed: boolean = existsSync(`${root}${part}/node_modules/.installed`);

const needing = ['next', 'react-query'];

/** The names of all recipes. */
export const recipes: readonly string[] = pages.flatMap((page) => {
  const name = /^docs\/recipes\/([\w-]+)\.md$/.exec(page)?.[1];
  return name === undefined || name === 'README' ? [] : [name];
});

/** Those that can be compiled and run here. */
export const runnable: readonly string[] = recipes.filter((name) => installed || !needing.includes(name));

/** The files of a recipe: each block of code whose first line names one. */
export function filesOf(name: string): { path: string; code: string }[] {
  const blocks = read(`docs/recipes/${name}.md`).matchAll(/^```(?:ts|tsx)\n\/\/ (\S+\.tsx?)\n([\s\S]*?)^```$/gm);
  return Array.from(blocks, ([, path = '', code = '']) => ({ path, code }));
}

const standIns: Record<string, string> = {
  'next/headers': 'test/docs/stand-ins/next/headers.ts',
  'next/server': 'test/docs/stand-ins/next/after.ts',
};

/** Writes recipes down as apps, beside the packages they need. Aliases become paths, as the framework would have it. */
export function writeRecipes(
  kind: string,
  names: readonly string[] = runnable,
): { folder: string; remove: () => void } {
  // Of this run alone: two runs in one tree must not empty each other's folder.
  const folder = `${part}/.cache/${kind}-${process.pid}`;
  for (const name of names) {
    const from = `${root}test/docs/stand-ins/${name}`;
    const stands = existsSync(from) ? readdirSync(from, { recursive: true, encoding: 'utf8' }) : [];
    const own = stands
      .filter((path) => path.endsWith('.ts'))
      .map((path) => ({ path, code: readFileSync(`${from}/${path}`, 'utf8') }));
    const files = [...own, ...filesOf(name)];
    const resolve = (path: string, specifier: string): string => {
      const relative = (to: string) => posix.relative(posix.dirname(`${folder}/${name}/${path}`), to);
      const standIn = standIns[specifier];
      if (standIn !== undefined) return relative(standIn);
      const target = specifier.replace(/^@\//, '').replace(/^~\//, 'src/');
      if (target === specifier) return specifier;
      const file = files.find(({ path }) => path.replace(/\.tsx?$/, '') === target);
      if (file === undefined)
        throw new Error(`docs/recipes/${name}.md: ${path} imports ${specifier}, which is not there`);
      const to = relative(`${folder}/${name}/${file.path}`);
      return to.startsWith('.') ? to : `./${to}`;
    };
    for (const { path, code } of files) {
      const file = `${root}${folder}/${name}/${path}`;
      mkdirSync(posix.dirname(file), { recursive: true });
      writeFileSync(
        file,
        code.replace(/(?<= from ')[^']+(?=';$)/gm, (specifier) => resolve(path, specifier)),
      );
    }
  }
  return { folder: `${root}${folder}`, remove: () => rmSync(`${root}${folder}`, { recursive: true, force: true }) };
}
