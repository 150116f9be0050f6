import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compatibilityPage, expectTable, markdownTable, sectionOf } from '../support/compatibility.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const part = `${root}test/parts/typescript/node_modules/`;
const parsers = `${root}test/parts/versions/node_modules/`;
// Of this run alone: two runs in one tree must not empty each other's folder.
const folder = `${root}.cache/consumer-${process.pid}/`;

/** All of them (`npm run test:package`), or what `npm test` has time for: `npm run types` compiles the consumer with two others. */
const isAll = process.env.THOROUGH === '1';

const compilers = [
  { version: '5.7', at: `${part}typescript-5.7` },
  { version: '5.8', at: `${part}typescript-5.8` },
  { version: '5.9', at: `${root}node_modules/typescript-5.9` },
  { version: '6.0', at: `${part}typescript-6.0` },
  { version: '7.0', at: `${root}node_modules/typescript` },
].map(({ version, at }) => ({ version, at, isThere: existsSync(`${at}/package.json`), isNative: version === '7.0' }));
const missing = compilers.filter(({ isThere }) => !isThere);
if (missing.length > 0) console.warn('test/parts/typescript is not installed: bash test/support/parts.sh typescript');

/** What a consumer may have set; `isolatedDeclarations` and `strict` are on in all of them. */
const modes = ['node16', 'nodenext', 'bundler'].flatMap((resolution) =>
  [false, true].map((exact) => ({ name: exact ? `${resolution}, exact` : resolution, resolution, exact })),
);
const projectOf = ({ name }: { name: string }) => `${folder}${name.replace(', ', '-')}.json`;

const run = (...args: string[]) =>
  new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: root, maxBuffer: 1e8 }, (_, stdout, stderr) => resolve(stdout + stderr));
  });

/** The complaints of a compiler about each project, those about other packages left out. */
async function compile({ at, isNative }: (typeof compilers)[number], projects: readonly string[]): Promise<string[][]> {
  if (!isNative) {
    const output = await run('--import', 'tsx', `${root}test/types/compile.ts`, at, ...projects);
    return output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { files: number; found: string[] })
      .map(({ files, found }) => (files > 20 ? found : [`only ${files} files were checked`]));
  }
  const complaints: string[][] = [];
  for (const project of projects) {
    const output = await run(`${at}/bin/tsc`, '-p', project, '--pretty', 'false');
    complaints.push(output.split('\n').filter((line) => /error TS/.test(line) && !/^[^(]*node_modules\//.test(line)));
  }
  return complaints;
}

beforeAll(() => {
  mkdirSync(`${folder}node_modules`, { recursive: true });
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { exports: Record<string, unknown> };
  const entries = Object.keys(exports).filter((name) => name !== './package.json');
  const lines = entries.map((name, index) => `import * as entry${index} from 'trpc-cached${name.slice(1)}';`);
  // Of a module that is not found all is `any`, which is a number, too.
  const checks = entries.map((_, index) => `// @ts-expect-error\nconst no${index}: number = entry${index};`);
  writeFileSync(`${folder}entries.ts`, [...lines, ...checks, ''].join('\n'));
  const files = ['entries.ts', '../../test/types/consumer/app.ts', '../../test/types/consumer/declared.ts'];
  if (existsSync(parsers)) {
    for (const name of ['arktype', 'valibot', 'zod-3'])
      symlinkSync(`${parsers}${name}`, `${folder}node_modules/${name}`);
    copyFileSync(`${root}test/types/consumer/inputs.ts`, `${folder}inputs.ts`);
    files.push('inputs.ts');
  }
  for (const mode of modes) {
    const compilerOptions = {
      target: 'es2022',
      lib: ['es2023', 'dom', 'dom.iterable'],
      module: mode.resolution === 'bundler' ? 'esnext' : mode.resolution,
      moduleResolution: mode.resolution,
      strict: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: mode.exact,
      isolatedDeclarations: true,
      declaration: true,
      noEmit: true,
      types: ['node'],
    };
    writeFileSync(projectOf(mode), JSON.stringify({ compilerOptions, files }));
  }
});

/** A project that emits declarations, in which the package is installed: what is but linked may be named by its files. */
function installed(): string {
  const project = `${folder}installed/`;
  const there = `${project}node_modules/trpc-cached/`;
  const isDeclared = (name: string) => !/\.(?:js|map)$/.test(name);
  cpSync(`${root}dist`, `${there}dist`, { recursive: true, filter: isDeclared });
  copyFileSync(`${root}package.json`, `${there}package.json`);
  copyFileSync(`${root}test/types/consumer/exported.ts`, `${project}exported.ts`);
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'dom', 'dom.iterable'],
    module: 'nodenext',
    strict: true,
    skipLibCheck: true,
    declaration: true,
    emitDeclarationOnly: true, // with `noEmit`, types without a name are not found
    outDir: 'out',
    types: ['node'],
  };
  writeFileSync(`${project}package.json`, JSON.stringify({ name: 'consumer', type: 'module' }));
  writeFileSync(`${project}tsconfig.json`, JSON.stringify({ compilerOptions, files: ['exported.ts'] }));
  return project;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a consumer of the built declarations', () => {
  const found = new Map<string, string[]>();

  for (const compiler of isAll ? compilers : compilers.slice(0, 1)) {
    const { version, isThere } = compiler;
    const chosen = isAll ? modes : modes.filter(({ name }) => name === 'nodenext, exact');
    test.skipIf(!isThere)(
      `compiles with TypeScript ${version}`,
      async () => {
        const complaints = await compile(compiler, chosen.map(projectOf));
        expect(complaints).toEqual(chosen.map(() => []));
        for (const { name } of chosen) found.set(`${version} ${name}`, complaints.shift()!);
      },
      240_000,
    );
  }

  test('exports what it takes out of a cache, and its declarations say what that is', async () => {
    const project = installed();
    for (const { at } of compilers.filter(({ at, isThere }) => isThere && (isAll || !at.startsWith(part)))) {
      expect(await run(`${at}/bin/tsc`, '-p', project)).toBe('');
      expect(readFileSync(`${project}out/exported.d.ts`, 'utf8')).toContain('InputOf<');
    }
  }, 240_000);

  test.skipIf(missing.length > 0)('compiles as the page says; what is not compiled here stands as it was', async () => {
    const page = sectionOf(readFileSync(compatibilityPage, 'utf8'), 'typescript');
    const before = new Map(
      page
        .split('\n')
        .map((row) =>
          row
            .split('|')
            .map((cell) => cell.trim())
            .slice(1, -1),
        )
        .map(([version = '', ...cells]) => [version, cells]),
    );
    const rows = compilers.map(({ version }) => [
      version,
      ...modes.map(({ name }, index) =>
        found.has(`${version} ${name}`) ? '✓' : (before.get(version)?.[index] ?? '–'),
      ),
    ]);
    await expectTable(
      'typescript',
      markdownTable(['TypeScript', ...modes.map(({ name }) => `\`${name}\``.replace(', exact`', '`, exact'))], rows),
    );
  });
});
