import ts from 'typescript-5.9';
import { type Doc, docOf, type Exported, exportsOf } from './declarations.ts';
import { read } from './pages.ts';

/** A page of the API reference. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

interface Entry {
  readonly specifier: string;
  readonly page: string;
  readonly exports: readonly Exported[];
}

/** The entry points of the package, each with what it exports. */
function entries(): Entry[] {
  const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, string | { default: string }> };
  return Object.entries(exports).flatMap(([name, to]) => {
    if (typeof to === 'string') return [];
    const specifier = `trpc-cached${name.slice(1)}`;
    const file = to.default.replace('./dist/', '').replace(/\.js$/, '.ts');
    return [{ specifier, page: `${specifier.split('/').at(-1)}.md`, exports: exportsOf(file) }];
  });
}

// Not `ts`: the examples are compiled where they stand, in the source.
const block = (code: string): string => `\`\`\`typescript\n${code.trim()}\n\`\`\``;
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
const cell = (text: string): string => oneLine(text).replaceAll('|', '\\|');
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');

const printer = ts.createPrinter({ removeComments: true });
const code = (node: ts.Node): string =>
  printer
    .printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
    .trim()
    .replace(/(?<=\[) | (?=\])/g, '')
    .replace(/^(?: {4})+/gm, (indent) => ' '.repeat(indent.length / 2));

type Signature = Pick<ts.FunctionDeclaration, 'typeParameters' | 'parameters' | 'type'>;
const signature = (name: string, { typeParameters, parameters, type }: Signature, gives = ': '): string => {
  const generic = typeParameters === undefined ? '' : `<${typeParameters.map(code).join(', ')}>`;
  const result = `${gives}${type === undefined ? 'void' : code(type)}`;
  const short = `${name}${generic}(${parameters.map(code).join(', ')})${result}`;
  if (short.length <= 110 && !short.includes('\n')) return short;
  const lines = parameters.map((one) => `  ${code(one).replaceAll('\n', '\n  ')},\n`);
  return `${name}${generic}(\n${lines.join('')})${result}`;
};

const behind = ({ throws, examples }: Doc): string[] => [
  ...throws.map(
    (text) => `Throws ${oneLine(text.replace(/^CacheError/, '`CacheError`').replace(/^Error/, '`Error`'))}`,
  ),
  ...examples.map(block),
];

type Member = ts.PropertySignature | ts.MethodSignature | ts.PropertyDeclaration;
const isMember = (node: ts.Node): node is Member =>
  ts.isPropertySignature(node) || ts.isMethodSignature(node) || ts.isPropertyDeclaration(node);
/** There to be forbidden, or known from the class above. */
const isForbidden = (node: Member): boolean =>
  node.type?.kind === ts.SyntaxKind.NeverKeyword ||
  (ts.isPropertyDeclaration(node) &&
    node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.OverrideKeyword) === true);
const isFunction = (node: Member): boolean =>
  ts.isMethodSignature(node) || (node.type !== undefined && ts.isFunctionTypeNode(node.type));

const typeOf = (node: Member): string => {
  if (ts.isMethodSignature(node)) return signature('', node, ' => ');
  return node.type === undefined ? '' : code(node.type);
};

const row = (node: Member): string => {
  const { text, byDefault } = docOf(node);
  const name = `\`${node.name.getText()}${node.questionToken === undefined ? '' : '?'}\``;
  const meaning = byDefault === undefined ? text : `${text.replace(/\.?$/, '.')} Default: ${byDefault}`;
  return `| ${name} | \`${cell(typeOf(node))}\` | ${cell(meaning)} |`;
};

/** Functions are told one by one; anything else is a table, with what does not fit into it below. */
function members(of: string, nodes: readonly Member[]): string[] {
  const shown = nodes.filter((node) => !isForbidden(node));
  if (shown.length > 1 && shown.filter(isFunction).length * 2 >= shown.length) {
    return shown.flatMap((node) => {
      const doc = docOf(node);
      const name = `${node.name.getText()}${node.questionToken === undefined ? '' : '?'}`;
      const made = ts.isMethodSignature(node)
        ? signature(name, node)
        : node.type !== undefined && ts.isFunctionTypeNode(node.type)
          ? signature(name, node.type)
          : `${name}: ${typeOf(node)}`;
      return [`### ${of}.${node.name.getText()}`, doc.text, block(made), ...behind(doc)];
    });
  }
  const table = ['| Name | Type | Meaning |', '| --- | --- | --- |', ...shown.map(row)].join('\n');
  const more = shown.flatMap((node) => {
    const parts = behind(docOf(node));
    return parts.length === 0 ? [] : [`\`${node.name.getText()}\`:`, ...parts];
  });
  return shown.length === 0 ? [] : [table, ...more];
}

function body({ name, nodes }: Exported): string[] {
  const [node] = nodes;
  if (node === undefined) return [];
  const more = behind(docOf(node));
  if (ts.isFunctionDeclaration(node)) {
    const made = nodes as readonly ts.FunctionDeclaration[];
    const overloads = made.length === 1 ? made : made.filter((one) => one.body === undefined);
    return [block(overloads.map((one) => signature(`function ${name}`, one)).join('\n')), ...more];
  }
  if (ts.isVariableDeclaration(node)) {
    const made = node.initializer;
    if (made !== undefined && ts.isArrowFunction(made)) return [block(signature(`function ${name}`, made)), ...more];
    return [block(`const ${name}${node.type === undefined ? '' : `: ${code(node.type)}`}`), ...more];
  }
  if (ts.isTypeAliasDeclaration(node)) return [block(code(node).replace(/^export /, '')), ...more];
  if (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) {
    const generic = node.typeParameters === undefined ? '' : `<${node.typeParameters.map(code).join(', ')}>`;
    const heritage = (node.heritageClauses ?? []).map((clause) => ` ${code(clause)}`).join('');
    const calls = node.members.filter(ts.isCallSignatureDeclaration).map((call) => `  ${signature('', call)};`);
    const head = `${ts.isClassDeclaration(node) ? 'class' : 'interface'} ${name}${generic}${heritage}`;
    const isBare = generic === '' && heritage === '' && calls.length === 0;
    return [
      ...(isBare ? [] : [block(calls.length === 0 ? head : `${head} {\n${calls.join('\n')}\n}`)]),
      ...more,
      ...members(name, (node.members as ts.NodeArray<ts.Node>).filter(isMember)),
    ];
  }
  throw new Error(`${name}: a declaration of this kind is not understood`);
}

/** The pages that the first line of a source file names. */
const toldIn = (file: string): string => {
  const first = read(`src/${file}`).split('\n')[0] ?? '';
  const links = Array.from(first.matchAll(/docs\/([\w-]+\.md)(#[\w-]+)?/g), ([, page = '', heading = '']) => {
    const title = /^# (.+)$/m.exec(read(`docs/${page}`))?.[1] ?? page;
    return `[${title}](../${page}${heading})`;
  });
  return links.length === 0 ? '' : `More: ${links.join(', ')}.`;
};

const isValue = ({ nodes: [node] }: Exported): boolean =>
  node !== undefined && !ts.isInterfaceDeclaration(node) && !ts.isTypeAliasDeclaration(node);
const summary = ({ nodes: [node] }: Exported): string =>
  node === undefined ? '' : oneLine(/^(?:`[^`]*`|[^`])*?\.(?=\s|$)|^[\s\S]*$/.exec(docOf(node).text)?.[0] ?? '');

/** Every page of the reference. What two entry points export is told on the page of the first. */
export function reference(): Page[] {
  const all = entries();
  const homes = new Map<ts.Node | undefined, Entry>();
  for (const entry of all) {
    for (const { nodes } of entry.exports) if (!homes.has(nodes[0])) homes.set(nodes[0], entry);
  }
  const homeOf = ({ nodes }: Exported) => homes.get(nodes[0]) as Entry;
  // `VirtualClock` and `virtualClock` would have one anchor.
  const headingOf = (one: Exported, { exports }: Entry) => {
    const twin = exports.find(({ name }) => name !== one.name && name.toLowerCase() === one.name.toLowerCase());
    return twin === undefined || isValue(one) ? one.name : `${one.name} (type)`;
  };
  const linkTo = (one: Exported, from?: Entry) => {
    const home = homeOf(one);
    return `[\`${one.name}\`](${home === from ? '' : home.page}#${anchor(headingOf(one, home))})`;
  };

  const pages = all.map((entry) => {
    // A name means what this entry point calls so, or else what the first one does.
    const known = new Map(
      [...all.flatMap(({ exports }) => exports).reverse(), ...entry.exports].map((one) => [one.name, one]),
    );
    const section = (one: Exported): string[] => {
      if (homeOf(one) !== entry)
        return [`## ${headingOf(one, entry)}`, `As ${linkTo(one)} of \`${homeOf(one).specifier}\`.`];
      const doc = docOf(one.nodes[0] as ts.Node);
      const [declared, told] = [one.nodes[0] as ts.Node, body(one)];
      const typed = ts.isInterfaceDeclaration(declared) ? code(declared) : told.join('\n');
      const words = new Set(Array.from(typed.matchAll(/\b[A-Z]\w+\b/g), ([word]) => word));
      words.delete(one.name);
      const types = [...words].flatMap((word) => known.get(word) ?? []).map((type) => linkTo(type, entry));
      return [
        `## ${headingOf(one, entry)}`,
        doc.text,
        ...told,
        [types.length === 0 ? '' : `Types: ${types.join(', ')}.`, toldIn(one.file)].filter(Boolean).join(' '),
      ];
    };
    const [values, types] = [entry.exports.filter(isValue), entry.exports.filter((one) => !isValue(one))];
    const list = (title: string, of: readonly Exported[]) =>
      of.length === 0 ? [] : [`${title}: ${of.map((one) => linkTo(one, entry)).join(', ')}.`];
    const parts = [
      `# ${entry.specifier}`,
      ...list('Values', values),
      ...list('Types', types),
      ...[...values, ...types].flatMap(section),
    ];
    return { path: `docs/api/${entry.page}`, text: `${parts.filter((part) => part !== '').join('\n\n')}\n` };
  });

  const index = all.flatMap((entry) => [
    `## ${entry.specifier}`,
    [
      '| Export | What it is |',
      '| --- | --- |',
      ...entry.exports.filter(isValue).map((one) => `| ${linkTo(one)} | ${cell(summary(one))} |`),
    ].join('\n'),
    `[In full](${entry.page}), with ${entry.exports.filter((one) => !isValue(one)).length} types.`,
  ]);
  const intro = [
    '# API reference',
    'Every export of every entry point, as the JSDoc in `src` tells it; made by `npx vitest run test/docs/api.test.ts -u`. What it is all for is told in the [pages](../how-it-works.md) beside this folder, and in the [recipes](../recipes/README.md).',
  ];
  return [{ path: 'docs/api/README.md', text: `${[...intro, ...index].join('\n\n')}\n` }, ...pages];
}
