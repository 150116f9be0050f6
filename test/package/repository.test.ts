import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root } from './source.ts';

const ignored = new Set(['.git', 'node_modules', 'dist', '.cache']);

/** Every file of the repository, by its path from the top. */
function* walk(folder = ''): Generator<string> {
  for (const entry of readdirSync(`${root}${folder}`, { withFileTypes: true })) {
    if (ignored.has(entry.name)) continue;
    if (entry.isDirectory()) yield* walk(`${folder}${entry.name}/`);
    else if (entry.isFile() && !/\.(?:log|tgz)$/.test(entry.name)) yield `${folder}${entry.name}`;
  }
}

const linesWith = (pattern: RegExp): string[] =>
  [...walk()].flatMap((path) =>
    readFileSync(`${root}${path}`, 'utf8')
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? `${path}:${index + 1}: ${line.trim().slice(0, 120)}` : [])),
  );

// Put together from parts, so that this file does not match itself.
const homes = ['home', 'root', 'Users', 'work', 'workspace', 'mnt', 'opt'].join('|');
const hosts = ['registry', 'artifactory', 'nexus', 'verdaccio', 'npmmirror'].join('|');

describe('the repository', () => {
  it('names no path of a machine', () => {
    expect(linesWith(new RegExp(`(?:^|[\\s"'\`(=:])(?:file://)?/(?:${homes})/[\\w.-]`))).toEqual([]);
  });

  it('names no package registry', () => {
    expect(linesWith(new RegExp(`https?://[\\w.@:-]*(?:${hosts})[\\w.-]*`))).toEqual([]);
  });

  it('locks versions by their hashes, without addresses to download them from', () => {
    const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
      packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>;
    };
    const entries = Object.entries(packages);
    expect(entries.filter(([, { resolved = '' }]) => /:\/\//.test(resolved)).map(([path]) => path)).toEqual([]);
    const unlocked = entries.filter(
      ([path, { integrity, link }]) => path.includes('node_modules/') && link !== true && integrity === undefined,
    );
    expect(unlocked.map(([path]) => path)).toEqual([]);
  });
});
