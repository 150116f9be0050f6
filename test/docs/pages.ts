import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The text of a file, by its path from the top. */
export const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

const below = (folder: string, ending: string): string[] =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith(ending))
    .sort();

/** Every page of the documentation, by its path from the top. */
export const pages: readonly string[] = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...below('docs', '.md')];

/** Every source file, by its path from the top. */
export const sources: readonly string[] = below('src', '.ts');

/** A piece of code and where it stands. */
export interface Block {
  readonly at: string;
  readonly code: string;
}

/** The TypeScript blocks of a page. */
export function blocksOf(page: string): Block[] {
  const text = read(page);
  return Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ({ 1: code = '', index }) => ({
    at: `${page}:${lineOf(text, index)}`,
    code,
  }));
}

/** The examples in the JSDoc of a source file. One that imports nothing may use what its own file exports. */
export function examplesOf(source: string): Block[] {
  const text = read(source);
  return Array.from(text.matchAll(/\/\*\*[\s\S]*?\*\//g)).flatMap(({ 0: comment, index }) => {
    const lines = comment.replace(/^\/\*\*|\*\/$/g, '').split('\n');
    const [, ...examples] = lines
      .map((line) => line.replace(/^\s*\* ?/, ''))
      .join('\n')
      .split(/^@example/m);
    return examples.map((example) => {
      const text = example.split(/^@/m)[0] ?? '';
      const code = /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? text;
      return {
        at: `${source}:${lineOf(read(source), index)}`,
        code: code.includes('import ') ? code : own(source, code),
      };
    });
  });
}

function own(source: string, code: string): string {
  const names = Array.from(
    read(source).matchAll(/^export (?:async )?(?:function|const) (\w+)/gm),
    ({ 1: name }) => name,
  );
  return `import { ${names.join(', ')} } from '${posix.join('../..', source)}';\n${code}`;
}

const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length;

/** The anchors of a page, as GitHub makes them from its headings. */
export function anchorsOf(page: string): Set<string> {
  const headings = Array.from(withoutBlocks(read(page)).matchAll(/^#+ (.+)$/gm), ({ 1: heading = '' }) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{Letter}\p{Number} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** The links of a page, those in code left out. */
export function linksOf(page: string): string[] {
  const prose = withoutBlocks(read(page)).replace(/`[^`\n]*`/g, '');
  return Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ({ 1: target = '' }) => target);
}

const withoutBlocks = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '');
