import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Block, blocksOf, examplesOf, pages, read, root, sources } from './pages.ts';
import { writeRecipes } from './recipes.ts';

// Of this run alone: two runs in one tree must not empty each other's folder.
const project = `${root}.cache/docs-${process.pid}`;
// The blocks of a recipe are files of one app.
const single = pages.filter((page) => !page.startsWith('docs/recipes/'));
const blocks = [...single.flatMap(blocksOf), ...sources.flatMap(examplesOf)];
const fileOf = ({ at }: Block) => `${at.replaceAll('/', '-').replace(':', '-line-')}.ts`;

/** What a compiler says about all examples; nothing, when it has no complaint. */
const compile = (compiler: string): Promise<string> =>
  new Promise((resolve) => {
    const tsc = `${root}node_modules/${compiler}/bin/tsc`;
    execFile(process.execPath, [tsc, '-p', project, '--pretty', 'false'], (error, stdout, stderr) =>
      resolve(`${stdout}${stderr}` || (error?.message ?? '')),
    );
  });

/** `npm run types` compiles the library with both; `npm run test:package` the examples, too. */
const compilers = process.env.THOROUGH === '1' ? ['typescript', 'typescript-5.9'] : ['typescript'];

describe('examples in the docs and in JSDoc', () => {
  let complaints: Promise<string>[] = [];
  let recipes: ReturnType<typeof writeRecipes>;

  beforeAll(() => {
    recipes = writeRecipes('compiled');
    mkdirSync(project, { recursive: true });
    const names = Array.from(
      read('test/docs/setting.ts').matchAll(/^export (?:declare )?const (\w+)/gm),
      ([, name]) => name,
    );
    const globals = [...names, 'z', 'cached', 'invalidates'].map((name) => `const ${name}: typeof setting.${name};`);
    writeFileSync(
      `${project}/globals.d.ts`,
      `import type * as setting from '../../test/docs/setting.ts';\ndeclare global {\n${globals.join('\n')}\ntype AppRouter = setting.AppRouter;\n}\n`,
    );
    writeFileSync(
      `${project}/tsconfig.json`,
      JSON.stringify({
        extends: '../../tsconfig.json',
        compilerOptions: {
          moduleDetection: 'force',
          jsx: 'react-jsx',
          paths: {
            'trpc-cached': ['../../src/index.ts'],
            'trpc-cached/cdn': ['../../src/cdn/index.ts'],
            'trpc-cached/client': ['../../src/client/index.ts'],
            'trpc-cached/inspector': ['../../src/inspector/index.ts'],
            'trpc-cached/keyv': ['../../src/stores/kv.ts'],
            'trpc-cached/node': ['../../src/node/index.ts'],
            'trpc-cached/opentelemetry': ['../../src/opentelemetry/index.ts'],
            'trpc-cached/redis': ['../../src/stores/redis.ts'],
            'trpc-cached/testing': ['../../src/testing/index.ts'],
            'trpc-cached/upstash': ['../../src/stores/upstash.ts'],
            '@opentelemetry/api': ['../../test/parts/otel/node_modules/@opentelemetry/api/build/src/index.d.ts'],
            pino: ['../../test/parts/otel/node_modules/pino/pino.d.ts'],
            keyv: ['../../test/parts/keyv/node_modules/keyv/dist/index.d.ts'],
            '@keyv/dynamo': ['../../test/parts/keyv/node_modules/@keyv/dynamo/dist/index.d.ts'],
            '@keyv/memcache': ['../../test/parts/keyv/node_modules/@keyv/memcache/dist/index.d.ts'],
          },
        },
        include: ['.', recipes.folder],
      }),
    );
    for (const block of blocks) writeFileSync(`${project}/${fileOf(block)}`, block.code);
    complaints = compilers.map(compile);
  });

  afterAll(async () => {
    await Promise.all(complaints);
    rmSync(project, { recursive: true, force: true });
    recipes.remove();
  });

  it('are found', () => {
    expect(blocks.filter(({ at }) => at.startsWith('README.md')).length).toBeGreaterThan(2);
    expect(blocks.filter(({ at }) => at.startsWith('docs/')).length).toBeGreaterThan(20);
    expect(blocks.filter(({ at }) => at.startsWith('src/')).length).toBeGreaterThan(10);
    expect(new Set(blocks.map(fileOf)).size).toBe(blocks.length);
  });

  it.each(compilers)(
    'compile with %s',
    async (compiler) => {
      expect(await complaints[compilers.indexOf(compiler)]).toBe('');
    },
    60_000,
  );
});
