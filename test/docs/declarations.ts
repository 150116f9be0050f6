import { posix } from 'node:path';
import ts from 'typescript-5.9';
import { parse } from '../package/source.ts';

/** What an entry point exports, as it is declared. */
export interface Exported {
  readonly name: string;
  /** The source file that declares it, by its path from `src`. */
  readonly file: string;
  /** Several for an overloaded function. */
  readonly nodes: readonly ts.Declaration[];
}

const parsed = new Map<string, ts.SourceFile>();
const sourceOf = (file: string): ts.SourceFile => {
  const known = parsed.get(file) ?? parse(file);
  parsed.set(file, known);
  return known;
};

const isExported = (node: ts.Statement): boolean =>
  ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;

/** Each declaration that a statement makes under the `export` keyword. */
const declaredIn = (statement: ts.Statement): readonly ts.NamedDeclaration[] => {
  if (!isExported(statement)) return [];
  return ts.isVariableStatement(statement)
    ? statement.declarationList.declarations
    : [statement as ts.DeclarationStatement];
};

function* exportedNames(file: string): Generator<{ name: string; from: string; as: string }> {
  for (const statement of sourceOf(file).statements) {
    for (const { name } of declaredIn(statement))
      if (name !== undefined) yield { name: name.getText(), from: file, as: name.getText() };
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) continue;
    const specifier = (statement.moduleSpecifier as ts.StringLiteral).text;
    const from = posix.join(posix.dirname(file), specifier);
    if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause)) {
      throw new Error(`src/${file}: only \`export { … } from\` is understood`);
    }
    for (const { name, propertyName } of statement.exportClause.elements) {
      yield { name: (propertyName ?? name).text, from, as: name.text };
    }
  }
}

/** The exports of a source file, by name, those of other files followed to where they are declared. */
export function exportsOf(file: string): Exported[] {
  const found = new Map<string, Exported>();
  for (const { name, from, as } of exportedNames(file)) {
    if (from === file) {
      const nodes = sourceOf(file).statements.flatMap((one) =>
        declaredIn(one).filter((node) => node.name?.getText() === name),
      );
      found.set(as, { name: as, file, nodes });
    } else {
      const declared = exportsOf(from).find((one) => one.name === name);
      if (declared === undefined) throw new Error(`src/${from} does not export ${name}`);
      found.set(as, { ...declared, name: as });
    }
  }
  return [...found.values()].sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
}

/** The JSDoc of a declaration, in parts. */
export interface Doc {
  readonly text: string;
  readonly byDefault: string | undefined;
  readonly throws: readonly string[];
  /** Code, without its fence. */
  readonly examples: readonly string[];
}

const plain = (comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string =>
  (ts.getTextOfJSDocComment(comment) ?? '').replace(/\{@link (\w+)\}/g, '`$1`').trim();

/** What the JSDoc of a declaration says. */
export function docOf(node: ts.Node): Doc {
  const holder = ts.isVariableDeclaration(node) ? node.parent.parent : node;
  const parts = ts.getJSDocCommentsAndTags(holder);
  const tags = parts.flatMap((part) => (ts.isJSDoc(part) ? [...(part.tags ?? [])] : [part]));
  const all = (name: string) =>
    tags.filter(({ tagName }) => tagName.text === name).map(({ comment }) => plain(comment));
  return {
    text: plain(parts.find(ts.isJSDoc)?.comment),
    byDefault: all('default')[0],
    // Of a type that is a name, the compiler takes the first word for itself.
    throws: tags
      .filter(ts.isJSDocThrowsTag)
      .map((tag) => [tag.typeExpression?.getText(), plain(tag.comment)].filter(Boolean).join(' ')),
    examples: all('example').map((text) => (/```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? text).trim()),
  };
}
