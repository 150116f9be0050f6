import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, linksOf, pages, read, root, sources } from './pages.ts';

/** What is wrong with a link from a file, or nothing. */
function complaint(from: string, target: string): string | undefined {
  if (/^https?:/.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const page = path === '' ? from : posix.normalize(posix.join(posix.dirname(from), path));
  if (page.startsWith('..')) return `${from}: ${target} leaves the repository`;
  if (!existsSync(`${root}${page}`)) return `${from}: ${target}: there is no ${page}`;
  if (anchor !== undefined && !anchorsOf(page).has(anchor)) return `${from}: ${target}: ${page} has no such heading`;
  return undefined;
}

describe('links', () => {
  it('between pages lead to a file and to a heading of it', () => {
    const wrong = pages.flatMap((page) => linksOf(page).flatMap((target) => complaint(page, target) ?? []));
    expect(wrong).toEqual([]);
  });

  it('in the comments of the source lead to a page and to a heading of it', () => {
    const wrong = sources.flatMap((source) =>
      Array.from(read(source).matchAll(/\b(?:docs\/[\w/-]+\.md(?:#[\w-]+)?|README\.md)/g)).flatMap(
        ([target]) => complaint('README.md', target) ?? [],
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('reach every page from the README', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) {
      for (const target of linksOf(page)) {
        const [path = ''] = target.split('#');
        const next = posix.normalize(posix.join(posix.dirname(page), path));
        if (pages.includes(next)) reached.add(next);
      }
    }
    const kept = pages.filter((page) => !['docs/seed-features.md', 'docs/proofs.md'].includes(page));
    expect(kept.filter((page) => !reached.has(page))).toEqual([]);
  });
});
