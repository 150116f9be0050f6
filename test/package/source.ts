import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript-5.9';

/** The top of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every source file, by its path from `src`. */
export const files: readonly string[] = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .sort();

/** The text of a source file. */
export const read = (file: string): string => readFileSync(`${root}src/${file}`, 'utf8');

/** A source file as a tree. */
export const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, read(file), ts.ScriptTarget.ESNext, true);

/** One import or re-export of a source file. */
export interface Import {
  /** The file, by its path from `src`; the name of the package where it is not one of ours. */
  readonly to: string;
  readonly ours: boolean;
}

/** What a source file imports, types too. */
export function importsOf(file: string): Import[] {
  return ts.preProcessFile(read(file), true, true).importedFiles.map(({ fileName }) => {
    const ours = fileName.startsWith('.');
    return { ours, to: ours ? posix.normalize(posix.join(posix.dirname(file), fileName)) : fileName };
  });
}

let made: ts.Program | undefined;

/** The sources as the compiler sees them. */
export function program(): ts.Program {
  if (made === undefined) {
    const { config } = ts.readConfigFile(`${root}tsconfig.build.json`, ts.sys.readFile);
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    made = ts.createProgram(fileNames, { ...options, noEmit: true });
  }
  return made;
}

/** What a source file exports, aliases resolved. */
export function exportsOf(file: string): { name: string; symbol: ts.Symbol; isType: boolean }[] {
  const checker = program().getTypeChecker();
  const source = program().getSourceFile(`${root}src/${file}`);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) return [];
  return checker.getExportsOfModule(module).map((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    return { name: exported.name, symbol, isType: (symbol.flags & ts.SymbolFlags.Value) === 0 };
  });
}
