import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, files as sources } from './source.ts';
import { isThorough, pack, run, type Tarball } from './tarball.ts';

const part = `${root}test/parts/package/node_modules/`;
const isInstalled = existsSync(`${part}.package-lock.json`);
if (!isInstalled) console.warn('test/parts/package is not installed: bash test/support/parts.sh package');

let tarball: Tarball;
beforeAll(async () => {
  tarball = await pack();
}, 60_000);
afterAll(() => tarball?.remove());

const inFolder = (folder: string) =>
  tarball.files.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length));

describe('the tarball', () => {
  it('holds these files', async () => {
    const folders = new Map<string, string[]>();
    for (const path of tarball.files.filter((path) => !path.startsWith('dist/'))) {
      const folder = posix.dirname(path);
      folders.set(folder, [...(folders.get(folder) ?? []), posix.basename(path)]);
    }
    const lists = [...folders]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([folder, names]) => `${folder}/\n  ${names.join('\n  ')}\n`);
    const dist = 'dist/\n  each file of src as .js, .js.map, .d.ts and .d.ts.map\n';
    await expect([...lists, dist].join('\n')).toMatchFileSnapshot('contents.txt');
  });

  it('has of each source file the module, the declarations and a map of both, and nothing else that is built', () => {
    const built = sources.flatMap((file) =>
      ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((ending) => file.replace(/\.ts$/, ending)),
    );
    expect(inFolder('dist/')).toEqual(built.sort());
    expect(inFolder('src/')).toEqual([...sources]);
  });

  it('has maps that lead into the sources that it ships', () => {
    const lost: string[] = [];
    for (const path of inFolder('dist/')) {
      const text = readFileSync(`${root}dist/${path}`, 'utf8');
      if (path.endsWith('.map')) {
        const map = JSON.parse(text) as { sources: string[]; sourceRoot?: string };
        const [source = ''] = map.sources;
        const target = posix.join('dist', posix.dirname(path), map.sourceRoot ?? '', source);
        if (map.sources.length !== 1 || target !== `src/${path.replace(/(?:\.d\.ts|\.js)\.map$/, '.ts')}`)
          lost.push(path);
        else if (!tarball.files.includes(target)) lost.push(`${path}: ${target} is not shipped`);
      } else if (!text.trimEnd().endsWith(`//# sourceMappingURL=${posix.basename(path)}.map`)) lost.push(path);
    }
    expect(lost).toEqual([]);
  });

  it('says of each entry where its types are, before all else', () => {
    const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
      exports: Record<string, string | Record<string, string>>;
    };
    for (const [name, target] of Object.entries(exports)) {
      if (typeof target === 'string') continue;
      expect([name, Object.keys(target)]).toEqual([name, ['types', 'default']]);
      expect(target.types).toBe(target.default?.replace(/\.js$/, '.d.ts'));
      for (const path of Object.values(target)) expect(tarball.files).toContain(path.replace(/^\.\//, ''));
    }
  });

  it.skipIf(!isInstalled)('has nothing that publint finds amiss', async () => {
    const output = await run(process.execPath, [
      `${part}publint/src/cli.js`,
      tarball.path,
      '--strict',
      '--level',
      'suggestion',
    ]);
    expect(output).toMatch(/All good!/);
  });

  // A check of seconds: `npm run test:package`.
  if (isThorough)
    it.skipIf(!isInstalled)('has types that are found, and are right, by every way of resolving modules', async () => {
      const cli = `${part}@arethetypeswrong/cli/dist/index.js`;
      // Modules alone: what `require` finds is the module, which Node 20.19 loads. Fails by its exit status.
      const output = await run(process.execPath, [cli, tarball.path, '--profile', 'esm-only', '--format', 'ascii']);
      const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { exports: object };
      for (const name of Object.keys(exports)) expect(output).toContain(`"trpc-cached${name.slice(1)}"`);
    });
});
