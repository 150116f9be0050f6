import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files, importsOf, root } from './source.ts';

const { dependencies, peerDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** The imports that a rule forbids, as `from → to`. */
const offenders = (isConcerned: (file: string) => boolean, isAllowed: (to: string, ours: boolean) => boolean) =>
  files
    .filter(isConcerned)
    .flatMap((file) => importsOf(file).flatMap(({ to, ours }) => (isAllowed(to, ours) ? [] : `${file} → ${to}`)));

/** Every circle of imports, types included. */
function circles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]) => {
    if (way.includes(file)) found.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (done.has(file) || way.includes(file)) return;
    for (const { to, ours } of importsOf(file)) if (ours) visit(to, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}

describe('imports', () => {
  it('go in no circle', () => {
    expect(circles()).toEqual([]);
  });

  it('of src/http are digest.ts and nothing else', () => {
    const isHttp = (file: string) => file.startsWith('http/');
    expect(offenders(isHttp, (to, ours) => ours && (to === 'digest.ts' || isHttp(to)))).toEqual([]);
  });

  it('of src/testing are in src/testing alone', () => {
    const isTesting = (file: string) => file.startsWith('testing/');
    const notTesting = (to: string) => !isTesting(to);
    expect(offenders(notTesting, notTesting)).toEqual([]);
  });

  it('of @trpc/server are in src/trpc, src/testing, surface.ts and create-cache.ts alone', () => {
    const knows = (file: string) =>
      /^(?:trpc|testing)\//.test(file) || ['surface.ts', 'create-cache.ts'].includes(file);
    expect(
      offenders(
        (file) => !knows(file),
        (to) => !to.startsWith('@trpc/'),
      ),
    ).toEqual([]);
  });

  it('of src/client are nothing of the server, nor of tRPC', () => {
    const isClient = (file: string) => file.startsWith('client/');
    const shared = ['errors.ts', 'alike.ts', 'pattern.ts', 'http/token.ts', 'http/vary.ts', 'lru-cache'];
    const isAllowed = (to: string) => isClient(to) || shared.includes(to);
    expect(offenders(isClient, isAllowed)).toEqual([]);
    expect(offenders((file) => shared.includes(file), isAllowed)).toEqual([]);
  });

  it('of stores know no tRPC, no HTTP and not how calls are answered', () => {
    const forbidden = /^(?:trpc|http)\/|^(?:cache|core|create-cache|fill|flight|invalidate|lookup|surface)\.ts$/;
    expect(
      offenders(
        (file) => file.startsWith('stores/'),
        (to, ours) => !ours || !forbidden.test(to),
      ),
    ).toEqual([]);
  });

  it('of a single store are in nothing but stores, options.ts and index.ts', () => {
    const mayKnow = (file: string) => ['options.ts', 'index.ts'].includes(file) || /^(?:stores|cli)\//.test(file);
    expect(
      offenders(
        (file) => !mayKnow(file),
        (to) => !to.startsWith('stores/'),
      ),
    ).toEqual([]);
  });

  it('of src/node and src/cli, which need Node, are nowhere else', () => {
    const needsNode = (file: string) => /^(?:node|cli)\//.test(file);
    expect(
      offenders(
        (file) => !needsNode(file),
        (to, ours) => !ours || !needsNode(to),
      ),
    ).toEqual([]);
  });

  it('of packages are declared dependencies', () => {
    const declared = Object.keys({ ...dependencies, ...peerDependencies });
    const isDeclared = (to: string) => declared.some((name) => to === name || to.startsWith(`${name}/`));
    expect(
      offenders(
        () => true,
        (to, ours) => ours || isDeclared(to) || to.startsWith('node:'), // who may, says edge.test.ts
      ),
    ).toEqual([]);
  });
});

describe('file names', () => {
  it('are nouns that say what is inside', () => {
    const vague = /^(?:utils?|helpers?|common|types?|constants?|shared|manager|service|misc)\.ts$/;
    expect(files.filter((file) => vague.test(basename(file)))).toEqual([]);
    expect(files.filter((file) => !/^(?:[a-z]+\/)*[a-z]+(?:-[a-z]+)*\.ts$/.test(file))).toEqual([]);
  });
});
