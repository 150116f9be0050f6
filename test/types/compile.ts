// One process per compiler: `node compile.ts <compiler> <tsconfig> …` prints, for each project, what is wrong with it.
import { createRequire } from 'node:module';
import { relative } from 'node:path';

const [compiler = '', ...projects] = process.argv.slice(2);
const ts = createRequire(import.meta.url)(compiler) as typeof import('typescript-5.9');

// Parsed once for all projects whose options read a file alike.
const parsed = new Map<string, ReturnType<typeof ts.createSourceFile>>();

for (const project of projects) {
  const { config } = ts.readConfigFile(project, ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, `${project}/..`);
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (fileName, language, ...rest) => {
    const format = typeof language === 'object' ? language.impliedNodeFormat : '';
    const key = `${fileName} ${format}`;
    const file = parsed.get(key) ?? getSourceFile(fileName, language, ...rest);
    if (file !== undefined) parsed.set(key, file);
    return file;
  };
  const program = ts.createProgram(fileNames, options, host);
  // Ours alone: the consumer and every declaration of the package that it reaches, but none of another package.
  const ours = program.getSourceFiles().filter(({ fileName }) => !fileName.includes('/node_modules/'));
  const diagnostics = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
      ...(file.isDeclarationFile ? [] : program.getDeclarationDiagnostics(file)),
    ]),
  ];
  const found = diagnostics.map(({ file, messageText, code }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, ' ');
    return `${file ? relative(process.cwd(), file.fileName) : ''}: TS${code}: ${text}`;
  });
  console.log(JSON.stringify({ project, files: ours.length, found }));
}
