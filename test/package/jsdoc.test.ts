import ts from 'typescript-5.9';
import { describe, expect, it } from 'vitest';
import { exportsOf, files, parse, read } from './source.ts';

const isDocumented = (node: ts.Node): boolean => ts.getJSDocCommentsAndTags(node).length > 0;

/** The declarations of a file that are exported, each with its name. */
function exportedIn(file: string): { name: string; node: ts.Node }[] {
  const found: { name: string; node: ts.Node }[] = [];
  for (const node of parse(file).statements) {
    if (!ts.canHaveModifiers(node)) continue;
    if (!ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    if (ts.isVariableStatement(node)) {
      for (const { name } of node.declarationList.declarations) found.push({ name: name.getText(), node });
    } else {
      const { name } = node as ts.DeclarationStatement;
      if (name !== undefined) found.push({ name: name.getText(), node });
    }
  }
  return found;
}

describe('JSDoc', () => {
  it('is on every exported symbol', () => {
    const bare = files.flatMap((file) =>
      exportedIn(file).flatMap(({ name, node }) => (isDocumented(node) ? [] : `${file}: ${name}`)),
    );
    expect(bare).toEqual([]);
  });

  it('is on every property of a public interface', () => {
    const bare = [
      'index.ts',
      'stores/kv.ts',
      'stores/upstash.ts',
      'stores/redis.ts',
      'cdn/index.ts',
      'client/index.ts',
      'inspector/index.ts',
      'node/index.ts',
      'opentelemetry/index.ts',
      'testing/index.ts',
    ]
      .flatMap(exportsOf)
      .flatMap(({ name, symbol }) =>
        (symbol.declarations ?? [])
          .filter(ts.isInterfaceDeclaration)
          .flatMap(({ members }) =>
            members
              .filter((member) => member.name !== undefined && !isNever(member) && !isDocumented(member))
              .map((member) => `${name}.${member.name?.getText()}`),
          ),
      );
    expect(bare).toEqual([]);
  });

  it('names, on the first line of a file, its page', () => {
    const stories = files.filter(
      (file) =>
        /^(?:cdn|inspector|trpc|http|stores|testing)\//.test(file) || read(file).includes('export function create'),
    );
    const without = stories.filter((file) => !read(file).startsWith('// Docs: '));
    expect(without).toEqual([]);
  });
});

describe('the size of a file', () => {
  it('is at most 300 lines', () => {
    const large = files.flatMap((file) => {
      const lines = read(file).trimEnd().split('\n').length;
      return lines > 300 ? `${file}: ${lines} lines` : [];
    });
    expect(large).toEqual([]);
  });
});

/** A property that is there to be forbidden. */
const isNever = (member: ts.TypeElement): boolean =>
  ts.isPropertySignature(member) && member.type?.kind === ts.SyntaxKind.NeverKeyword;
