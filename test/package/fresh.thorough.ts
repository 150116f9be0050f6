import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf } from '../docs/pages.ts';
import { root } from './source.ts';
import { pack, run, type Tarball } from './tarball.ts';

/** What a reader does after pasting the first example: asks, asks again, asks with the tag, renames, asks. */
const drive = `
import { appRouter, server } from './quickstart.mjs';
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = 'http://127.0.0.1:' + server.address().port;
const seen = [];
const ask = async (headers = {}) => {
  const response = await fetch(origin + '/post.byId?input=' + encodeURIComponent('{"id":1}'), { headers });
  const body = await response.text();
  seen.push([response.status, response.headers.get('x-cache'), /"title":"([^"]*)"/.exec(body)?.[1] ?? body]);
  return response.headers.get('etag');
};
await ask();
const etag = await ask();
await ask({ 'if-none-match': etag });
const headers = { 'content-type': 'application/json' };
await fetch(origin + '/post.rename', { method: 'POST', headers, body: '{"id":1,"title":"Good morning"}' });
await ask({ 'if-none-match': etag });
server.close();
server.closeAllConnections();
console.log(JSON.stringify(seen));
`;

// It asks the package registry for what the README's example needs: not each time, but in `npm run test:package`.
describe('the package in a fresh project', () => {
  let tarball: Tarball;
  const runHere = (file: string, ...args: string[]) => run(file, args, tarball.folder);

  beforeAll(async () => {
    tarball = await pack();
    const { devDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
    const others = ['@trpc/server', '@types/node', 'typescript', 'zod'].map(
      (name) => `${name}@${devDependencies[name]}`,
    );
    writeFileSync(`${tarball.folder}/package.json`, '{ "name": "fresh", "private": true, "type": "module" }');
    await runHere('npm', 'install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', tarball.path, ...others);
  }, 120_000);
  afterAll(() => tarball?.remove());

  it('is installed with what it needs and nothing of what is optional', () => {
    const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
      readFileSync(`${tarball.folder}/node_modules/trpc-cached/package.json`, 'utf8'),
    );
    const isThere = (name: string) => existsSync(`${tarball.folder}/node_modules/${name}`);
    expect(Object.keys(dependencies).filter((name) => !isThere(name))).toEqual([]);
    const optional = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional === true);
    expect(optional.length).toBeGreaterThan(2);
    expect(optional.filter(isThere)).toEqual([]);
  });

  it('runs the first example of the README as it stands there: miss, hit, 304, miss after an invalidation', async () => {
    writeFileSync(`${tarball.folder}/quickstart.mjs`, blocksOf('README.md')[0]?.code ?? '');
    writeFileSync(`${tarball.folder}/drive.mjs`, drive);
    expect(JSON.parse(await runHere(process.execPath, 'drive.mjs'))).toEqual([
      [200, 'MISS', 'Hello'],
      [200, 'HIT', 'Hello'],
      [304, 'HIT', ''],
      [200, 'MISS', 'Good morning'],
    ]);
  });

  it('compiles that example under `strict`', async () => {
    writeFileSync(`${tarball.folder}/quickstart.ts`, blocksOf('README.md')[0]?.code ?? '');
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--types',
      'node',
    ];
    await runHere(process.execPath, 'node_modules/typescript/bin/tsc', ...options, 'quickstart.ts');
  });

  it('loads every entry that needs no peer', async () => {
    const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
    const names = Object.keys(exports).filter((name) => name !== './package.json');
    const code = `for (const name of ${JSON.stringify(names)}) await import('trpc-cached' + name.slice(1))`;
    await runHere(process.execPath, '--input-type=module', '-e', code);
  });
});
