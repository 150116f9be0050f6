import ts from 'typescript-5.9';
import { beforeAll, describe, expect, it } from 'vitest';
import { root } from '../package/source.ts';

const file = `${root}test/types/completions.ts`;

// What an editor has open: `/**/` is where the cursor stands.
const source = `
import { initTRPC, lazy } from '@trpc/server';
import { createCache } from '../../src/index.ts';

const t = initTRPC.create();
const input = <T>() => (value: unknown) => value as T;
const comments = t.router({
  list: t.procedure.input(input<{ postId: number; limit?: number }>()).query(() => ['one']),
  add: t.procedure.mutation(() => 1),
});
const post = t.router({
  byId: t.procedure.input(input<{ id: number }>()).query(() => ({ title: 'Hello' })),
  list: t.procedure.query(() => ['one']),
  rename: t.procedure.input(input<{ id: number }>()).mutation(() => 1),
  comments,
});
const user = t.mergeRouters(t.router({ byId: t.procedure.query(() => 'Ada') }), t.router({ me: t.procedure.query(() => 'Bob') }));
const appRouter = t.router({ post, user, late: lazy(async () => comments) });
const typed = createCache({ scope: 'public' }).for<typeof appRouter>();
typed.invalidate('/*target*/');
typed.invalidate({ path: '/*path*/', scope: 'ann' });
typed.invalidate({ path: 'post.comments.list', input: { /*input*/ } });
typed.peek({ path: '/*peek*/' });
typed.refresh({ path: 'post.byId', input: { /*refresh*/ } }, () => ({ title: '' }));
typed.explain('/*explain*/');
const peeked = await typed.peek({ path: 'post.byId', input: { id: 1 } });
peeked!.output./*output*/;
`;

const queries = ['late.list', 'post.byId', 'post.comments.list', 'post.list', 'user.byId', 'user.me'];
const patterns = ['*', '*.byId', '*.comments.list', '*.list', '*.me', 'late.*', 'post.*', 'post.comments.*', 'user.*'];

describe('an editor completes, for cache.for<AppRouter>(),', () => {
  let complete: (cursor: string) => string[];

  beforeAll(() => {
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts'], // what is missing of the DOM makes errors, and no other completions
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      types: [],
      noEmit: true,
      allowImportingTsExtensions: true,
    };
    const service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getScriptFileNames: () => [file],
      getScriptVersion: () => '1',
      getScriptSnapshot(name) {
        const text = name === file ? source : ts.sys.readFile(name);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => root,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (name) => name === file || ts.sys.fileExists(name),
      readFile: ts.sys.readFile,
      directoryExists: ts.sys.directoryExists,
    });
    complete = (cursor) => {
      const at = source.indexOf(`/*${cursor}*/`);
      const found = service.getCompletionsAtPosition(file, at, {});
      return (found?.entries ?? []).map(({ name }) => name).sort();
    };
  });

  it('paths of queries and patterns, in sub-routers, merged and lazy ones', () => {
    expect(complete('target')).toEqual([...queries, ...patterns].sort());
  });

  it('the same inside of a target that names more', () => {
    expect(complete('path')).toEqual([...queries, ...patterns].sort());
  });

  it.each(['peek', 'explain'])('paths of queries, in %s', (cursor) => {
    expect(complete(cursor)).toEqual(queries);
  });

  it('the members of an input', () => {
    expect(complete('input')).toEqual(['limit', 'postId']);
    expect(complete('refresh')).toEqual(['id']);
  });

  it('what a query answers', () => {
    expect(complete('output')).toEqual(['title']);
  });
});
