import ts from 'typescript-5.9';
import { describe, expect, it } from 'vitest';
import { parse } from '../package/source.ts';
import { read } from './pages.ts';

/** The first cells of the table under a heading, without their back quotes. */
function firstCells(page: string, after: string): string[] {
  const text = read(page);
  const rest = text.slice(text.indexOf(after) + after.length);
  const table = /^\|.*\n\|[ |:-]+\n((?:\|.*\n)+)/m.exec(rest)?.[1] ?? '';
  return table
    .trim()
    .split('\n')
    .map((row) => (row.split('|')[1] ?? '').trim().replaceAll('`', ''));
}

/** What a type of a source file lists: the texts of a union, or the properties of an interface. */
function listed(file: string, name: string, within?: string): string[] {
  const texts = (node: ts.TypeNode): string[] =>
    ts.isUnionTypeNode(node)
      ? node.types.flatMap(texts)
      : ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)
        ? [node.literal.text]
        : [];
  for (const node of parse(file).statements) {
    if (ts.isTypeAliasDeclaration(node) && node.name.text === name) return texts(node.type);
    if (!ts.isInterfaceDeclaration(node) || node.name.text !== name) continue;
    if (within === undefined) return node.members.map((member) => member.name?.getText() ?? '');
    const member = node.members.find((one) => one.name?.getText() === within);
    const type = member && ts.isPropertySignature(member) ? member.type : undefined;
    if (type === undefined) return [];
    return ts.isTypeLiteralNode(type) ? type.members.map((one) => one.name?.getText() ?? '') : texts(type);
  }
  return [];
}

const headings = (page: string) => Array.from(read(page).matchAll(/^## (.+)$/gm), ({ 1: heading }) => heading);

describe('the docs list', () => {
  it('every error code, each with a heading', () => {
    const codes = listed('errors.ts', 'CacheErrorCode');
    expect(codes).toContain('INVALID_OPTION');
    expect(headings('docs/errors.md')).toEqual([...codes, 'Audit']);
  });

  it('every rule of the audit', () => {
    expect(firstCells('docs/errors.md', '## Audit').sort()).toEqual(
      listed('trpc/audit/finding.ts', 'AuditRule').sort(),
    );
  });

  it('every event and every reason', () => {
    const page = 'docs/how-it-works.md';
    expect(firstCells(page, '## Events')).toEqual(listed('events.ts', 'CacheEvents'));
    expect(firstCells(page, 'Reasons of a `bypass`')).toEqual(listed('events.ts', 'BypassReason'));
    expect(firstCells(page, 'Reasons of a `skip`')).toEqual(listed('events.ts', 'SkipReason'));
  });

  it('every option of createCache and of cached', () => {
    const nested = (file: string, name: string, option: string, within?: string) =>
      listed(file, name, within).map((inner) => `${option}.${inner}`);
    const options = listed('options.ts', 'CreateCacheOptions').flatMap((option) => {
      if (option === 'timeouts') return nested('options.ts', 'CreateCacheOptions', option, option);
      return option === 'http' ? nested('http-options.ts', 'HttpOptions', option) : option;
    });
    expect(firstCells('docs/stores.md', 'options of `createCache`').sort()).toEqual(options.sort());
    expect(firstCells('docs/stores.md', 'options of `cached`').sort()).toEqual(
      listed('policy.ts', 'CachedOptions').sort(),
    );
    expect(firstCells('docs/stores.md', '## Memory')).toEqual(listed('stores/memory.ts', 'MemoryStoreOptions'));
    expect(firstCells('docs/clients.md', '## Without')).toEqual(listed('client/fetch.ts', 'ConditionalFetchOptions'));
    expect(firstCells('docs/clients.md', '## React')).toEqual(listed('client/link.ts', 'InvalidationLinkOptions'));
    expect(firstCells('docs/freshness.md', '## Control')).toEqual(
      listed('control.ts', 'Control').map((name) => expect.stringMatching(new RegExp(`^${name}\\(`))),
    );
  });
});
